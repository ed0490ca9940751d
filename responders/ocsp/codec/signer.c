/* See signer.h. */
#include "responders/ocsp/codec/signer.h"

typedef struct {
    span algorithm;
    const EVP_MD *(*digest)(void); /* NULL where the scheme has its own (Ed25519) */
} scheme;

/* sha256WithRSAEncryption with its NULL parameters */
static const uint8_t rsa_sha256[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                     0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00};
static const uint8_t ecdsa_sha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                       0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t ecdsa_sha384[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                       0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};
static const uint8_t ed25519[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};

static scheme scheme_of(const EVP_PKEY *key)
{
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return (scheme){{rsa_sha256, sizeof(rsa_sha256)}, EVP_sha256};
    case EVP_PKEY_EC:
        if (EVP_PKEY_get_bits(key) > 256) {
            return (scheme){{ecdsa_sha384, sizeof(ecdsa_sha384)}, EVP_sha384};
        }
        return (scheme){{ecdsa_sha256, sizeof(ecdsa_sha256)}, EVP_sha256};
    case EVP_PKEY_ED25519:
        return (scheme){{ed25519, sizeof(ed25519)}, NULL};
    default:
        return (scheme){{NULL, 0}, NULL};
    }
}

span signer_algorithm(const EVP_PKEY *key)
{
    return scheme_of(key).algorithm;
}

bool signer_sign(EVP_PKEY *key, span data, octets *signature)
{
    bool ok = false;
    size_t length = (size_t)EVP_PKEY_get_size(key);
    scheme s = scheme_of(key);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL || s.algorithm.length == 0 ||
        EVP_DigestSignInit(context, NULL, s.digest ? s.digest() : NULL, NULL, key) != 1) {
        goto done;
    }
    uint8_t *out = octets_reserve(signature, length);
    if (EVP_DigestSign(context, out, &length, data.data, data.length) != 1) {
        goto done;
    }
    signature->length += length;
    ok = true;

done:
    EVP_MD_CTX_free(context);
    return ok;
}
