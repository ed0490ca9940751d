/*
 * An exchange without sockets, and what came out of it as other people's code reads it: the rules
 * are those of a user, the request is libcrypto's, the transport is played here.
 */
#ifndef STAPLELAB_OCSP_TESTS_EXCHANGE_LAB_H
#define STAPLELAB_OCSP_TESTS_EXCHANGE_LAB_H

#include "responders/ocsp/tests/minted.h"

#include <openssl/ocsp.h>

#include "harness/base/memory.h"
#include "responders/engine/catalogue.h"
#include "responders/net/listener.h"
#include "responders/ocsp/exchange.h"
#include "responders/ocsp/faults/catalogue.h"
#include "responders/ocsp/match.h"

#define NOW  1893456000 /* Tue, 01 Jan 2030 */
#define DAY  86400
#define DATE "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\n"

/* What there is during all tests of a program. */
typedef struct {
    minted pki;
    ocsp_store store;
    catalogue *faults;
    octets request; /* a POST that asks for www */
} exchange_lab;

/* One exchange. */
typedef struct {
    const exchange_lab *lab;
    event_log *events;
    ocsp_exchange_terms terms;
    ocsp_exchange_peer peer;
    bool at_accept;
    listener_mode mode;
    ocsp_exchange x;
    octets head, body;       /* as they would be written; the head is ended by NUL */
    OCSP_RESPONSE *response; /* NULL where the body is not exactly one */
    OCSP_BASICRESP *basic;
} exchange_run;

static inline octets exchange_post(const octets *der)
{
    octets o = {0};
    octets_append_format(&o, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n",
                         der->length);
    octets_append_span(&o, octets_span(der));
    return o;
}

static inline OCSP_CERTID *exchange_id(const exchange_lab *lab, const EVP_MD *digest)
{
    X509 *root = minted_x509(ocsp_store_by_id(&lab->store, "root", NULL));
    X509 *www = minted_x509(ocsp_store_by_id(&lab->store, "www", NULL));
    OCSP_CERTID *id = OCSP_cert_to_id(digest, www, root);
    X509_free(root);
    X509_free(www);
    return id;
}

static inline octets exchange_der(const exchange_lab *lab, const EVP_MD *digest)
{
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    unsigned char *der = NULL;
    octets o = {0};
    OCSP_request_add0_id(request, exchange_id(lab, digest));
    int length = i2d_OCSP_REQUEST(request, &der);
    octets_append(&o, der, (size_t)length);
    OPENSSL_free(der);
    OCSP_REQUEST_free(request);
    return o;
}

static inline void exchange_lab_make(exchange_lab *lab)
{
    problem p = {0};
    *lab = (exchange_lab){.pki = minted_make_all()};
    lab->store = minted_load(&lab->pki);
    if (catalogue_new(ocsp_fault_lines, ocsp_fault_primitives, &lab->faults, &p) != 0) {
        fail_msg("%s", p.detail);
    }
    octets der = exchange_der(lab, EVP_sha1());
    lab->request = exchange_post(&der);
    octets_free(&der);
}

static inline void exchange_lab_drop(exchange_lab *lab)
{
    octets_free(&lab->request);
    catalogue_free(lab->faults);
    ocsp_store_free(&lab->store);
    minted_remove(&lab->pki);
}

