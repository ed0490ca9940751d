/*
 * A response that was captured somewhere, in the place of a server: what it is judged by.
 */
#ifndef STAPLELAB_CAPTURE_H
#define STAPLELAB_CAPTURE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/octets.h"
#include "harness/base/options.h"
#include "harness/base/problem.h"

typedef struct {
    const char *response; /* a file; NULL: there is no captured response */
    const char *leaf;     /* a file */
    bool at_given;
    int64_t at; /* seconds since 1970 */
} capture_options;

/* Their part of the command line; `arg` is a capture_options. */
extern const options_row capture_rows[];

/* Checks that they fit together. 0, or -1 with *p. */
int capture_settle(const capture_options *options, problem *p);

typedef struct {
    octets response;        /* DER */
    STACK_OF(X509) * chain; /* the leaf first; empty when libcrypto cannot read it */
} capture;

/* Reads the files: a response in DER or PEM, certificates in PEM or one in DER. 0, or -1 with *p;
 * the caller frees *out with capture_free in any case. */
int capture_read(const capture_options *options, capture *out, problem *p);

void capture_free(capture *c);

#endif
