/*
 * The certificates that the responder answers for: all of every manifest that pki-mint
 * wrote, with their keys, and the state that the control API has given them.
 */
#ifndef STAPLELAB_OCSP_CERTIFICATES_H
#define STAPLELAB_OCSP_CERTIFICATES_H

#include <jansson.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"
#include "harness/base/problem.h"
#include "responders/ocsp/codec/cert_id.h"

typedef enum { CERT_GOOD, CERT_REVOKED, CERT_UNKNOWN } cert_status;

typedef struct certificate certificate;

/* What the responder says about a certificate, as PUT /v1/certificates/SERIAL sets it. */
typedef struct {
    cert_status status;
    int reason; /* CRLReason, -1: none */
    int64_t revocation_time;
    bool has_validity;         /* false: no nextUpdate */
    int64_t validity;          /* nextUpdate = now + validity, seconds */
    int64_t this_update;       /* thisUpdate = now + this_update, seconds */
    const certificate *signer; /* NULL: the issuer */
} certificate_state;

struct certificate {
    char *id; /* of the manifest: "www" */
    char *issuer_id;
    char *serial_hex; /* "1001" */
    octets serial;    /* the value of the INTEGER */
    octets der;
    octets subject;  /* DER of the Name */
    octets key_bits; /* what a KeyHash is made of: subjectPublicKey without its unused-bits octet */
    uint8_t name_hash[HASH_KINDS][HASH_OCTETS_MAX];
    uint8_t key_hash[HASH_KINDS][HASH_OCTETS_MAX];
    EVP_PKEY *key;
    size_t pki;                /* which --pki it came from, from 0 */
    const certificate *issuer; /* itself for a root */
    certificate_state state;
};

typedef struct {
    certificate **all;
    size_t count;
    size_t pkis;
    int64_t validity; /* the default, seconds */
} certificates;

/* Loads DIR/manifest.json and all that it names, behind what is there. 0, or -1 with *p
 * naming the file; *c stays usable (and to be freed). */
int certificates_load(certificates *c, const char *folder, problem *p);
void certificates_free(certificates *c);

span certificate_name_hash(const certificate *c, hash_kind kind);
span certificate_key_hash(const certificate *c, hash_kind kind);

/* The certificate that a CertID names, or NULL. *issuer is the authority that it names,
 * whether or not that has issued the serial; NULL when we know no such authority. */
const certificate *certificates_find(const certificates *c, const cert_id *id,
                                     const certificate **issuer);

/* The certificate of that id: of the PKI `near` if it has one, else of the first that has. */
const certificate *certificates_by_id(const certificates *c, const char *id,
                                      const certificate *near);

/* Forgets all that the control API has set. */
void certificates_reset(certificates *c);

/*
 * The resource /v1/certificates/SERIAL. `serial` is normalised hex. Each returns a new
 * object, or NULL with *p (404: no certificate has that serial). A member that is not given
 * has its default; `now` is the default revocation_time.
 */
json_t *certificates_get(const certificates *c, const char *serial, problem *p);
json_t *certificates_put(certificates *c, const char *serial, json_t *body, int64_t now,
                         problem *p);
json_t *certificates_delete(certificates *c, const char *serial, problem *p);

/* All of them, as a new array in the form of certificates_get. */
json_t *certificates_list(const certificates *c);

/* "good", "revoked", "unknown" */
const char *cert_status_name(cert_status status);

#endif
