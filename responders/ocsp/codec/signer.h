/*
 * Signing with whatever key a certificate has: RSA (PKCS #1 v1.5 with SHA-256), ECDSA
 * (SHA-256, or SHA-384 on P-384) and Ed25519.
 */
#ifndef STAPLELAB_OCSP_CODEC_SIGNER_H
#define STAPLELAB_OCSP_CODEC_SIGNER_H

#include <openssl/evp.h>
#include <stdbool.h>

#include "harness/base/octets.h"

/* The AlgorithmIdentifier of the signatures that this key makes (RFC 4055, 5758, 8410); of
 * length 0 for a key that cannot sign here. */
span signer_algorithm(const EVP_PKEY *key);

/* Appends the signature over `data`; false (and nothing appended) when it cannot be made. */
bool signer_sign(EVP_PKEY *key, span data, octets *signature);

#endif
