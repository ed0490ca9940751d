/*
 * Facts to JSON. Whatever stands in a certificate or a staple must come out as valid JSON, so
 * text that is not UTF-8 is written with question marks.
 */
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "harness/base/octets.h"
#include "harness/clients/certificate.h"
#include "harness/clients/report.h"

/* More than that of a body is not written. */
enum { BODY_OCTETS_MAX = 4096 };

static json_t *text_of(const char *value, size_t length)
{
    json_t *out = json_stringn(value, length);
    if (out != NULL) {
        return out;
    }
    char *ascii = memory_array(length + 1, 1);
    for (size_t i = 0; i < length; i++) {
        ascii[i] = value[i] < ' ' || value[i] > '~' ? '?' : value[i];
    }
    out = json_stringn(ascii, length);
    free(ascii);
    return out;
}

static json_t *text(const char *value)
{
    return text_of(value, strlen(value));
}

/* As text, and frees it. */
static json_t *owned_text(char *value)
{
    json_t *out = text(value);
    free(value);
    return out;
}

static json_t *hex(const unsigned char *data, size_t length)
{
    octets out = {0};
    for (size_t i = 0; i < length; i++) {
        octets_append_format(&out, "%02x", data[i]);
    }
    json_t *made = json_stringn(out.length == 0 ? "" : (const char *)out.data, out.length);
    octets_free(&out);
    return made;
}

static json_t *instant(int64_t time)
{
    return time == CERTIFICATE_NO_TIME ? json_null() : json_integer(time);
}

static json_t *oid(const ASN1_OBJECT *object, bool named)
{
    char out[128];
    int nid = OBJ_obj2nid(object);
    if (named && nid != NID_undef) {
        return text(OBJ_nid2ln(nid));
    }
    OBJ_obj2txt(out, sizeof(out), object, 1);
    return text(out);
}

static json_t *name_of(X509 *certificate)
{
    return owned_text(certificate_name(X509_get_subject_name(certificate)));
}

static json_t *serial_of(X509 *certificate)
{
    return owned_text(certificate_serial(X509_get0_serialNumber(certificate)));
}

static json_t *ocsp_urls(X509 *certificate)
{
    json_t *out = json_array();
    STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(certificate);
    for (int i = 0; i < sk_OPENSSL_STRING_num(urls); i++) {
        json_array_append_new(out, text(sk_OPENSSL_STRING_value(urls, i)));
    }
    X509_email_free(urls);
    return out;
}

static json_t *leaf_object(X509 *leaf)
{
    if (leaf == NULL) {
        return json_null();
    }
    return json_pack(
        "{s:o, s:o, s:b, s:s, s:o, s:o}", "subject", name_of(leaf), "serial", serial_of(leaf),
        "must_staple", certificate_must_staple(leaf), "key", certificate_key(leaf), "not_after",
        instant(certificate_time(X509_get0_notAfter(leaf))), "ocsp_urls", ocsp_urls(leaf));
}

static json_t *chain_array(const STACK_OF(X509) * chain)
{
    json_t *out = json_array();
    for (int i = 0; i < sk_X509_num(chain); i++) {
        X509 *one = sk_X509_value(chain, i);
        json_array_append_new(out,
                              json_pack("{s:o, s:o, s:b, s:o}", "subject", name_of(one), "serial",
                                        serial_of(one), "must_staple", certificate_must_staple(one),
                                        "ocsp_urls", ocsp_urls(one)));
    }
    return out;
}

static json_t *responder_id(const staple *s)
{
    const ASN1_OCTET_STRING *key = NULL;
    const X509_NAME *name = NULL;
    OCSP_resp_get0_id(s->basic, &key, &name);
    json_t *value = NULL;
    if (name != NULL) {
        value = owned_text(certificate_name(name));
    } else if (key != NULL) {
        value = hex(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key));
    }
    return json_pack("{s:s, s:o}", "by", name != NULL ? "name" : "key", "value", value);
}

static json_t *signer_object(const staple_signer *by)
{
    if (by->certificate == NULL) {
        return json_null();
    }
    return json_pack("{s:s, s:o, s:o}", "kind", staple_signer_kind_name(by->kind), "subject",
                     name_of(by->certificate), "not_after",
                     instant(certificate_time(X509_get0_notAfter(by->certificate))));
}

static json_t *single_object(const staple_single *single)
{
    return json_pack(
        "{s:o, s:s, s:b, s:s, s:o, s:o, s:o, s:o}", "serial", text(single->serial),
        "hash_algorithm", single->hash_algorithm, "matches_leaf", single->matches_leaf,
        "cert_status", staple_cert_status_name(single->status), "revocation_time",
        instant(single->revocation_time), "revocation_reason",
        single->revocation_reason < 0 ? json_null() : json_integer(single->revocation_reason),
        "this_update", instant(single->this_update), "next_update", instant(single->next_update));
}

static json_t *responses(const staple *s)
{
    json_t *out = json_array();
    for (size_t i = 0; i < s->nsingles; i++) {
        json_array_append_new(out, single_object(&s->singles[i]));
    }
    return out;
}

