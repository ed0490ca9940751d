/*
 * One X.509 certificate (RFC 5280) from one entry of a description.
 */
#ifndef STAPLELAB_PKI_CERTIFICATE_H
#define STAPLELAB_PKI_CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "pki/description.h"
#include "pki/mint_error.h"

/* Builds and signs the certificate of `e` for `key`; `issuer` and `issuer_key` are NULL for one
 * that is self-signed. Signed with SHA-256 by RSA and P-256 keys, with pure Ed25519 else. Returns
 * a certificate to be freed, or NULL with *error. */
X509 *certificate_new(const entry *e, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
                      mint_error *error);

#endif
