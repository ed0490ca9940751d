/*
 * The verdict: what a strict client concludes about a staple, one word of a closed vocabulary.
 * The judgement needs nothing but its arguments: no clock, no network, no store of trust.
 */
#ifndef STAPLELAB_VERDICT_H
#define STAPLELAB_VERDICT_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/clients/remarks.h"
#include "harness/clients/staple.h"
#include "harness/clients/staple_signer.h"

/* The values are exit codes, and stay what they are. */
typedef enum {
    VERDICT_GOOD = 0,
    VERDICT_NOT_REQUESTED = 10,
    VERDICT_RESUMED_NO_STATUS,
    VERDICT_NO_STAPLE,
    VERDICT_NO_STAPLE_MUST_STAPLE,
    VERDICT_UNPARSEABLE,
    VERDICT_ERROR_STATUS,
    VERDICT_NOT_FOR_THIS_CERT,
    VERDICT_BAD_SIGNATURE,
    VERDICT_UNAUTHORIZED_SIGNER,
    VERDICT_SIGNER_EXPIRED,
    VERDICT_NOT_YET_VALID,
    VERDICT_EXPIRED,
    VERDICT_NO_NEXT_UPDATE,
    VERDICT_REVOKED,
    VERDICT_UNKNOWN,
    VERDICT_WEAK_SIGNATURE,
    VERDICT_UNSUPPORTED_ALGORITHM
} verdict;

typedef struct {
    verdict verdict;
    const char *name;    /* "GOOD" */
    const char *meaning; /* a few words */
} verdict_entry;

/* The whole vocabulary in the order of the exit codes; ends with a NULL name. */
extern const verdict_entry verdict_vocabulary[];

const char *verdict_name(verdict v);

/* What a staple is judged by. All of it is borrowed. */
typedef struct {
    span der;                          /* as it was on the wire */
    X509 *leaf;                        /* may be NULL: then no staple can be for it */
    const STACK_OF(X509) * candidates; /* for the issuer and the signer, best first; may be NULL */
    int64_t now;                       /* seconds since 1970 */
    int64_t skew; /* seconds that thisUpdate may lie ahead and nextUpdate behind */
} verdict_evidence;

typedef struct {
    verdict verdict;
    char reason[400]; /* one sentence */
    remarks remarks;  /* that change nothing about it */
    bool has_staple;  /* then the rest is set */
    staple staple;
    staple_signer signer;        /* borrowed from the staple and the candidates */
    X509 *issuer;                /* borrowed from the candidates; NULL when not known */
    const staple_single *single; /* in the staple: the one that was judged; NULL for none */
} verdict_judgement;

/* Judges the staple; the first of these that fails is the verdict: its form, the response's
 * status, a SingleResponse for the leaf, the signature, the signer's right, the signature's
 * strength, the signer's validity, thisUpdate, a nextUpdate that is over, certStatus, a nextUpdate
 * that is not there. Of several SingleResponses for the leaf the current ones count, and the worst
 * of them. nextUpdate and notAfter are the last second of validity.
 * The caller calls verdict_judgement_free. */
void verdict_on_staple(const verdict_evidence *evidence, verdict_judgement *out);

/* The verdict on a handshake without a staple. */
void verdict_on_absence(bool requested, bool resumed, bool must_staple, verdict_judgement *out);

void verdict_judgement_free(verdict_judgement *j);

#endif
