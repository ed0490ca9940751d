/*
 * The certificate and the private key that a client presents itself with.
 */
#ifndef STAPLELAB_CLIENT_IDENTITY_H
#define STAPLELAB_CLIENT_IDENTITY_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "harness/base/problem.h"

typedef struct {
    X509 *certificate; /* NULL for none: the client presents nothing */
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
} client_identity;

/* Reads a PEM file of certificates, the client's own first, and one of its private key, without a
 * passphrase. 0 with *out, which the caller frees with client_identity_free, or -1 with *p. */
int client_identity_read(const char *certificates, const char *key, client_identity *out,
                         problem *p);

void client_identity_free(client_identity *identity);

#endif
