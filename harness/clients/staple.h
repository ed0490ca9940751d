/*
 * A staple taken apart: the facts that stand in its octets (RFC 6960 4.2.1), and the first
 * thing in it that makes it unusable. Nothing is judged here but its form.
 */
#ifndef STAPLELAB_STAPLE_H
#define STAPLELAB_STAPLE_H

#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/clients/certificate.h"
#include "harness/clients/der.h"

enum { STAPLE_NO_STATUS = -1 };

/* RFC 6960 4.2.1 CertStatus, numbered as its CHOICE is tagged */
typedef enum { CERT_STATUS_GOOD = 0, CERT_STATUS_REVOKED = 1, CERT_STATUS_UNKNOWN = 2 } cert_status;

/* One SingleResponse. Times are seconds since 1970, or NO_TIME. */
typedef struct {
    char *serial;            /* as certificate_serial writes it */
    char hash_algorithm[64]; /* "sha1", "sha256", "sha384", "sha512", or an OID */
    bool matches_leaf;       /* set by staple_match */
    cert_status status;
    int64_t revocation_time;
    int revocation_reason; /* CRLReason; -1 for none */
    int64_t this_update;
    int64_t next_update;
    const OCSP_CERTID *id; /* the staple's */
} single_response;

typedef struct {
    size_t octets;
    size_t trailing_octets; /* behind the OCSPResponse, or behind the BasicOCSPResponse in it */
    unsigned char sha256[32];
    char defect[160];      /* what makes it unusable; "" when nothing does */
    int response_status;   /* OCSPResponseStatus, or STAPLE_NO_STATUS */
    OCSP_BASICRESP *basic; /* NULL when there is none; then nothing below is set */
    octets tbs;            /* tbsResponseData as it was on the wire: what the signature covers */
    single_response *singles;
    size_t nsingles;
    unsigned char *wire; /* a copy of the octets */
} staple;

/* Takes `length` octets at `der` apart into *s, which the caller frees with staple_free whatever
 * happened. False when out of memory. */
bool staple_decode(const unsigned char *der, size_t length, staple *s);

/* Sets matches_leaf: the CertID names the leaf's serial number and, hashed by the CertID's own
 * algorithm (SHA-1, SHA-256, SHA-384, SHA-512), the name and the key of its issuer. */
void staple_match(staple *s, X509 *leaf, X509 *issuer);

void staple_free(staple *s);

/* "successful", "malformedRequest", ... (RFC 6960 4.2.1), "unassigned" for other values. */
const char *response_status_name(int status);

/* "good", "revoked", "unknown" */
const char *cert_status_name(cert_status status);

#endif
