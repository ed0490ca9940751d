/*
 * CertID (RFC 6960, 4.1.1): how a request names a certificate, and the hash functions it
 * may use for it.
 */
#ifndef STAPLELAB_OCSP_CERT_ID_H
#define STAPLELAB_OCSP_CERT_ID_H

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

/* The kind of a name ("sha256") or of an OBJECT IDENTIFIER's value, else HASH_OTHER. */
hash_kind hash_kind_by_name(const char *name);
hash_kind hash_kind_by_oid(span oid);

/* Appends the AlgorithmIdentifier of that hash function, with the NULL parameters that
 * OpenSSL and most responders write. */
void hash_put_algorithm(octets *out, hash_kind kind);

/* All spans point into the request that the CertID was read from. */
typedef struct {
    hash_kind hash;
    span algorithm; /* the whole AlgorithmIdentifier, so that it can be echoed as asked */
    span issuer_name_hash;
    span issuer_key_hash;
    span serial; /* the value of the INTEGER: big-endian, two's complement */
} cert_id;

/* Writes the serial as lower-case hex without leading zeros ("0" for zero), in a new
 * string; a negative one starts with "-". */
char *serial_to_hex(span serial);

/* Rewrites hex as people type it (upper case, "0x", colons, leading zeros) into the form
 * above, in a new string; NULL when it is not a number in hex. */
char *serial_normalise(const char *text);

/* Appends the value octets of a non-negative INTEGER given in normalised hex. */
void serial_from_hex(octets *out, const char *hex);

#endif
