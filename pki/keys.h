/*
 * Private keys: P-256 (RFC 5480), RSA-2048 (RFC 8017), Ed25519 (RFC 8410).
 *
 * An RSA key takes a good part of a second to find, so RSA keys can come from a pool: a folder
 * with rsa2048-01.pem, rsa2048-02.pem, ..., filled as far as anybody has needed it. Each mint
 * takes them in this order, so that its entries all have keys of their own.
 */
#ifndef STAPLELAB_PKI_KEYS_H
#define STAPLELAB_PKI_KEYS_H

#include <openssl/evp.h>

#include "pki/description.h"
#include "pki/mint_error.h"

typedef struct {
    EVP_PKEY *pkey;
    char *pem; /* PKCS #8 (RFC 5958) in PEM (RFC 7468), with a NUL; from the pool, its very text */
} private_key;

/* Where a mint takes its RSA keys from. */
typedef struct {
    const char *folder; /* NULL: every key is made anew */
    unsigned taken;     /* how many keys this mint has had from it */
} key_pool;

/* Makes a key, or takes the pool's next one. The folder is created (mode 0700) when it is
 * missing, and so are keys (0600); mints may race for them: all get the same ones. 0, or -1
 * with *e and *out empty. */
int private_key_make(key_type type, key_pool *pool, private_key *out, mint_error *e);

/* Frees what is in *key and empties it. */
void private_key_clear(private_key *key);

#endif
