/* The hash functions that a CertID may use (RFC 6960, 4.1.1), and a digest to compare octets by. */
#ifndef STAPLELAB_OCSP_CODEC_HASH_H
#define STAPLELAB_OCSP_CODEC_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"

typedef enum {
    HASH_SHA1,
    HASH_SHA256,
    HASH_SHA384,
    HASH_SHA512,
    HASH_OTHER, /* an object identifier that we do not know */
} hash_kind;

#define HASH_KINDS      4
#define HASH_OCTETS_MAX 64

typedef struct {
    const char *name; /* "sha1": as OpenSSL and our parameters write it */
    size_t octets;
    span oid; /* the value of the OBJECT IDENTIFIER */
} hash_function;

/* The hash function of that kind; not for HASH_OTHER. */
const hash_function *hash_function_of(hash_kind kind);

/* The kind of an OBJECT IDENTIFIER's value, else HASH_OTHER. */
hash_kind hash_kind_by_oid(span oid);

/* Appends the AlgorithmIdentifier of that hash function, with the NULL parameters that
 * OpenSSL and most responders write. */
void hash_put_algorithm(octets *out, hash_kind kind);

#define HASH_SHA256_HEX 65 /* 64 digits and the NUL */

/* Writes the SHA-256 of `data` in small hexadecimal digits. */
void hash_sha256_hex(span data, char hex[HASH_SHA256_HEX]);

#endif
