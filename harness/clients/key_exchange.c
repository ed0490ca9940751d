/*
 * Needed only where libssl cannot go on by itself.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "harness/base/memory.h"
#include "harness/clients/key_exchange.h"

enum { PADDING_NONE = 0, NAMED_CURVE = 3 };

/* SignatureScheme (RFC 8446 4.2.3), which has the numbers of RFC 5246 7.4.1.4.1, too. */
static const struct {
    unsigned number;
    int key;
    const char *hash; /* NULL: the key's own */
    int padding;
} SCHEMES[] = {
    {0x0201, EVP_PKEY_RSA, "SHA1", RSA_PKCS1_PADDING},
    {0x0401, EVP_PKEY_RSA, "SHA256", RSA_PKCS1_PADDING},
    {0x0501, EVP_PKEY_RSA, "SHA384", RSA_PKCS1_PADDING},
    {0x0601, EVP_PKEY_RSA, "SHA512", RSA_PKCS1_PADDING},
    {0x0804, EVP_PKEY_RSA, "SHA256", RSA_PKCS1_PSS_PADDING},
    {0x0805, EVP_PKEY_RSA, "SHA384", RSA_PKCS1_PSS_PADDING},
    {0x0806, EVP_PKEY_RSA, "SHA512", RSA_PKCS1_PSS_PADDING},
    {0x0203, EVP_PKEY_EC, "SHA1", PADDING_NONE},
    {0x0403, EVP_PKEY_EC, "SHA256", PADDING_NONE},
    {0x0503, EVP_PKEY_EC, "SHA384", PADDING_NONE},
    {0x0603, EVP_PKEY_EC, "SHA512", PADDING_NONE},
    {0x0807, EVP_PKEY_ED25519, NULL, PADDING_NONE},
    {0x0808, EVP_PKEY_ED448, NULL, PADDING_NONE},
};

/* Takes a vector with a length of `size` octets off *in. */
static bool skip_vector(span *in, size_t size)
{
    size_t length = 0;
    if (in->length < size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        length = length << 8 | in->data[i];
    }
    if (in->length - size < length) {
        return false;
    }
    in->data += size + length;
    in->length -= size + length;
    return true;
}

/* Takes the server's half of the key exchange off *in. */
static bool skip_parameters(span *in, bool on_curve)
{
    if (!on_curve) {
        return skip_vector(in, 2) && skip_vector(in, 2) && skip_vector(in, 2);
    }
    if (in->length < 3 || in->data[0] != NAMED_CURVE) {
        return false;
    }
    in->data += 3;
    in->length -= 3;
    return skip_vector(in, 1);
}

static bool is_made_by(EVP_PKEY *key, unsigned scheme, span message, span signature)
{
    for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++) {
        if (SCHEMES[i].number != scheme || SCHEMES[i].key != EVP_PKEY_get_base_id(key)) {
            continue;
        }
        EVP_PKEY_CTX *how;
        EVP_MD_CTX *context = memory_made(EVP_MD_CTX_new());
        bool good =
            EVP_DigestVerifyInit_ex(context, &how, SCHEMES[i].hash, NULL, NULL, key, NULL) == 1;
        if (good && SCHEMES[i].padding != PADDING_NONE) {
            good = EVP_PKEY_CTX_set_rsa_padding(how, SCHEMES[i].padding) == 1;
        }
        if (good && SCHEMES[i].padding == RSA_PKCS1_PSS_PADDING) {
            good = EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
        }
        good = good && EVP_DigestVerify(context, signature.data, signature.length, message.data,
                                        message.length) == 1;
        EVP_MD_CTX_free(context);
        return good;
    }
    return false;
}

bool key_exchange_proves(const key_exchange *k, X509 *leaf)
{
    EVP_PKEY *key = leaf == NULL ? NULL : X509_get0_pubkey(leaf);
    span rest = k->body;
    if (key == NULL || !skip_parameters(&rest, k->on_curve) || rest.length < 4) {
        return false;
    }
    span parameters = {k->body.data, k->body.length - rest.length};
    unsigned scheme = (unsigned)rest.data[0] << 8 | rest.data[1];
    size_t length = (size_t)rest.data[2] << 8 | rest.data[3];
    if (rest.length - 4 != length) {
        return false;
    }
    octets message = {0};
    octets_append_span(&message, k->client_random);
    octets_append_span(&message, k->server_random);
    octets_append_span(&message, parameters);
    bool good = is_made_by(key, scheme, octets_span(&message), (span){rest.data + 4, length});
    octets_free(&message);
    ERR_clear_error();
    return good;
}
