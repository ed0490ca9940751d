/*
 * The files of the key pool, which keys.h describes.
 */
#ifndef STAPLELAB_PKI_KEY_POOL_H
#define STAPLELAB_PKI_KEY_POOL_H

#include "pki/keys.h"

/* Takes the pool's next RSA key, which is made and kept there when it is missing. 0, or -1 with
 * *e and *out empty. */
int key_pool_take(key_pool *pool, private_key *out, mint_error *e);

/* Makes a key of that type anew. 0, or -1 with *e and *out empty. */
int private_key_generate(key_type type, private_key *out, mint_error *e);

#endif
