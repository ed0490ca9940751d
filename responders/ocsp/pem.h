/* Certificates and private keys from files in PEM. */
#ifndef STAPLELAB_OCSP_PEM_H
#define STAPLELAB_OCSP_PEM_H

#include <openssl/x509.h>

#include "harness/base/octets.h"
#include "harness/base/problem.h"

/* Each returns what the caller frees, or NULL with *p, which names the file.  A key that cannot
 * sign here, or that has a passphrase, is refused, too. */
X509 *pem_certificate(const char *path, problem *p);
EVP_PKEY *pem_private_key(const char *path, problem *p);

/* Appends all of a file.  0, or -1 with *p, which names it. */
int pem_file(const char *path, octets *out, problem *p);

#endif
