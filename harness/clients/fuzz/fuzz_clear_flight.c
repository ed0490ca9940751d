/*
 * The reader of a server's flight in the clear, and of the key exchange in it. The first octet says
 * how long the pieces are that it comes in, and whether the exchange is on a curve.
 */
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdint.h>
#include <stdlib.h>

#include "harness/clients/clear_flight.h"
#include "harness/clients/fuzz/corpus_certificates.h"
#include "harness/clients/key_exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static X509 *leaf, *issuer;

static X509 *read_certificate(const char *pem)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    X509 *certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);
    BIO_free(in);
    return certificate;
}

static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t random[32];
    if (leaf == NULL) {
        leaf = read_certificate(CORPUS_LEAF);
        issuer = read_certificate(CORPUS_ISSUER);
        must(leaf != NULL && issuer != NULL);
    }
    if (size == 0) {
        return 0;
    }
    clear_flight f = {0};
    size_t piece = (data[0] & 0x7f) + 1;
    for (size_t at = 1; at < size; at += piece) {
        clear_flight_feed(&f, (span){data + at, size - at < piece ? size - at : piece});
    }
    must(f.status.length == 0 || (f.large && f.status.length > CLEAR_FLIGHT_LIBSSL_MAX));
    must(f.status.length + f.key_exchange.length <= size);
    key_exchange k = {.client_random = {random, 32},
                      .server_random = {random, 32},
                      .on_curve = data[0] > 0x7f,
                      .body = octets_span(&f.key_exchange)};
    must(!key_exchange_proves(&k, leaf) || !key_exchange_proves(&k, issuer));
    clear_flight_free(&f);
    return 0;
}
