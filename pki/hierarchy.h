/*
 * Every key and certificate of a description, in memory: nothing is written before all of them
 * are there.
 */
#ifndef STAPLELAB_PKI_HIERARCHY_H
#define STAPLELAB_PKI_HIERARCHY_H

#include <openssl/x509.h>

#include "harness/base/problem.h"
#include "pki/description.h"
#include "pki/key_pool.h"

typedef struct {
    X509 *certificate;
    private_key key;
} hierarchy_minted;

typedef struct {
    const description *described; /* borrowed: must outlive this */
    hierarchy_minted *minted;     /* one for each entry, same index */
} hierarchy;

/* Mints all entries, with RSA keys from `pool`. 0 with *out to be cleared, or -1 with *p and *out
 * empty. */
int hierarchy_mint(const description *d, key_pool *pool, hierarchy *out, problem *p);
void hierarchy_clear(hierarchy *h);

#endif
