/* What the tests of the exchange share: a name server without sockets, and queries for it. */
#ifndef STAPLELAB_DNS_EXCHANGE_FIXTURE_H
#define STAPLELAB_DNS_EXCHANGE_FIXTURE_H

#include "harness/base/tests/cm.h"

#include <stdio.h>
#include <string.h>

#include "responders/dns/exchange.h"
#include "responders/dns/faults/catalogue.h"
#include "responders/dns/match.h"
#include "responders/engine/catalogue.h"

#define NOW 1000000

typedef struct {
    catalogue *faults;
    dns_store *store;
    rule_set *rules;
    event_log *events;
    dns_exchange_terms terms;
} lab;

static inline void lab_begin(lab *l, const primitive *const *primitives)
{
    static const char *const records[] = {"ocsp.test/A=127.0.0.5", "ocsp.test/AAAA=::5",
                                          "cdn.test/A=127.0.0.7@9", "www.test/CNAME=ocsp.test"};
    problem p;

    *l = (lab){.store = dns_store_new(), .events = event_log_new(10000)};
    if (catalogue_new(dns_fault_lines, primitives, &l->faults, &p) != 0) {
        fail_msg("%s", p.detail);
    }
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        assert_int_equal(dns_store_option(l->store, records[i], &p), 0);
    }
    l->rules = rule_set_new(
        &(rule_terms){.faults = l->faults, .keys = dns_match_keys, .store = l->store}, 1);
    l->terms = (dns_exchange_terms){
        .store = l->store, .rules = l->rules, .events = l->events, .state = fault_state_new()};
}

static inline void lab_end(lab *l)
{
    rule_set_free(l->rules);
    event_log_free(l->events);
    fault_state_free(l->terms.state);
    dns_store_free(l->store);
    catalogue_free(l->faults);
}

/* Puts {"do": [USES]} in force. 0, or -1 with *p. */
static inline int lab_rules(lab *l, const char *uses, problem *p)
{
    char text[1024];
    json_error_t error;
    rule_list *list;
    json_t *rules;
    int rc;

    snprintf(text, sizeof(text), "[{\"id\": \"r\", \"sequence\": [{\"do\": [%s]}]}]", uses);
    rules = json_loads(text, 0, &error);
    if (rules == NULL) {
        fail_msg("%s: %s", text, error.text);
    }
    rc = rule_set_replace(l->rules, rules, &list, p);
    json_decref(rules);
    if (rc == 0) {
        rule_set_swap(l->rules, list);
    }
    return rc;
}

typedef struct {
    uint8_t octets[512];
    size_t length;
} query;

static inline void query_add(query *q, const void *data, size_t length)
{
    memcpy(q->octets + q->length, data, length);
    q->length += length;
}

/* ID 0x1234, RD, one question of class IN; the name is labels with dots. */
static inline query query_of(const char *name, uint16_t type)
{
    const uint8_t end[5] = {0, (uint8_t)(type >> 8), (uint8_t)type, 0, 1};
    query q = {0};

    query_add(&q, "\x12\x34\1\0\0\1\0\0\0\0\0\0", 12);
    while (*name != '\0') {
        const uint8_t length = (uint8_t)strcspn(name, ".");

        query_add(&q, &length, 1);
        query_add(&q, name, length);
        name += length + (name[length] == '.');
    }
    query_add(&q, end, sizeof(end));
    return q;
}

static inline void lab_exchange(lab *l, const query *q, bool tcp, int64_t now, dns_exchange *x)
{
    const dns_peer peer = {.listener = "main",
                           .client = "127.0.0.1",
                           .port = 4711,
                           .tcp = tcp,
                           .connection = tcp ? 7 : 0};

    dns_exchange_message(&l->terms, &peer, (span){q->octets, q->length}, now, x);
}

/* The last event of that kind, borrowed; NULL when there is none. */
static inline const json_t *lab_event(const lab *l, const char *kind)
{
    static json_t *last; /* keeps the event alive until the next call */
    json_t *match = json_pack("{s:s}", "kind", kind);
    json_t *events = event_log_since(l->events, 0, match, 0);

    json_decref(last);
    last = json_incref(json_array_get(events, json_array_size(events) - 1));
    json_decref(events);
    json_decref(match);
    return last;
}

/* The texts of a list as "a, b". */
static inline const char *texts_of(const json_t *list)
{
    static char text[4096];
    size_t i, used = 0;
    json_t *value;

    text[0] = '\0';
    json_array_foreach(list, i, value)
    {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i == 0 ? "" : ", ",
                                 json_string_value(value));
    }
    return text;
}

#endif
