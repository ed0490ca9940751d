/*
 * What is seen of one connection while libssl makes it: what libssl tells, and the octets that it
 * reads.
 */
#ifndef STAPLELAB_OBSERVATION_H
#define STAPLELAB_OBSERVATION_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "harness/base/octets.h"
#include "harness/clients/bound.h"
#include "harness/clients/clear_flight.h"
#include "harness/clients/wire_status.h"

typedef struct {
    wire_status status;
    SSL_SESSION *session; /* to resume with; NULL when there is none */
    clear_flight flight;
    bound *b; /* under which it is read */
} observation;

/* Every connection of the context must have an observation before it begins. */
void observation_prepare(SSL_CTX *context);

/* What is seen on `ssl` goes to *seen, which the caller frees with observation_free. */
void observation_begin(SSL *ssl, observation *seen);

/* From now on its socket is read under the bound: once the time is over not an octet more, for a
 * server that talks for ever would keep libssl reading for ever within one call. */
void observation_limit(SSL *ssl, observation *seen, bound *b);

/* The response in a CertificateStatus that is too large for libssl. False when there was none. */
bool observation_large_staple(const observation *seen, span *response);

/* Whether the server has proven that it has the leaf's key, in what it said in the clear. */
bool observation_proves_key(SSL *ssl, const observation *seen, X509 *leaf);

void observation_free(observation *seen);

#endif
