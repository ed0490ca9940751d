/*
 * One X.509 certificate (RFC 5280) from one entry of a description.
 */
#ifndef STAPLELAB_PKI_CERTIFICATE_H
#define STAPLELAB_PKI_CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "harness/base/problem.h"
#include "pki/description.h"

/* Builds and signs the certificate of `e` for `key`; `issuer` and `issuer_key` are NULL for one
 * that is self-signed. Signed with SHA-256 by RSA and P-256 keys, with pure Ed25519 else. 0 with
 * *out, which the caller frees, or -1 with *p. */
int certificate_new(const pki_entry *e, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
                    X509 **out, problem *p);

#endif
