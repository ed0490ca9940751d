/* See private_key.h. */
#include "pki/private_key.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "pki/crypto_problem.h"

static EVP_PKEY *generate(pki_key_type type)
{
    switch (type) {
    case PKI_KEY_P256:
        return EVP_EC_gen("P-256");
    case PKI_KEY_RSA2048:
        return EVP_RSA_gen(2048);
    case PKI_KEY_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    }
    return NULL;
}

int private_key_generate(pki_key_type type, private_key *out, problem *p)
{
    char *data;
    *out = (private_key){.pkey = generate(type)};
    if (out->pkey == NULL) {
        return crypto_problem_fail(p, "making a key");
    }

    BIO *bio = memory_made(BIO_new(BIO_s_secmem()));
    if (PEM_write_bio_PKCS8PrivateKey(bio, out->pkey, NULL, NULL, 0, NULL, NULL) != 1) {
        BIO_free(bio);
        private_key_clear(out);
        return crypto_problem_fail(p, "writing a key as PEM");
    }
    long size = BIO_get_mem_data(bio, &data);
    out->pem = memory_text_of(data, (size_t)size);
    BIO_free(bio);
    return 0;
}

void private_key_share(const private_key *key, private_key *out)
{
    EVP_PKEY_up_ref(key->pkey);
    *out = (private_key){.pkey = key->pkey, .pem = memory_text(key->pem)};
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
