/*
 * The order of a judgement: each step says why it ends there, or lets the next one go on.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/clients/verdict.h"

const verdict_entry verdict_vocabulary[] = {
    {VERDICT_GOOD, "GOOD", "a staple that says good, current and authentic"},
    {VERDICT_NOT_REQUESTED, "NOT_REQUESTED", "the client did not ask for a staple"},
    {VERDICT_RESUMED_NO_STATUS, "RESUMED_NO_STATUS", "a resumed session, which carries no staple"},
    {VERDICT_NO_STAPLE, "NO_STAPLE", "asked for, and not sent"},
    {VERDICT_NO_STAPLE_MUST_STAPLE, "NO_STAPLE_MUST_STAPLE",
     "not sent, though the certificate promises one (RFC 7633)"},
    {VERDICT_UNPARSEABLE, "UNPARSEABLE", "not one well-formed OCSP response"},
    {VERDICT_ERROR_STATUS, "ERROR_STATUS", "an OCSPResponseStatus other than successful"},
    {VERDICT_NOT_FOR_THIS_CERT, "NOT_FOR_THIS_CERT", "no SingleResponse for the certificate"},
    {VERDICT_BAD_SIGNATURE, "BAD_SIGNATURE", "the signature is not the named signer's"},
    {VERDICT_UNAUTHORIZED_SIGNER, "UNAUTHORIZED_SIGNER",
     "the signer is not known, or may not sign for the issuer"},
    {VERDICT_SIGNER_EXPIRED, "SIGNER_EXPIRED", "the signer's certificate is not valid now"},
    {VERDICT_NOT_YET_VALID, "NOT_YET_VALID", "thisUpdate lies in the future"},
    {VERDICT_EXPIRED, "EXPIRED", "nextUpdate lies in the past"},
    {VERDICT_NO_NEXT_UPDATE, "NO_NEXT_UPDATE", "no nextUpdate (refused by RFC 9919)"},
    {VERDICT_REVOKED, "REVOKED", "an authentic staple that says revoked"},
    {VERDICT_UNKNOWN, "UNKNOWN", "an authentic staple that says unknown"},
    {VERDICT_WEAK_SIGNATURE, "WEAK_SIGNATURE",
     "a signature that others could have made: MD5, a key of less than 112 bits of security"},
    {VERDICT_UNSUPPORTED_ALGORITHM, "UNSUPPORTED_ALGORITHM",
     "made by an algorithm that this OpenSSL does not have: nothing can be said"},
    {0, NULL, NULL},
};

const char *verdict_name(verdict v)
{
    const verdict_entry *entry = verdict_vocabulary;
    while (entry->name != NULL && entry->verdict != v) {
        entry++;
    }
    return entry->name;
}

static void conclude(verdict_judgement *out, verdict v, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void conclude(verdict_judgement *out, verdict v, const char *format, ...)
{
    out->verdict = v;
    va_list args;
    va_start(args, format);
    vsnprintf(out->reason, sizeof(out->reason), format, args);
    va_end(args);
}

/* Who a certificate is, short enough for a sentence. */
typedef struct {
    char text[200];
} short_name;

static short_name name_of(const X509 *certificate)
{
    short_name out;
    char *name = certificate_name(X509_get_subject_name(certificate));
    snprintf(out.text, sizeof(out.text), "%s", name);
    free(name);
    return out;
}

/* Each of the following returns false when it has concluded. */

static bool judge_form(verdict_judgement *out)
{
    const staple *s = &out->staple;
    if (s->defect[0] != '\0') {
        conclude(out, VERDICT_UNPARSEABLE, "The staple cannot be used: %s.", s->defect);
        return false;
    }
    if (s->response_status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        conclude(out, VERDICT_ERROR_STATUS, "The OCSPResponseStatus is %s (%d)%s.",
                 staple_response_status_name(s->response_status), s->response_status,
                 s->bytes_beside_error
                     ? ", and responseBytes follow, which an error must not have (RFC 6960, 4.2.1)"
                     : "");
        return false;
    }
    return true;
}

