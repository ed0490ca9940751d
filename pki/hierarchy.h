/*
 * Every key and certificate of a description, in memory: nothing is written before all of them
 * are there.
 */
#ifndef STAPLELAB_PKI_HIERARCHY_H
#define STAPLELAB_PKI_HIERARCHY_H

#include <openssl/x509.h>

#include "pki/description.h"
#include "pki/keys.h"
#include "pki/mint_error.h"

typedef struct {
    X509 *certificate;
    private_key key;
} minted;

typedef struct {
    const description *described; /* borrowed: must outlive this */
    minted *minted;               /* one for each entry, same index */
} hierarchy;

/* Mints all entries, with RSA keys from `pool`. 0 with *out to be cleared, or -1 with *e and *out
 * empty. */
int hierarchy_mint(const description *d, key_pool *pool, hierarchy *out, mint_error *e);
void hierarchy_clear(hierarchy *h);

#endif
