/*
 * The certificates of a --trusted file.
 */
#ifndef STAPLELAB_TRUSTED_H
#define STAPLELAB_TRUSTED_H

#include <openssl/x509.h>
#include <stddef.h>

/* Every PEM certificate of `file` into a new stack; NULL, with one sentence in `error`, when it
 * cannot be read or holds none. The caller frees it with certificates_free. A file with the same
 * octets as the one before is not parsed again, whatever its name. */
STACK_OF(X509) * trusted_certificates(const char *file, char *error, size_t size);

#endif