static bool judge_relevance(const verdict_evidence *evidence, verdict_judgement *out)
{
    const staple *s = &out->staple;
    signature_worth worth;
    for (size_t i = 0; i < s->nsingles; i++) {
        if (s->singles[i].matches_leaf) {
            return true;
        }
    }

    for (size_t i = 0; i < s->nsingles; i++) {
        if (s->singles[i].serial_matches && !s->singles[i].hash_known) {
            conclude(out, VERDICT_UNSUPPORTED_ALGORITHM,
                     "A SingleResponse has the serial of the leaf, and its CertID is made by the "
                     "hash algorithm %s, which is not known.",
                     s->singles[i].hash_algorithm);
            return false;
        }
    }
    if (s->nsingles == 0) {
        conclude(out, VERDICT_NOT_FOR_THIS_CERT, "The staple holds no SingleResponse.");
    } else if (evidence->leaf == NULL) {
        conclude(out, VERDICT_NOT_FOR_THIS_CERT, "The server's certificate is not known.");
    } else if (out->issuer == NULL &&
               staple_signer_unprovable(evidence->leaf, evidence->candidates, &worth)) {
        conclude(out, VERDICT_UNSUPPORTED_ALGORITHM,
                 "Who issued the leaf cannot be checked, so that no CertID can be computed: %s.",
                 worth.objection);
    } else if (out->issuer == NULL) {
        conclude(out, VERDICT_NOT_FOR_THIS_CERT,
                 "The issuer of the leaf is neither in the chain that the server sent nor among "
                 "the trusted certificates, so that no CertID can be computed.");
    } else {
        conclude(out, VERDICT_NOT_FOR_THIS_CERT,
                 "No SingleResponse has the CertID of the leaf; the first of %zu is for serial %s.",
                 s->nsingles, s->singles[0].serial);
    }
    return false;
}

/* A signature that could not be checked at all. */
static void conclude_unchecked(verdict_judgement *out, const signature_worth *worth,
                               const char *what)
{
    conclude(out, worth->weak ? VERDICT_WEAK_SIGNATURE : VERDICT_UNSUPPORTED_ALGORITHM,
             "The signature on the %s cannot be checked: %s.", what, worth->objection);
}

static bool judge_signer(int64_t now, verdict_judgement *out)
{
    const staple_signer *by = &out->signer;
    if (by->claimed == NULL) {
        conclude(out, VERDICT_UNAUTHORIZED_SIGNER,
                 "No certificate is at hand that the responderID names.");
        return false;
    }
    if (by->certificate == NULL && !by->response.checkable) {
        conclude_unchecked(out, &by->response, "response");
        return false;
    }
    if (by->certificate == NULL) {
        conclude(out, VERDICT_BAD_SIGNATURE, "The signature was not made by the key of %s.",
                 name_of(by->claimed).text);
        return false;
    }
    if (!by->delegation.checkable) {
        conclude_unchecked(out, &by->delegation, "signer's certificate");
        return false;
    }
    if (by->objection != NULL) {
        conclude(out, VERDICT_UNAUTHORIZED_SIGNER, "%s may not sign: %s.",
                 name_of(by->certificate).text, by->objection);
        return false;
    }

    if (by->response.weak) {
        conclude(out, VERDICT_WEAK_SIGNATURE, "The response's signature is weak: %s.",
                 by->response.objection);
        return false;
    }
    if (by->delegation.weak) {
        conclude(out, VERDICT_WEAK_SIGNATURE, "The signature on %s's certificate is weak: %s.",
                 name_of(by->certificate).text, by->delegation.objection);
        return false;
    }

    int64_t not_before = certificate_time(X509_get0_notBefore(by->certificate));
    int64_t not_after = certificate_time(X509_get0_notAfter(by->certificate));
    if (not_after == CERTIFICATE_NO_TIME || now > not_after) {
        conclude(out, VERDICT_SIGNER_EXPIRED, "The certificate of the signer %s has expired.",
                 name_of(by->certificate).text);
        return false;
    }
    if (not_before == CERTIFICATE_NO_TIME || now < not_before) {
        conclude(out, VERDICT_SIGNER_EXPIRED, "The certificate of the signer %s is not valid yet.",
                 name_of(by->certificate).text);
        return false;
    }
    return true;
}

