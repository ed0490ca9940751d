/*
 * The certificates that the responder speaks of: all of every manifest that pki-mint wrote, with
 * their keys, and what is to be said of each.
 */
#ifndef STAPLELAB_OCSP_STORE_H
#define STAPLELAB_OCSP_STORE_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"
#include "harness/base/problem.h"
#include "responders/ocsp/codec/cert_id.h"

/* CertStatus (RFC 6960, 4.2.1). */
typedef enum { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN } ocsp_cert_status;

#define OCSP_NO_REASON (-1)

typedef struct ocsp_certificate ocsp_certificate;

/* What the responder says about a certificate. */
typedef struct {
    ocsp_cert_status status;
    int reason; /* CRLReason (RFC 5280, 5.3.1), or OCSP_NO_REASON */
    int64_t revocation_time;
    bool has_validity;              /* false: no nextUpdate */
    int64_t validity;               /* nextUpdate = now + validity, seconds */
    int64_t this_update;            /* thisUpdate = now + this_update, seconds */
    const ocsp_certificate *signer; /* NULL: the issuer */
} ocsp_certificate_state;

struct ocsp_certificate {
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
    size_t pki;                     /* which --pki it came from, from 0 */
    const ocsp_certificate *issuer; /* itself for a root */
    ocsp_certificate_state state;
};

typedef struct {
    ocsp_certificate **all;
    size_t count;
    size_t pkis;
    int64_t validity; /* the default, seconds */
} ocsp_store;

/* Loads FOLDER/manifest.json and all that it names, behind what is there. 0, or -1 with *p that
 * names the file; *store stays usable (and to be freed). */
int ocsp_store_load(ocsp_store *store, const char *folder, problem *p);
void ocsp_store_free(ocsp_store *store);

/* Says of each certificate what is said by default. */
void ocsp_store_reset(ocsp_store *store);

ocsp_certificate_state ocsp_store_default_state(const ocsp_store *store);

/* The certificate that a CertID names, or NULL. *issuer is the authority that it names,
 * whether or not that has issued the serial; NULL when we know no such authority. */
const ocsp_certificate *ocsp_store_find(const ocsp_store *store, const cert_id *id,
                                        const ocsp_certificate **issuer);

/* The certificate of that id: of the PKI of `near` if that has one, else of the first that has;
 * NULL when none has. */
const ocsp_certificate *ocsp_store_by_id(const ocsp_store *store, const char *id,
                                         const ocsp_certificate *near);

/* issuerNameHash and issuerKeyHash of what it has issued (RFC 6960, 4.1.1). */
span ocsp_certificate_name_hash(const ocsp_certificate *c, hash_kind kind);
span ocsp_certificate_key_hash(const ocsp_certificate *c, hash_kind kind);

/* "good", "revoked", "unknown": also the words of the control API and of rules, ended by NULL. */
extern const char *const ocsp_cert_status_names[];

#endif
