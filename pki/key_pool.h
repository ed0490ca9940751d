/*
 * A pool of RSA keys, each of which takes a good part of a second to find: a folder with
 * rsa2048-01.pem, rsa2048-02.pem, ..., filled as far as anybody has needed it. Each mint takes
 * them in this order, so that its entries all have keys of their own.
 */
#ifndef STAPLELAB_PKI_KEY_POOL_H
#define STAPLELAB_PKI_KEY_POOL_H

#include "harness/base/problem.h"
#include "pki/private_key.h"

/* Where a mint takes its RSA keys from. */
typedef struct {
    const char *folder; /* NULL: every key is made anew */
    unsigned taken;     /* how many keys this mint has had from it */
} key_pool;

/* Makes a key, or takes the pool's next one where it is an RSA key and there is a pool. The folder
 * is created (mode 0700) when it is missing, and so are keys (0600); mints may race for them: all
 * get the same ones. 0 with *out to be cleared, or -1 with *p and *out empty. */
int key_pool_make(key_pool *pool, pki_key_type type, private_key *out, problem *p);

#endif
