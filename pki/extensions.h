/*
 * The X.509 v3 extensions (RFC 5280 4.2, RFC 7633, RFC 6960 4.2.2.2) that an entry asks for.
 */
#ifndef STAPLELAB_PKI_EXTENSIONS_H
#define STAPLELAB_PKI_EXTENSIONS_H

#include <openssl/x509.h>

#include "pki/description.h"

/* Adds them to `x`, whose public key is set; `issuer` is NULL for a self-signed certificate.
 * 0, or -1 with the reason in libcrypto's error queue. */
int extensions_add(X509 *x, const entry *e, X509 *issuer);

#endif
