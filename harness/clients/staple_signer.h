/*
 * Who signed a staple, and whether they may (RFC 6960 4.2.2.2): the issuer of the certificate
 * in question, or a delegate that this very issuer certified for OCSP signing.
 */
#ifndef STAPLELAB_STAPLE_SIGNER_H
#define STAPLELAB_STAPLE_SIGNER_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "harness/clients/signature.h"
#include "harness/clients/staple.h"

typedef enum {
    STAPLE_SIGNER_UNKNOWN = 0,
    STAPLE_SIGNER_ISSUER,
    STAPLE_SIGNER_DELEGATE
} staple_signer_kind;

typedef struct {
    X509 *claimed;     /* a certificate that the responderID names; NULL when none does */
    X509 *certificate; /* the one whose key made the signature; NULL when none did */
    staple_signer_kind kind;
    const char *objection;      /* why `certificate` may not sign; NULL when it may */
    signature_worth response;   /* the staple's signature, set when somebody is `claimed` */
    signature_worth delegation; /* the signature on a delegate's certificate; else without words */
} staple_signer;

/* The first of `candidates` that issued the leaf, proven by the leaf's signature; NULL for none. */
X509 *staple_signer_issuer(X509 *leaf, const STACK_OF(X509) * candidates);

/* What the signature on a certificate is worth when `issuer` is to have made it. */
signature_worth staple_signer_weigh(X509 *certificate, X509 *issuer);

/* Whether one of `candidates` has the name of the leaf's issuer, and libcrypto cannot check whether
 * it signed the leaf: then *why says why not. */
bool staple_signer_unprovable(X509 *leaf, const STACK_OF(X509) * candidates, signature_worth *why);

/* Looks among the certificates in the staple, then among `candidates`, for the one that the
 * responderID names and whose key made the signature; one that may sign goes before others.
 * `issuer` (NULL when not known) is the leaf's. What is found belongs to the staple or to
 * `candidates`. The staple has a BasicOCSPResponse. */
staple_signer staple_signer_find(const staple *s, X509 *issuer, const STACK_OF(X509) * candidates);

/* "issuer", "delegate", "unknown" */
const char *staple_signer_kind_name(staple_signer_kind kind);

#endif
