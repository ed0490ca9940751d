/*
 * The certificates of a --trusted file.
 */
#ifndef STAPLELAB_TRUSTED_H
#define STAPLELAB_TRUSTED_H

#include <openssl/x509.h>

#include "harness/base/octets.h"
#include "harness/base/problem.h"

/* Every PEM certificate of `file` into *out, a new stack that the caller frees with
 * certificate_stack_free. 0, or -1 with *p when it cannot be read or holds none. A file with the
 * same octets as the one before is not parsed again, whatever its name. */
int trusted_read(const char *file, STACK_OF(X509) * *out, problem *p);

/* The same for octets that are at hand; `name` is for *p. */
int trusted_parse(span pem, const char *name, STACK_OF(X509) * *out, problem *p);

/* The octets of a file, appended to *out. 0, or -1 with *p. */
int trusted_octets(const char *file, octets *out, problem *p);

#endif
