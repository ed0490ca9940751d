/*
 * What a strict client has no word for, and an operator wants to know: remarks beside the verdict.
 * They change nothing about it.
 */
#ifndef STAPLELAB_REMARKS_H
#define STAPLELAB_REMARKS_H

#include <openssl/x509.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/clients/staple.h"
#include "harness/clients/staple_signer.h"

enum { REMARKS_MAX = 16 };

typedef struct {
    const char *word; /* one of a closed list: docs/verdicts.md */
    char text[240];   /* one sentence */
} remark;

typedef struct {
    remark all[REMARKS_MAX];
    size_t count;
} remarks;

/* Adds what is to be said about the dates of a leaf; NULL is fine. */
void remarks_on_leaf(X509 *leaf, int64_t now, remarks *out);

/* Adds what is to be said about a staple that has a BasicOCSPResponse: `single` is the
 * SingleResponse that was judged, or NULL; `leaf` may be NULL. */
void remarks_on_staple(const staple *s, const staple_signer *by, const staple_single *single,
                       X509 *leaf, int64_t now, remarks *out);

/* Adds that the certificate in question is none that OpenSSL can read. */
void remarks_on_unreadable(remarks *out);

/* Adds that the staple is too large for a TLS 1.2 client with OpenSSL. */
void remarks_on_size(size_t size, remarks *out);

#endif
