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

#include "harness/base/octets.h"
#include "harness/clients/certificate.h"

enum { STAPLE_NO_STATUS = -1 };

/* RFC 6960 4.2.1 CertStatus, numbered as its CHOICE is tagged */
typedef enum {
    STAPLE_CERT_GOOD = 0,
    STAPLE_CERT_REVOKED = 1,
    STAPLE_CERT_UNKNOWN = 2
} staple_cert_status;

/* One SingleResponse. Times are seconds since 1970, or CERTIFICATE_NO_TIME. */
typedef struct {
    char *serial;            /* as certificate_serial writes it */
    char hash_algorithm[64]; /* "sha1", "sha256", "sha3-256", ..., or the OID of one not known */
    bool hash_known;
    bool serial_matches; /* set by staple_match, and so is the next */
    bool matches_leaf;
    staple_cert_status status;
    int64_t revocation_time;
    int revocation_reason; /* CRLReason; -1 for none */
    int64_t this_update;
    int64_t next_update;
    const OCSP_CERTID *id; /* the staple's */
} staple_single;

typedef struct {
    size_t octets;
    size_t trailing_octets; /* after the OCSPResponse, or after the BasicOCSPResponse in it */
    unsigned char sha256[32];
    char defect[160];        /* what makes it unusable; "" when nothing does */
    int response_status;     /* OCSPResponseStatus, or STAPLE_NO_STATUS */
    bool bytes_beside_error; /* responseBytes, though the status is not successful */
    OCSP_BASICRESP *basic;   /* NULL when there is none; then nothing below is set */
    span tbs;                /* tbsResponseData as it was on the wire: what the signature covers */
    staple_single *singles;
    size_t nsingles;
    unsigned char *wire; /* a copy of the octets */
} staple;

/* Takes the octets `der` apart into *s, which the caller frees with staple_free; it keeps a copy.
 */
void staple_decode(span der, staple *s);

/* Sets matches_leaf: the CertID names the leaf's serial number and, hashed by the CertID's own
 * algorithm (any that libcrypto has), the name and the key of its issuer. */
void staple_match(staple *s, X509 *leaf, X509 *issuer);

void staple_free(staple *s);

/* "successful", "malformedRequest", ... (RFC 6960 4.2.1), "unassigned" for other values. */
const char *staple_response_status_name(int status);

/* "good", "revoked", "unknown" */
const char *staple_cert_status_name(staple_cert_status status);

#endif
