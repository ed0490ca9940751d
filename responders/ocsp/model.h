/*
 * One OCSP response before it is encoded (RFC 6960, 4.2): every field stands open, so that a
 * primitive of the stage "model" changes what it likes and the encoder writes it down.
 */
#ifndef STAPLELAB_OCSP_MODEL_H
#define STAPLELAB_OCSP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"
#include "responders/ocsp/store.h"

/* OCSPResponseStatus. */
enum {
    OCSP_SUCCESSFUL = 0,
    OCSP_MALFORMED_REQUEST = 1,
    OCSP_INTERNAL_ERROR = 2,
    OCSP_TRY_LATER = 3,
    OCSP_SIG_REQUIRED = 5,
    OCSP_UNAUTHORIZED = 6,
};

/* What is said of one certificate.  The octets are copies: a primitive may change them. */
typedef struct {
    octets algorithm; /* AlgorithmIdentifier */
    octets issuer_name_hash;
    octets issuer_key_hash;
    octets serial;                  /* the value of the INTEGER */
    const ocsp_certificate *issuer; /* NULL when unknown */
    ocsp_cert_status status;
    int reason;              /* CRLReason, or OCSP_NO_REASON */
    int64_t revocation_time; /* Unix seconds, as all times here */
    int64_t this_update;
    bool has_next_update;
    int64_t next_update;
} ocsp_single;

typedef enum { OCSP_BY_KEY, OCSP_BY_NAME } ocsp_responder_form;

typedef struct {
    int status; /* OCSPResponseStatus */
    bool has_bytes;
    ocsp_single *singles;
    size_t nsingles;
    int64_t produced_at;
    ocsp_responder_form responder_form;
    octets responder_id; /* the KeyHash, or the Name's DER */
    octets nonce;        /* empty: no nonce */
    const ocsp_certificate *signer;
    const ocsp_certificate *embedded; /* in certs; NULL: none */
} ocsp_response;

/* "successful", "tryLater", ..., "unassigned" */
const char *ocsp_response_status_name(int status);

void ocsp_response_free(ocsp_response *r);

/* Appends a SingleResponse of zeroes and returns it; good until the next is appended. */
ocsp_single *ocsp_response_add_single(ocsp_response *r);

/* Names another responder in the response: that certificate's key or subject. */
void ocsp_response_set_responder(ocsp_response *r, ocsp_responder_form form,
                                 const ocsp_certificate *c);

/* Makes `c` sign the response and be named in it by its key; its certificate goes along when
 * `embed`. */
void ocsp_response_set_signer(ocsp_response *r, const ocsp_certificate *c, bool embed);

#endif
