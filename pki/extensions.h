/*
 * The X.509 v3 extensions (RFC 5280 4.2, RFC 7633, RFC 6960 4.2.2.2) that an entry asks for.
 */
#ifndef STAPLELAB_PKI_EXTENSIONS_H
#define STAPLELAB_PKI_EXTENSIONS_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "pki/description.h"

/* Adds them to `x`, whose public key is set; `issuer` is NULL for a self-signed certificate.
 * False when libcrypto refuses one: crypto_problem_fail() knows its reason. */
bool extensions_add(X509 *x, const pki_entry *e, X509 *issuer);

#endif
