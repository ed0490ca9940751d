/* Making a key and writing it as PEM; key_pool.c keeps RSA keys between mints. */
#include "pki/keys.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "pki/key_pool.h"

static EVP_PKEY *generate(key_type type)
{
    switch (type) {
    case KEY_P256:
        return EVP_EC_gen("P-256");
    case KEY_RSA2048:
        return EVP_RSA_gen(2048);
    case KEY_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    }
    return NULL;
}

static char *to_pem(EVP_PKEY *pkey)
{
    char *pem = NULL;
    char *data;
    BIO *bio = BIO_new(BIO_s_secmem());
    if (bio == NULL || PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1) {
        goto done;
    }
    long size = BIO_get_mem_data(bio, &data);
    pem = strndup(data, (size_t)size);

done:
    BIO_free(bio);
    return pem;
}

int private_key_generate(key_type type, private_key *out, mint_error *e)
{
    *out = (private_key){.pkey = generate(type)};
    if (out->pkey == NULL) {
        return mint_fail_crypto(e, "making a key");
    }
    out->pem = to_pem(out->pkey);
    if (out->pem == NULL) {
        private_key_clear(out);
        return mint_fail_crypto(e, "writing a key as PEM");
    }
    return 0;
}

int private_key_make(key_type type, key_pool *pool, private_key *out, mint_error *e)
{
    if (type == KEY_RSA2048 && pool->folder != NULL) {
        return key_pool_take(pool, out, e);
    }
    return private_key_generate(type, out, e);
}

void private_key_clear(private_key *key)
{
    EVP_PKEY_free(key->pkey);
    if (key->pem != NULL) {
        OPENSSL_cleanse(key->pem, strlen(key->pem));
    }
    free(key->pem);
    *key = (private_key){0};
}
