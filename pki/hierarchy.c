/* An issuer always stands before what it issues, so one pass over the entries is enough. */
#include "pki/hierarchy.h"

#include <stdlib.h>

#include "pki/certificate.h"

static int mint_entry(hierarchy *h, size_t i, key_pool *pool, mint_error *e)
{
    const entry *described = &h->described->entries[i];
    const minted *issuer = described->issuer == i ? NULL : &h->minted[described->issuer];
    minted *m = &h->minted[i];

    if (private_key_make(described->key, pool, &m->key, e) != 0) {
        return -1;
    }
    m->certificate = certificate_new(described, m->key.pkey, issuer ? issuer->certificate : NULL,
                                     issuer ? issuer->key.pkey : NULL, e);
    return m->certificate != NULL ? 0 : -1;
}

int hierarchy_mint(const description *d, key_pool *pool, hierarchy *out, mint_error *e)
{
    *out = (hierarchy){.described = d, .minted = calloc(d->count, sizeof(minted))};
    if (out->minted == NULL) {
        return mint_fail(e, "out of memory");
    }
    for (size_t i = 0; i < d->count; i++) {
        if (mint_entry(out, i, pool, e) != 0) {
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
