/*
 * A TLS 1.2 server's proof that it has the key of its certificate: the signature in its
 * ServerKeyExchange, over both randoms and its half of the key exchange (RFC 5246 7.4.3).
 */
#ifndef STAPLELAB_KEY_EXCHANGE_H
#define STAPLELAB_KEY_EXCHANGE_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "harness/base/octets.h"

typedef struct {
    span client_random;
    span server_random;
    bool on_curve; /* ECDHE (RFC 8422 5.4); else DHE */
    span body;     /* of the ServerKeyExchange */
} key_exchange;

/* Whether `leaf` has the key that made the signature. */
bool key_exchange_proves(const key_exchange *k, X509 *leaf);

#endif
