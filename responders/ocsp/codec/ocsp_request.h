/*
 * OCSPRequest (RFC 6960, 4.1): our own parser, bounded and strict, because it reads
 * whatever a broken client sends.
 *
 * What it accepts: DER only; version 1; any requestorName, extensions and signature, which
 * are checked for their outer form alone; the nonce of RFC 9654 with 1 to 128 octets.  Of critical
 * extensions it understands the nonce, and a list of acceptable responses that has the basic one.
 */
#ifndef STAPLELAB_OCSP_CODEC_OCSP_REQUEST_H
#define STAPLELAB_OCSP_CODEC_OCSP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/octets.h"
#include "harness/base/problem.h"
#include "responders/ocsp/codec/cert_id.h"

#define OCSP_REQUEST_CERTS_MAX  64
#define OCSP_REQUEST_OCTETS_MAX 65536

typedef struct {
    cert_id certs[OCSP_REQUEST_CERTS_MAX];
    size_t ncerts; /* at least 1 */
    bool has_nonce;
    span nonce; /* without the OCTET STRING around it */
} ocsp_request;

/* Parses exactly `der`; the spans of *out point into it.  0, or -1 with what is wrong in *p (the
 * response is malformedRequest), and then *out says nothing. */
int ocsp_request_parse(span der, ocsp_request *out, problem *p);

#endif
