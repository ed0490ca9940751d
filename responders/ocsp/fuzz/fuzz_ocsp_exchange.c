/*
 * A whole request, through the parsers, a rule and the response: whatever a peer sends, something
 * goes out that a transport can carry out, and the events can be told.  The first octet chooses the
 * rule, the rest is what the peer sends.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/engine/catalogue.h"
#include "responders/ocsp/codec/serial.h"
#include "responders/ocsp/exchange.h"
#include "responders/ocsp/faults/catalogue.h"
#include "responders/ocsp/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DO(fault) "{\"fault\": \"" fault "\"}"

/* Steps of rules: together they have every stage and most primitives. */
static const char *const steps[] = {
    "",
    DO("status-try-later") "," DO("http-5xx") "," DO("slow-headers"),
    DO("cert-status-revoked") "," DO("wrong-serial") "," DO("next-update-past") "," DO(
        "signed-by-other-ca") "," DO("bad-signature") "," DO("der-trailing-garbage"),
    DO("cert-id-hash-other") "," DO("next-update-absent") "," DO("delegated-signer-missing") "," DO(
        "body-oversized"),
    DO("wrong-issuer-name-hash") "," DO("wrong-issuer-key-hash") "," DO("short-validity") "," DO(
        "responder-id-wrong") "," DO("chunked-to-http10") "," DO("truncated-body"),
    DO("this-update-future") "," DO("content-length-too-short") "," DO(
        "content-type-missing") "," DO("header-oversized") "," DO("fixed-latency") "," DO("slow-"
                                                                                          "body"),
    DO("not-der") "," DO("content-type-wrong") "," DO("rst-mid-body"),
    DO("captive-portal") "," DO("fin-mid-headers") "," DO("slow-body"),
    DO("garbage-then-close") "," DO("rst-after-request"),
    DO("http-redirect") "," DO("no-close-keepalive"),
    DO("accept-then-silence"),
    DO("rst-on-accept"),
    DO("der-truncated") "," DO("http-4xx"),
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

/* Certificates whose issuer the corpus can name without computing a hash: all are "n" and "k". */
static void add(ocsp_store *store, const char *id, const char *serial)
{
    static const uint8_t seed[32] = "faulty-ocspd fuzz";
    ocsp_certificate *c = memory_new(sizeof(*c));
    c->id = memory_text(id);
    c->issuer_id = memory_text("root");
    c->serial_hex = memory_text(serial);
    serial_from_hex(&c->serial, serial);
    octets_append(&c->der, "\x30\x00", 2);
    octets_append(&c->subject, "\x30\x00", 2);
    c->name_hash = memory_array(HASH_KINDS, sizeof(c->name_hash[0]));
    c->key_hash = memory_array(HASH_KINDS, sizeof(c->key_hash[0]));
    memset(c->name_hash, 'n', HASH_KINDS * sizeof(c->name_hash[0]));
    memset(c->key_hash, 'k', HASH_KINDS * sizeof(c->key_hash[0]));
    c->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
    ocsp_store_add(store, c);
    c->issuer = store->all[0];
}

static rule_set *make_rules(const catalogue *faults, const ocsp_store *store, size_t step)
{
    const rule_terms terms = {.faults = faults, .keys = ocsp_match_keys, .store = store};
    char *text = memory_format("[{\"sequence\": [{\"do\": [%s]}]}]", steps[step]);
    json_t *source = json_loads(text, 0, NULL);
    rule_set *rules = rule_set_new(&terms, 1);
    rule_list *list;
    problem p;
    if (source == NULL || rule_set_replace(rules, source, &list, &p) != 0) {
        abort();
    }
    rule_set_swap(rules, list);
    json_decref(source);
    free(text);
    return rules;
}

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* What a transport relies on. */
static void check_delivery(const delivery *d, bool at_accept)
{
    check(d->nsegments > 0 && d->segments[0].from == 0);
    check(d->head <= d->wire.length && d->cut <= d->wire.length);
    check(at_accept ? d->cut == 0 : d->wire.length > 0);
    check(at_accept || d->end != DELIVERY_RST_UNREAD);
    check(delivery_due(d, INT64_MAX) == d->cut);
}

static void check_events(const event_log *events, size_t least)
{
    json_t *all = event_log_since(events, 0, NULL, 0);
    char *text = json_dumps(all, 0);
    check(text != NULL && json_array_size(all) >= least);
    free(text);
    json_decref(all);
}

static void play(const ocsp_exchange_terms *terms, const ocsp_exchange_peer *peer, ocsp_exchange *x)
{
    const ocsp_exchange_end end = {.by_us = x->delivery.end == DELIVERY_RST};
    ocsp_exchange_held(terms, peer, x, false);
    ocsp_exchange_sent(terms, x);
    if (x->delivery.end == DELIVERY_HOLD) {
        ocsp_exchange_held(terms, peer, x, true);
    }
    ocsp_exchange_closed(terms, peer, x, &end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ocsp_store store = {.validity = 86400};
    static catalogue *faults;
    static rule_set *rules[STEPS];
    const ocsp_exchange_peer peer = {1, "0", "127.0.0.1"};
    problem p;

    if (faults == NULL) {
        static const char *const ids[][2] = {
            {"root", "1"}, {"www", "1001"}, {"delegate", "2001"}, {"rogue", "5"}};
        for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
            add(&store, ids[i][0], ids[i][1]);
        }
        ocsp_store_reset(&store);
        check(catalogue_new(ocsp_fault_lines, ocsp_fault_primitives, &faults, &p) == 0);
        for (size_t i = 0; i < STEPS; i++) {
            rules[i] = make_rules(faults, &store, i);
        }
    }
    if (size == 0) {
        return 0;
    }

    http_request http = {0};
    if (http_request_feed(&http, data + 1, size - 1) != HTTP_REQUEST_MORE) {
        event_log *events = event_log_new(32);
        const ocsp_exchange_terms terms = {&store, rules[data[0] % STEPS], events};
        ocsp_exchange x;
        const bool at_accept = ocsp_exchange_accept(&terms, &peer, &x);
        if (!at_accept) {
            ocsp_exchange_request(&terms, &peer, &http, 1893456000, &x);
        }
        check_delivery(&x.delivery, at_accept);
        play(&terms, &peer, &x);
        check_events(events, at_accept ? 2 : 4);
        ocsp_exchange_free(&x);
        event_log_free(events);
    }
    http_request_free(&http);
    return 0;
}