/* JSON for which single quotes stand; a new text. */
static inline char *exchange_json(const char *quoted)
{
    char *text = memory_text(quoted);
    for (char *p = text; *p != '\0'; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    return text;
}

/* 0 and the rules in force, whose one step does the `uses` (JSON objects, for whose quotes single
 * ones may stand); or -1 with *p. */
static inline int exchange_rules_try(const exchange_lab *lab, const char *uses, rule_set **out,
                                     problem *p)
{
    const rule_terms terms = {.faults = lab->faults, .keys = ocsp_match_keys, .store = &lab->store};
    char *whole = memory_format("[{'id': 'r', 'sequence': [{'do': [%s]}]}]", uses);
    char *text = exchange_json(whole);
    rule_list *list;
    json_t *rules = json_loads(text, 0, NULL);
    free(whole);
    free(text);
    assert_non_null(rules);
    *out = rule_set_new(&terms, 1);
    int rc = rule_set_replace(*out, rules, &list, p);
    json_decref(rules);
    if (rc == 0) {
        rule_set_swap(*out, list);
    } else {
        rule_set_free(*out);
    }
    return rc;
}

static inline rule_set *exchange_rules(const exchange_lab *lab, const char *uses)
{
    rule_set *set = NULL;
    problem p = {0};
    if (exchange_rules_try(lab, uses, &set, &p) != 0) {
        fail_msg("%s: %s", uses, p.detail);
    }
    return set;
}

static inline void exchange_visit(const fault_act *act, const char *where, void *arg)
{
    primitive_call call = {.subject = arg, .params = act->params};
    assert_null(where);
    act->primitive->act(&call);
}

/* Plays what a transport does with the delivery. */
static inline void exchange_play(exchange_run *r)
{
    const delivery *d = &r->x.delivery;
    const bool by_us = d->end == DELIVERY_RST || d->end == DELIVERY_RST_UNREAD;
    const ocsp_exchange_end how = {.by_us = by_us, .reset = by_us, .sent = d->cut, .received = 1};
    if (delivery_due(d, 0) < d->cut) {
        ocsp_exchange_held(&r->terms, &r->peer, &r->x, false);
    }
    ocsp_exchange_sent(&r->terms, &r->x);
    if (d->end == DELIVERY_HOLD) {
        ocsp_exchange_held(&r->terms, &r->peer, &r->x, true);
    }
    ocsp_exchange_closed(&r->terms, &r->peer, &r->x, &how);
}

static inline void exchange_read_back(exchange_run *r)
{
    const octets *wire = &r->x.delivery.wire;
    const size_t head = r->x.delivery.head;
    octets_append(&r->head, wire->data, head);
    octets_append(&r->head, "", 1);
    octets_append(&r->body, wire->data + head, wire->length - head);
    const unsigned char *p = r->body.data;
    r->response = d2i_OCSP_RESPONSE(NULL, &p, (long)r->body.length);
    if (r->response != NULL && p != r->body.data + r->body.length) {
        OCSP_RESPONSE_free(r->response);
        r->response = NULL;
    }
    if (r->response != NULL) {
        r->basic = OCSP_response_get1_basic(r->response);
    }
}

/* Up to the delivery, which a test may play as it likes. */
static inline exchange_run exchange_begin(const exchange_lab *lab, const rule_set *rules,
                                          const octets *request)
{
    exchange_run r = {.lab = lab, .events = event_log_new(16), .mode = LISTENER_OPEN};
    http_request http = {0};
    r.terms = (ocsp_exchange_terms){&lab->store, rules, r.events};
    r.peer = (ocsp_exchange_peer){7, "0", "192.0.2.1"};
    rule_list_each_listener(rule_set_current(rules), exchange_visit, &r.mode);
    r.at_accept = ocsp_exchange_accept(&r.terms, &r.peer, &r.x);
    if (!r.at_accept) {
        http_request_feed(&http, request->data, request->length);
        assert_int_not_equal(http.state, HTTP_REQUEST_MORE);
        ocsp_exchange_request(&r.terms, &r.peer, &http, NOW, &r.x);
    }
    http_request_free(&http);
    exchange_read_back(&r);
    return r;
}

static inline exchange_run exchange_ask(const exchange_lab *lab, const rule_set *rules,
                                        const octets *request)
{
    exchange_run r = exchange_begin(lab, rules, request);
    exchange_play(&r);
    return r;
}

static inline void exchange_run_free(exchange_run *r)
{
    ocsp_exchange_free(&r->x);
    event_log_free(r->events);
    octets_free(&r->head);
    octets_free(&r->body);
    OCSP_BASICRESP_free(r->basic);
    OCSP_RESPONSE_free(r->response);
}

/* The members `name` of the events of that kind as one text: "a b", "" where there is none. */
static inline void exchange_told(const exchange_run *r, const char *kind, const char *name,
                                 char *out, size_t size)
{
    json_t *events = event_log_since(r->events, 0, NULL, 0), *event, *value, *one;
    size_t i, k;
    out[0] = '\0';
    json_array_foreach(events, i, event)
    {
        value = json_object_get(event, name);
        if (strcmp(json_string_value(json_object_get(event, "kind")), kind) != 0) {
            continue;
        }
        if (json_is_string(value)) {
            snprintf(out + strlen(out), size - strlen(out), "%s%s", out[0] == '\0' ? "" : " ",
                     json_string_value(value));
        }
        json_array_foreach(value, k, one)
        {
            snprintf(out + strlen(out), size - strlen(out), "%s%s", out[0] == '\0' ? "" : " ",
                     json_is_string(one) ? json_string_value(one) : "null");
        }
    }
    json_decref(events);
}

static inline bool exchange_same(const octets *a, const octets *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

/* Whether the two are alike in every octet and in the way they go out. */
static inline bool exchange_equal(const exchange_run *a, const exchange_run *b)
{
    const delivery *d = &a->x.delivery, *e = &b->x.delivery;
    if (!exchange_same(&d->wire, &e->wire) || d->head != e->head || d->cut != e->cut ||
        d->end != e->end || d->hold_ms != e->hold_ms || d->nsegments != e->nsegments) {
        return false;
    }
    for (size_t i = 0; i < d->nsegments; i++) {
        const delivery_segment *s = &d->segments[i], *t = &e->segments[i];
        if (s->from != t->from || s->delay_ms != t->delay_ms || s->chunk != t->chunk ||
            s->interval_ms != t->interval_ms) {
            return false;
        }
    }
    return a->at_accept == b->at_accept && a->mode == b->mode;
}

/* Whether the signature in the response is that of the certificate's key. */
static inline bool exchange_signed_by(const exchange_run *r, const char *id)
{
    X509 *signer = minted_x509(ocsp_store_by_id(&r->lab->store, id, NULL));
    const ASN1_OCTET_STRING *signature = OCSP_resp_get0_signature(r->basic);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char *tbs = NULL;
    int length =
        i2d_OCSP_RESPDATA((OCSP_RESPDATA *)(uintptr_t)OCSP_resp_get0_respdata(r->basic), &tbs);
    bool good = EVP_DigestVerifyInit(context, NULL, NULL, NULL, X509_get0_pubkey(signer)) == 1 &&
                EVP_DigestVerify(context, ASN1_STRING_get0_data(signature),
                                 (size_t)ASN1_STRING_length(signature), tbs, (size_t)length) == 1;
    OPENSSL_free(tbs);
    EVP_MD_CTX_free(context);
    X509_free(signer);
    return good;
}

#endif
