/* An issuer always stands before what it issues, so one pass over the entries is enough. */
#include "pki/hierarchy.h"

#include <stdlib.h>

#include "harness/base/memory.h"
#include "pki/certificate.h"

static int mint_entry(hierarchy *h, size_t i, key_pool *pool, problem *p)
{
    const pki_entry *described = &h->described->entries[i];
    const hierarchy_minted *issuer = described->issuer == i ? NULL : &h->minted[described->issuer];
    hierarchy_minted *m = &h->minted[i];

    if (described->key_of != i) {
        private_key_share(&h->minted[described->key_of].key, &m->key);
    } else if (key_pool_make(pool, described->key, &m->key, p) != 0) {
        return -1;
    }
    return certificate_new(described, m->key.pkey, issuer ? issuer->certificate : NULL,
                           issuer ? issuer->key.pkey : NULL, &m->certificate, p);
}

int hierarchy_mint(const description *d, key_pool *pool, hierarchy *out, problem *p)
{
    *out = (hierarchy){.described = d, .minted = memory_array(d->count, sizeof(*out->minted))};
    for (size_t i = 0; i < d->count; i++) {
        if (mint_entry(out, i, pool, p) != 0) {
            hierarchy_clear(out);
            return -1;
        }
    }
    return 0;
}

void hierarchy_clear(hierarchy *h)
{
    for (size_t i = 0; h->minted != NULL && i < h->described->count; i++) {
        X509_free(h->minted[i].certificate);
        private_key_clear(&h->minted[i].key);
    }
    free(h->minted);
    *h = (hierarchy){0};
}
