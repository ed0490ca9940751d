/*
 * The certificates that the responder speaks of: all of every manifest that pki-mint wrote, with
 * their keys, and those of which only the CA and a serial number are known (own_ca.h); and what is
 * to be said of each.
 */
#ifndef STAPLELAB_OCSP_STORE_H
#define STAPLELAB_OCSP_STORE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
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

/* The part of it that stays when everything is reset. */
typedef struct {
    ocsp_cert_status status;
    int reason;
    int64_t revocation_time;
} ocsp_standing;

/* Serials that a caller of the control API may make known. */
#define OCSP_SERIALS_SET_MAX 4096

struct ocsp_certificate {
    char *id;         /* of the manifest: "www"; NULL: only the serial is known, nothing of the rest
                       * but the issuer and what is said */
    char *issuer_id;  /* of a manifest */
    char *serial_hex; /* "1001" */
    octets serial;    /* the value of the INTEGER */
    octets der;
    octets subject;  /* DER of the Name */
    octets key_bits; /* what a KeyHash is made of: subjectPublicKey without its unused-bits octet */
    uint8_t (*name_hash)[HASH_OCTETS_MAX]; /* by hash_kind */
    uint8_t (*key_hash)[HASH_OCTETS_MAX];
    EVP_PKEY *key;
    size_t pki; /* which --pki or --ca it came from, from 0 */
    const ocsp_certificate
        *issuer;            /* itself for a root; NULL: not here, so nobody can ask for it */
    ocsp_standing standing; /* what is said by default */
    ocsp_certificate_state state;
    bool is_set; /* known since the control API has set it, until the next reset */
    /* A --ca also speaks of serials that are not in the store. */
    bool serves_any;
    ocsp_standing others;
};

typedef struct {
    ocsp_certificate **all;
    size_t count;
    size_t pkis;
    size_t nset;               /* those that the control API has made known */
    int64_t validity;          /* the default, seconds */
    ocsp_certificate *last_ca; /* of the --ca that came last */
} ocsp_store;

/* Loads FOLDER/manifest.json and all that it names, after what is there. 0, or -1 with *p that
 * names the file; *store stays usable (and to be freed). */
int ocsp_store_load(ocsp_store *store, const char *folder, problem *p);
void ocsp_store_free(ocsp_store *store);

/* The fields of an X.509 certificate that responses need; NULL where it cannot be read.  What is
 * new belongs to the store once it is added. */
ocsp_certificate *ocsp_certificate_new(X509 *x509);
void ocsp_store_add(ocsp_store *store, ocsp_certificate *certificate);

/* Makes a serial (normalised hex) known as one that `ca` has issued; good until it is forgotten. */
ocsp_certificate *ocsp_store_add_serial(ocsp_store *store, const ocsp_certificate *ca,
                                        const char *serial);

/* Forgets what the control API has made known: that serial, or all (NULL). */
void ocsp_store_forget(ocsp_store *store, const char *serial);

/* Says of each certificate what is said by default. */
void ocsp_store_reset(ocsp_store *store);

ocsp_certificate_state ocsp_store_default_state(const ocsp_store *store, ocsp_standing standing);

/* What is said to somebody who asks: of the certificate that was found, or where that is NULL of
 * one that `issuer` (NULL: nobody known) may have issued. */
ocsp_certificate_state ocsp_store_state(const ocsp_store *store, const ocsp_certificate *found,
                                        const ocsp_certificate *issuer);

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
