/*
 * What to mint: a certificate hierarchy, read from JSON and checked as a whole before any key or
 * file is made.
 *
 *   {"name": "standard",
 *    "authorities": [{"id", "issuer" (absent: self-signed), "subject"}, ...],
 *    "signers":     [{"id", "issuer", "subject", "eku", "ocsp_nocheck"}, ...],
 *    "leaves":      [{"id", "issuer", "names", "must_staple"}, ...]}
 *
 * Every one of them may also have "key", "serial", "not_before", "not_after", "ocsp_urls" and
 * "ca_issuers_urls"; an authority has instead of "key" perhaps "key_of", for a certificate more of
 * one that stands before it (another issuer has cross-signed it, say). An issuer is an authority
 * that stands before the one that names it, so there is an order to mint in and no circle.
 */
#ifndef STAPLELAB_PKI_DESCRIPTION_H
#define STAPLELAB_PKI_DESCRIPTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/problem.h"
#include "pki/values.h"

typedef enum { PKI_AUTHORITY, PKI_SIGNER, PKI_LEAF } pki_role;
typedef enum { PKI_KEY_P256, PKI_KEY_RSA2048, PKI_KEY_ED25519 } pki_key_type;
typedef enum {
    PKI_EKU_OCSP_SIGNING,
    PKI_EKU_SERVER_AUTH,
    PKI_EKU_CLIENT_AUTH,
    PKI_EKU_NONE
} pki_eku;

/* The words of the description and of the manifest, by the values above; each ends with NULL. */
extern const char *const pki_role_words[];
extern const char *const pki_key_words[];
extern const char *const pki_eku_words[];

/* One certificate to mint. Strings and arrays belong to the description. */
typedef struct {
    pki_role role;
    const char *id;
    size_t issuer;       /* index in the description; its own for a self-signed authority */
    const char *subject; /* the common name */
    pki_key_type key;
    size_t key_of; /* index of whose key it has, which stands before it; its own for a key of its
                      own */
    char
        serial[VALUES_SERIAL_SIZE]; /* lower-case hexadecimal, no leading zeros; unique by issuer */
    int64_t not_before, not_after;  /* Unix seconds, 1950 to 9999 */
    const json_t *names;            /* dNSNames, an array of strings; NULL unless a leaf */
    const json_t *ocsp_urls, *ca_issuers_urls; /* arrays of strings, NULL for none */
    pki_eku eku;
    bool must_staple, ocsp_nocheck;
} pki_entry;

typedef struct {
    const char *name;
    int64_t now;
    pki_entry *entries; /* authorities, then signers, then leaves, each in its order */
    size_t count;
    json_t *json; /* what the strings above live in */
} description;

/* Checks `json` (borrowed) with the ${NAME} of the object `settings` replaced and the times
 * relative to `now` (Unix seconds). 0 with *out to be freed, or -1 with *p (status 400). */
int description_new(const json_t *json, const json_t *settings, int64_t now, description **out,
                    problem *p);
void description_free(description *d);

#endif
