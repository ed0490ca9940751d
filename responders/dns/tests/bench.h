/* A name server without sockets, for tests of the exchange. */
#ifndef STAPLELAB_DNS_BENCH_H
#define STAPLELAB_DNS_BENCH_H

#include "harness/base/tests/cm.h"

#include <stdio.h>
#include <string.h>

#include "responders/dns/exchange.h"
#include "responders/dns/faults/catalogue.h"
#include "responders/dns/match.h"
#include "responders/dns/tests/dns_builder.h"
#include "responders/engine/catalogue.h"

#define NOW 1000000

typedef struct {
    catalogue *faults;
    dns_store *store;
    rule_set *rules;
    event_log *events;
    dns_exchange_terms terms;
} bench;

static inline void bench_begin(bench *b, const primitive *const *primitives)
{
    static const char *const records[] = {"ocsp.test/A=127.0.0.5", "ocsp.test/AAAA=::5",
                                          "cdn.test/A=127.0.0.7@9", "www.test/CNAME=ocsp.test",
                                          "far.test/CNAME=cdn.test"};
    problem p;

    *b = (bench){.store = dns_store_new(), .events = event_log_new(10000)};
    if (catalogue_new(dns_fault_lines, primitives, &b->faults, &p) != 0) {
        fail_msg("%s", p.detail);
    }
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        assert_int_equal(dns_store_option(b->store, records[i], &p), 0);
    }
    b->rules = rule_set_new(
        &(rule_terms){.faults = b->faults, .keys = dns_match_keys, .store = b->store}, 1);
    b->terms = (dns_exchange_terms){
        .store = b->store, .rules = b->rules, .events = b->events, .state = fault_state_new()};
}

static inline void bench_end(bench *b)
{
    rule_set_free(b->rules);
    event_log_free(b->events);
    fault_state_free(b->terms.state);
    dns_store_free(b->store);
    catalogue_free(b->faults);
}

/* Puts {"do": [USES]} in force. 0, or -1 with *p. */
static inline int bench_rules(bench *b, const char *uses, problem *p)
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
    rc = rule_set_replace(b->rules, rules, &list, p);
    json_decref(rules);
    if (rc == 0) {
        rule_set_swap(b->rules, list);
    }
    return rc;
}

static inline void bench_exchange(bench *b, const query *q, bool tcp, int64_t now, dns_exchange *x)
{
    const dns_peer peer = {.listener = "main",
                           .client = "127.0.0.1",
                           .port = 4711,
                           .tcp = tcp,
                           .connection = tcp ? 7 : 0};

    dns_exchange_message(&b->terms, &peer, (span){q->octets, q->length}, now, x);
}

/* The last event of that kind, borrowed; NULL when there is none. */
static inline const json_t *bench_event(const bench *b, const char *kind)
{
    static json_t *last; /* keeps the event alive until the next call */
    json_t *match = json_pack("{s:s}", "kind", kind);
    json_t *events = event_log_since(b->events, 0, match, 0);

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
