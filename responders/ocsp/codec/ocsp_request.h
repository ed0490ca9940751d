/*
 * OCSPRequest (RFC 6960, 4.1): our own parser, bounded and strict, because it reads
 * whatever a broken client sends.
 *
 * What it accepts: DER only; version 1; any requestorName, extensions and signature, which
 * are checked for their outer form alone; the nonce of RFC 9654 with 1 to 128 octets.
 */
#ifndef STAPLELAB_OCSP_REQUEST_H
#define STAPLELAB_OCSP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/octets.h"
#include "responders/ocsp/codec/cert_id.h"

#define OCSP_REQUEST_CERTS_MAX  64
#define OCSP_REQUEST_OCTETS_MAX 65536

typedef struct {
    cert_id certs[OCSP_REQUEST_CERTS_MAX];
    size_t ncerts; /* at least 1 */
    bool has_nonce;
    span nonce; /* without the OCTET STRING around it */
} ocsp_request;

/* Parses exactly `der`; the spans of *out point into it.  Returns NULL, or what is wrong
 * with it as one static sentence (answer: malformedRequest). */
const char *ocsp_request_parse(span der, ocsp_request *out);

/* The OCSPRequest in the path of a GET (RFC 6960, A.1): base64, percent-encoded or not,
 * behind any prefix.  Appends the DER to *der and returns the length of the prefix, its
 * last slash included; returns -1 and leaves *der empty when nothing in the path is base64 of
 * a whole SEQUENCE. */
long ocsp_request_from_path(const char *path, octets *der);

#endif
