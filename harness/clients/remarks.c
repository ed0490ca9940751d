/*
 * One function for each matter. Ten days is what the CA/Browser Forum's Baseline Requirements
 * (4.9.9) allow a response to be valid.
 */
#include <inttypes.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>

#include "harness/clients/certificate.h"
#include "harness/clients/remarks.h"

#define TEN_DAYS (INT64_C(10) * 86400)

static void add(remarks *out, const char *word, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(remarks *out, const char *word, const char *format, ...)
{
    if (out->count == REMARKS_MAX) {
        return;
    }
    remark *one = &out->all[out->count++];
    one->word = word;
    va_list args;
    va_start(args, format);
    vsnprintf(one->text, sizeof(one->text), format, args);
    va_end(args);
}

/* A time may be CERTIFICATE_NO_TIME: then it is neither before nor after another. */
static bool is_after(int64_t time, int64_t other)
{
    return time != CERTIFICATE_NO_TIME && other != CERTIFICATE_NO_TIME && time > other;
}

void remarks_on_leaf(X509 *leaf, int64_t now, remarks *out)
{
    if (leaf == NULL) {
        return;
    }
    int64_t begins = certificate_time(X509_get0_notBefore(leaf));
    int64_t ends = certificate_time(X509_get0_notAfter(leaf));
    if (is_after(begins, now)) {
        add(out, "leaf-not-yet-valid", "The leaf is valid from %s on.",
            certificate_date(begins).text);
    }
    if (is_after(now, ends)) {
        add(out, "leaf-expired", "The leaf has expired on %s.", certificate_date(ends).text);
    }
}

static void on_times(const staple *s, const staple_single *single, int64_t now, remarks *out)
{
    int64_t produced = certificate_time(OCSP_resp_get0_produced_at(s->basic));
    if (is_after(produced, now)) {
        add(out, "produced-in-the-future", "producedAt lies %" PRId64 " s in the future.",
            produced - now);
    }
    if (single == NULL || single->this_update == CERTIFICATE_NO_TIME) {
        return;
    }
    if (now - single->this_update > TEN_DAYS) {
        add(out, "old", "thisUpdate lies %" PRId64 " days in the past.",
            (now - single->this_update) / 86400);
    }
    if (is_after(single->next_update, single->this_update + TEN_DAYS)) {
        add(out, "long", "It is valid for %" PRId64 " days.",
            (single->next_update - single->this_update) / 86400);
    }
    if (is_after(single->this_update, produced)) {
        add(out, "produced-before-this-update", "producedAt lies %" PRId64 " s before thisUpdate.",
            single->this_update - produced);
    }
    if (is_after(produced, single->next_update)) {
        add(out, "produced-after-next-update", "producedAt lies %" PRId64 " s after nextUpdate.",
            produced - single->next_update);
    }
}

static void on_signer(const staple_signer *by, const staple_single *single, remarks *out)
{
    X509 *signer = by->certificate;
    bool delegate = by->kind == STAPLE_SIGNER_DELEGATE;
    if (by->response.sha1 || (delegate && by->delegation.sha1)) {
        add(out, "sha1", "The signature on the %s rests on SHA-1.",
            by->response.sha1 ? "response" : "signer's certificate");
    }
    /* without the extension all uses are allowed, and libcrypto says so */
    if ((X509_get_key_usage(signer) & KU_DIGITAL_SIGNATURE) == 0) {
        add(out, "signer-key-usage",
            "The key usage of the signer's certificate does not have "
            "digitalSignature.");
    }
    if (delegate && X509_get_ext_by_NID(signer, NID_id_pkix_OCSP_noCheck, -1) == -1) {
        add(out, "no-nocheck",
            "The delegate's certificate lacks id-pkix-ocsp-nocheck: whether it "
            "is revoked itself is open.");
    }
    int64_t ends = certificate_time(X509_get0_notAfter(signer));
    if (single != NULL && is_after(single->next_update, ends)) {
        add(out, "outlives-signer",
            "The signer's certificate expires %" PRId64 " s before nextUpdate.",
            single->next_update - ends);
    }
}

void remarks_on_staple(const staple *s, const staple_signer *by, const staple_single *single,
                       X509 *leaf, int64_t now, remarks *out)
{
    if (s->basic == NULL) {
        return;
    }
    on_times(s, single, now, out);
    if (by->certificate != NULL) {
        on_signer(by, single, out);
    }
    if (leaf == NULL) {
        return;
    }
    int64_t ends = certificate_time(X509_get0_notAfter(leaf));
    if (single != NULL && is_after(single->next_update, ends)) {
        add(out, "outlives-leaf", "The leaf expires %" PRId64 " s before nextUpdate.",
            single->next_update - ends);
    }
    if (by->certificate != NULL &&
        EVP_PKEY_eq(X509_get0_pubkey(leaf), X509_get0_pubkey(by->certificate)) == 1) {
        add(out, "vouches-for-itself", "The key of the leaf has signed the response about it.");
    }
}

void remarks_on_size(size_t size, remarks *out)
{
    add(out, "too-large-for-openssl",
        "The staple has %zu octets: no TLS 1.2 client with OpenSSL can connect, for it takes "
        "16380 at most.",
        size);
}

void remarks_on_unreadable(remarks *out)
{
    add(out, "leaf-unreadable", "OpenSSL cannot read the leaf: the response is judged without it.");
}
