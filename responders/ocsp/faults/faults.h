/*
 * The primitives of OCSP and HTTP, by family.
 *
 * What they work on: of STAGE_MODEL an ocsp_response, of STAGE_ENCODED the octets of its DER, of
 * STAGE_MESSAGE an http_response; what they may look at besides is an ocsp_fault_context.  The
 * primitives of connections are those of responders/net/primitives.h.
 *
 * To add a primitive: write it in the file of its family, declare it here, name it in catalogue.c.
 */
#ifndef STAPLELAB_OCSP_FAULTS_H
#define STAPLELAB_OCSP_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "responders/engine/primitive.h"
#include "responders/ocsp/store.h"

typedef struct {
    int64_t now; /* Unix seconds */
    const ocsp_store *store;
    bool shaped; /* at STAGE_MESSAGE: an earlier stage has changed the response in the body */
} ocsp_fault_context;

/* How far a rule may move a time: a hundred years. */
#define OCSP_FAULT_SECONDS_MAX INT64_C(3153600000)

/* envelope.c: the OCSPResponse as a whole. */
extern const primitive ocsp_fault_response_status; /* "response-status" status */
extern const primitive ocsp_fault_der_replace;     /* "der-replace" length, seed */
extern const primitive ocsp_fault_der_cut;         /* "der-cut" at */
extern const primitive ocsp_fault_der_append;      /* "der-append" octets, fill */

/* single.c: what is said, and of which certificate. */
extern const primitive ocsp_fault_single_status; /* "cert-status" status, reason, revocation_time */
extern const primitive ocsp_fault_single_serial; /* "single-serial" serial */
extern const primitive ocsp_fault_issuer_name_hash; /* "issuer-name-hash" */
extern const primitive ocsp_fault_issuer_key_hash;  /* "issuer-key-hash" */
extern const primitive ocsp_fault_cert_id_hash;     /* "cert-id-hash" alg */

/* window.c: when it is true. */
extern const primitive ocsp_fault_this_update;        /* "this-update" offset */
extern const primitive ocsp_fault_expired;            /* "expired" offset */
extern const primitive ocsp_fault_no_next_update;     /* "no-next-update" */
extern const primitive ocsp_fault_next_update_before; /* "next-update-before" offset */
extern const primitive ocsp_fault_validity;           /* "validity" seconds */

/* signing.c: who says it. */
extern const primitive ocsp_fault_signer;       /* "signer" signer, embedded, form */
extern const primitive ocsp_fault_responder_id; /* "responder-id" form */
extern const primitive ocsp_fault_signature;    /* "signature" octet */

/* http_status.c: another HTTP response. */
extern const primitive ocsp_fault_http_status;   /* "http-status" code, content_type */
extern const primitive ocsp_fault_http_location; /* "http-location" target */
extern const primitive ocsp_fault_http_page;     /* "http-page" */
extern const primitive ocsp_fault_http_raw;      /* "http-raw" octets */

/* http_framing.c: headers and framing that lie or overdo it. */
extern const primitive ocsp_fault_content_type;    /* "content-type" value */
extern const primitive ocsp_fault_content_length;  /* "content-length" direction, n */
extern const primitive ocsp_fault_chunked;         /* "chunked" chunks */
extern const primitive ocsp_fault_http_connection; /* "http-connection" value */
extern const primitive ocsp_fault_header_padding;  /* "header-padding" octets */
extern const primitive ocsp_fault_body_padding;    /* "body-padding" octets */

#endif