static void judge_single(const staple_single *single, int64_t now, int64_t skew,
                         verdict_judgement *out)
{
    if (single->this_update > now + skew) {
        conclude(out, VERDICT_NOT_YET_VALID, "thisUpdate lies %" PRId64 " s in the future.",
                 single->this_update - now);
        return;
    }
    if (single->next_update != CERTIFICATE_NO_TIME && single->next_update < now - skew) {
        conclude(out, VERDICT_EXPIRED, "nextUpdate lies %" PRId64 " s in the past.",
                 now - single->next_update);
        return;
    }
    switch (single->status) {
    case STAPLE_CERT_REVOKED:
        conclude(out, VERDICT_REVOKED, "The certificate is revoked since %s.",
                 certificate_date(single->revocation_time).text);
        return;
    case STAPLE_CERT_UNKNOWN:
        conclude(out, VERDICT_UNKNOWN, "The responder does not know the certificate.");
        return;
    case STAPLE_CERT_GOOD:
        break;
    }
    if (single->next_update == CERTIFICATE_NO_TIME) {
        conclude(out, VERDICT_NO_NEXT_UPDATE, "The SingleResponse has no nextUpdate.");
        return;
    }
    conclude(out, VERDICT_GOOD, "The certificate is good until %s, signed by the %s.",
             certificate_date(single->next_update).text, staple_signer_kind_name(out->signer.kind));
}

/* Among several SingleResponses for the leaf: a current one before one that is not, then the
 * worse news; of those that are not current the first. */
static int weight(verdict v)
{
    switch (v) {
    case VERDICT_REVOKED:
        return 3;
    case VERDICT_UNKNOWN:
        return 2;
    case VERDICT_GOOD:
        return 1;
    default:
        return 0;
    }
}

static void judge_singles(int64_t now, int64_t skew, verdict_judgement *out)
{
    const staple *s = &out->staple;
    const staple_single *chosen = NULL;
    int heaviest = -1;
    for (size_t i = 0; i < s->nsingles; i++) {
        if (!s->singles[i].matches_leaf) {
            continue;
        }
        judge_single(&s->singles[i], now, skew, out);
        if (weight(out->verdict) > heaviest) {
            heaviest = weight(out->verdict);
            chosen = &s->singles[i];
        }
    }
    out->single = chosen;
    judge_single(chosen, now, skew, out);
}

/* What the remarks are about when the judgement did not come so far. */
static const staple_single *first_match(const staple *s)
{
    for (size_t i = 0; i < s->nsingles; i++) {
        if (s->singles[i].matches_leaf) {
            return &s->singles[i];
        }
    }
    return NULL;
}

void verdict_on_staple(const verdict_evidence *evidence, verdict_judgement *out)
{
    *out = (verdict_judgement){.has_staple = true};
    staple_decode(evidence->der, &out->staple);

    /* every fact that can be had, for the report, whatever the verdict will be */
    if (evidence->leaf != NULL) {
        out->issuer = staple_signer_issuer(evidence->leaf, evidence->candidates);
    }
    if (out->issuer != NULL) {
        staple_match(&out->staple, evidence->leaf, out->issuer);
    }
    if (out->staple.basic != NULL) {
        out->signer = staple_signer_find(&out->staple, out->issuer, evidence->candidates);
    }

    if (judge_form(out) && judge_relevance(evidence, out) && judge_signer(evidence->now, out)) {
        judge_singles(evidence->now, evidence->skew, out);
    }
    remarks_on_leaf(evidence->leaf, evidence->now, &out->remarks);
    remarks_on_staple(&out->staple, &out->signer,
                      out->single != NULL ? out->single : first_match(&out->staple), evidence->leaf,
                      evidence->now, &out->remarks);
}

void verdict_on_absence(bool requested, bool resumed, bool must_staple, verdict_judgement *out)
{
    *out = (verdict_judgement){0};
    if (!requested) {
        conclude(out, VERDICT_NOT_REQUESTED, "The client did not ask for a staple.");
    } else if (resumed) {
        conclude(out, VERDICT_RESUMED_NO_STATUS,
                 "The session was resumed, so that the server sent neither certificate nor "
                 "staple.");
    } else if (must_staple) {
        conclude(out, VERDICT_NO_STAPLE_MUST_STAPLE,
                 "The server sent no staple, though its certificate promises one.");
    } else {
        conclude(out, VERDICT_NO_STAPLE, "The server sent no staple.");
    }
}

void verdict_judgement_free(verdict_judgement *j)
{
    staple_free(&j->staple);
    j->signer = (staple_signer){0};
}