static json_t *extensions(OCSP_BASICRESP *basic)
{
    json_t *out = json_array();
    for (int i = 0; basic != NULL && i < OCSP_BASICRESP_get_ext_count(basic); i++) {
        X509_EXTENSION *extension = OCSP_BASICRESP_get_ext(basic, i);
        json_array_append_new(out, oid(X509_EXTENSION_get_object(extension), false));
    }
    return out;
}

static json_t *response_status(int status)
{
    char number[32];
    if (status == STAPLE_NO_STATUS) {
        return json_null();
    }
    const char *name = staple_response_status_name(status);
    if (strcmp(name, "unassigned") != 0) {
        return json_string(name);
    }
    snprintf(number, sizeof(number), "%d", status);
    return json_string(number);
}

json_t *report_staple(const verdict_judgement *judged)
{
    if (!judged->has_staple) {
        return json_null();
    }
    const staple *s = &judged->staple;
    json_t *id = json_null();
    json_t *produced_at = json_null();
    json_t *algorithm = json_null();
    if (s->basic != NULL) {
        const ASN1_OBJECT *object;
        X509_ALGOR_get0(&object, NULL, NULL, OCSP_resp_get0_tbs_sigalg(s->basic));
        id = responder_id(s);
        produced_at = instant(certificate_time(OCSP_resp_get0_produced_at(s->basic)));
        algorithm = oid(object, true);
    }
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "octets",
                     (json_int_t)s->octets, "trailing_octets", (json_int_t)s->trailing_octets,
                     "sha256", hex(s->sha256, sizeof(s->sha256)), "response_status",
                     response_status(s->response_status), "responder_id", id, "produced_at",
                     produced_at, "signature_algorithm", algorithm, "signer",
                     signer_object(&judged->signer), "responses", responses(s), "extensions",
                     extensions(s->basic));
}

json_t *report_get(const get_outcome *get)
{
    json_t *status = get->status == 0 ? json_null() : json_integer(get->status);
    json_t *out = json_pack("{s:o}", "status", status);
    if (get->failure.detail[0] != '\0') {
        json_object_set_new(out, "error", text(get->failure.detail));
        if (get->alert != TLS_NO_ALERT) {
            json_object_set_new(out, "alert", json_integer(get->alert));
        }
        return out;
    }
    size_t shown = get->body_length < BODY_OCTETS_MAX ? get->body_length : BODY_OCTETS_MAX;
    json_object_set_new(out, "octets", json_integer((json_int_t)get->body_length));
    json_object_set_new(out, "body",
                        get->coded ? json_null() : text_of((const char *)get->body, shown));
    return out;
}

json_t *report_stage(int ordinal, stage reached)
{
    return json_pack("{s:i, s:s}", "try", ordinal, "event", stage_words[reached]);
}

static json_t *remarks_array(const verdict_judgement *judged)
{
    json_t *out = json_array();
    for (size_t i = 0; i < judged->remarks.count; i++) {
        const remark *one = &judged->remarks.all[i];
        json_array_append_new(
            out, json_pack("{s:s, s:o}", "remark", one->word, "text", text(one->text)));
    }
    return out;
}

json_t *report_handshake(int ordinal, bool status_requested, const handshake *seen,
                         const verdict_judgement *judged)
{
    json_t *out =
        json_pack("{s:i, s:s, s:o, s:s, s:b, s:b, s:o, s:o, s:o, s:o}", "try", ordinal, "verdict",
                  verdict_name(judged->verdict), "reason", text(judged->reason), "protocol",
                  seen->protocol, "resumed", seen->resumed, "status_requested", status_requested,
                  "leaf", leaf_object(seen->leaf), "chain", chain_array(seen->chain), "staple",
                  report_staple(judged), "remarks", remarks_array(judged));
    if (seen->get.wanted) {
        json_object_set_new(out, "http", report_get(&seen->get));
    }
    return out;
}

/* What a server had sent before its handshake failed: nothing of it is proven to be its own. */
static json_t *seen_object(const handshake *seen, const verdict_judgement *judged)
{
    json_t *word = json_null(), *reason = json_null(), *facts = json_null();
    if (judged != NULL) {
        word = json_string(verdict_name(judged->verdict));
        reason = text(judged->reason);
        facts = report_staple(judged);
    }
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "protocol", seen->protocol, "leaf",
                     leaf_object(seen->leaf), "chain", chain_array(seen->chain), "staple", facts,
                     "staple_verdict", word, "staple_reason", reason);
}

json_t *report_failure(int ordinal, const char *error, const handshake *seen,
                       const verdict_judgement *judged)
{
    json_t *out = json_pack("{s:i, s:n, s:o}", "try", ordinal, "verdict", "error", text(error));
    if (judged != NULL || seen->leaf != NULL) {
        json_object_set_new(out, "seen", seen_object(seen, judged));
    }
    return out;
}

json_t *report_capture(X509 *leaf, const verdict_judgement *judged)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "verdict", verdict_name(judged->verdict),
                     "reason", text(judged->reason), "leaf", leaf_object(leaf), "staple",
                     report_staple(judged), "remarks", remarks_array(judged));
}
