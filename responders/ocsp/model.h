/*
 * One OCSP answer before it is encoded (RFC 6960, 4.2): every field stands open, so that a
 * fault of the "ocsp" layer changes what it likes and the encoder writes it down.
 */
#ifndef STAPLELAB_OCSP_ANSWER_H
#define STAPLELAB_OCSP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"
#include "responders/ocsp/codec/cert_id.h"
#include "responders/ocsp/codec/ocsp_request.h"
#include "responders/ocsp/store.h"

/* OCSPResponseStatus. */
enum {
    RESPONSE_SUCCESSFUL = 0,
    RESPONSE_MALFORMED_REQUEST = 1,
    RESPONSE_INTERNAL_ERROR = 2,
    RESPONSE_TRY_LATER = 3,
    RESPONSE_SIG_REQUIRED = 5,
    RESPONSE_UNAUTHORIZED = 6,
};

/* What names the issuer and the certificate in one SingleResponse. The octets are copies:
 * a fault may change them in place. */
typedef struct {
    octets algorithm; /* AlgorithmIdentifier */
    octets issuer_name_hash;
    octets issuer_key_hash;
    octets serial;             /* the value of the INTEGER */
    const certificate *issuer; /* NULL when unknown */
    cert_status status;
    int reason;              /* CRLReason, -1: none */
    int64_t revocation_time; /* Unix seconds, as all times here */
    int64_t this_update;
    bool has_next_update;
    int64_t next_update;
} single_response;

typedef enum { RESPONDER_BY_KEY, RESPONDER_BY_NAME } responder_id_form;

typedef struct {
    int response_status;
    bool has_response_bytes;
    single_response singles[OCSP_REQUEST_CERTS_MAX];
    size_t nsingles;
    int64_t produced_at;
    responder_id_form responder_form;
    octets responder_id; /* the KeyHash, or the Name's DER */
    octets nonce;        /* empty: no nonce */
    const certificate *signer;
    const certificate *embedded; /* in certs; NULL: none */
    long corrupt_octet; /* the octet of the signature to invert (negative: from its end), if corrupt
                         */
    bool corrupt;
    /* What is done to the encoded octets, in this order. */
    octets replacement; /* sent instead of the encoding, when `replaced` */
    bool replaced;
    bool cut; /* keep the first cut_at octets; negative: the first half */
    long cut_at;
    octets trailing;        /* sent behind it */
    const char *impossible; /* set by a fault that cannot be done: why */
} answer;

/* The names of the statuses as the events and the control API write them. */
const char *response_status_name(int status);

void answer_free(answer *a);

/* Names another responder in the answer: that certificate's key or subject. */
void answer_set_responder(answer *a, responder_id_form form, const certificate *c);

/* Makes `c` sign the answer and be named in it by its key; its certificate goes along
 * when `embed`. */
void answer_set_signer(answer *a, const certificate *c, bool embed);

/* Makes the answer a bare error: no responseBytes (RFC 6960, 4.2.1). */
void answer_set_error(answer *a, int response_status);

/* Encodes and signs the answer and appends it to *der; false when signing failed. */
bool answer_encode(const answer *a, octets *der);

#endif
