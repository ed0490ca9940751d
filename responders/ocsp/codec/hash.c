/* See hash.h. */
#include "responders/ocsp/codec/hash.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/ocsp/codec/der.h"

static const uint8_t oid_sha1[] = {0x2b, 0x0e, 0x03, 0x02, 0x1a};
static const uint8_t oid_sha256[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
static const uint8_t oid_sha384[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02};
static const uint8_t oid_sha512[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03};

static const hash_function functions[HASH_KINDS] = {
    [HASH_SHA1] = {"sha1", 20, {oid_sha1, sizeof(oid_sha1)}},
    [HASH_SHA256] = {"sha256", 32, {oid_sha256, sizeof(oid_sha256)}},
    [HASH_SHA384] = {"sha384", 48, {oid_sha384, sizeof(oid_sha384)}},
    [HASH_SHA512] = {"sha512", 64, {oid_sha512, sizeof(oid_sha512)}},
};

const hash_function *hash_function_of(hash_kind kind)
{
    return &functions[kind];
}

hash_kind hash_kind_by_oid(span oid)
{
    for (int i = 0; i < HASH_KINDS; i++) {
        span known = functions[i].oid;
        if (known.length == oid.length && memcmp(known.data, oid.data, oid.length) == 0) {
            return (hash_kind)i;
        }
    }
    return HASH_OTHER;
}

void hash_put_algorithm(octets *out, hash_kind kind)
{
    span oid = hash_function_of(kind)->oid;
    size_t algorithm = der_open(out, DER_SEQUENCE);
    der_put(out, DER_OID, oid.data, oid.length);
    der_put(out, DER_NULL, NULL, 0);
    der_close(out, algorithm);
}

void hash_sha256_hex(span data, char hex[HASH_SHA256_HEX])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    if (EVP_Digest(data.data, data.length, digest, &length, EVP_sha256(), NULL) != 1) {
        memory_exhausted();
    }
    for (unsigned i = 0; i < length; i++) {
        snprintf(hex + (size_t)2 * i, 3, "%02x", digest[i]);
    }
}
