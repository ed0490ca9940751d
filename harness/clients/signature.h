/*
 * What a signature is worth before it is checked: whether this libcrypto knows its algorithm, and
 * whether somebody else could have made it.
 */
#ifndef STAPLELAB_SIGNATURE_H
#define STAPLELAB_SIGNATURE_H

#include <openssl/x509.h>
#include <stdbool.h>

typedef struct {
    bool checkable; /* libcrypto has the algorithm, its hash function and the key's kind */
    bool weak;
    bool sha1;           /* it rests on SHA-1 */
    char objection[200]; /* why it is weak or cannot be checked; "" for neither */
} signature_worth;

/* A signature by `algorithm` that the key in `certificate` is said to have made; `certificate` may
 * be NULL: then the algorithm alone counts. Weak are the hash functions MD2, MD4 and MD5 (RFC 6149,
 * RFC 6150, RFC 6151), and keys of less than 112 bits of security (NIST SP 800-131A): RSA below
 * 2048 bits, curves below 224. SHA-1 is told, and not called weak. */
signature_worth signature_weigh(const X509_ALGOR *algorithm, X509 *certificate);

#endif
