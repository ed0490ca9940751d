/*
 * Private keys: P-256 (RFC 5480), RSA-2048 (RFC 8017), Ed25519 (RFC 8410).
 */
#ifndef STAPLELAB_PKI_PRIVATE_KEY_H
#define STAPLELAB_PKI_PRIVATE_KEY_H

#include <openssl/evp.h>

#include "harness/base/problem.h"
#include "pki/description.h"

typedef struct {
    EVP_PKEY *pkey;
    char *pem; /* PKCS #8 (RFC 5958) in PEM (RFC 7468), with a NUL; from the pool, its very text */
} private_key;

/* Makes a key of that type. 0 with *out to be cleared, or -1 with *p and *out empty. */
int private_key_generate(pki_key_type type, private_key *out, problem *p);

/* Makes *out the same key; both are to be cleared. */
void private_key_share(const private_key *key, private_key *out);

/* Frees what is in *key and empties it. */
void private_key_clear(private_key *key);

#endif
