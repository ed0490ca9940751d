/*
 * A whole message through the exchange, under several rules: what is to be sent keeps within its
 * bounds, and whatever happens with it can be told.  The first octet picks the transport and the
 * rules, the others are the message.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "responders/dns/exchange.h"
#include "responders/dns/faults/catalogue.h"
#include "responders/dns/match.h"
#include "responders/engine/catalogue.h"

static const char *const rules[] = {
    "[]",
    "[{\"sequence\": [{\"do\": [{\"fault\": \"cname-chain\", \"n\": 200},"
    "                           {\"fault\": \"wrong-id\"}]}]}]",
    "[{\"sequence\": [{\"times\": 1, \"do\": [{\"fault\": \"cname-loop\", \"length\": 100}]},"
    "                 {\"do\": [{\"fault\": \"wrong-id\"}, {\"fault\": \"message-cut\"}]}]}]",
    "[{\"match\": {\"qtype\": \"A\"}, \"sequence\": [{\"do\": [{\"fault\": \"mixed-addresses\"},"
    "                           {\"fault\": \"answer-delay\"}]}]},"
    " {\"scope\": \"qname\", \"sequence\": [{\"do\": [{\"fault\": \"cname-single\"}]}]}]",
    "[{\"sequence\": [{\"do\": [{\"fault\": \"compression-loop\", \"form\": \"cycle\"}]}]}]",
    "[{\"sequence\": [{\"times\": 2, \"do\": [{\"fault\": \"ttl-short-then-change\"}]},"
    "                 {\"times\": 2, \"do\": [{\"fault\": \"qr-bit-clear\"}]},"
    "                 {\"times\": 1, \"do\": [{\"fault\": \"tc-then-tcp-fails\"}]},"
    "                 {\"times\": 1, \"do\": [{\"fault\": \"drop-query\"}]},"
    "                 {\"times\": 1, \"do\": [{\"fault\": \"formerr\", \"question\": false}]}],"
    "  \"repeat\": true}]",
};

#define NRULES (sizeof(rules) / sizeof(rules[0]))

static dns_exchange_terms all_terms[NRULES];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static dns_exchange_terms lab_new(const dns_store *store, const char *text)
{
    static catalogue *faults;
    rule_terms terms = {.keys = dns_match_keys, .store = store};
    json_t *source = json_loads(text, 0, NULL);
    rule_list *list;
    rule_set *set;
    problem p;

    if (faults == NULL) {
        check(catalogue_new(dns_fault_lines, dns_fault_primitives, &faults, &p) == 0);
    }
    terms.faults = faults;
    set = rule_set_new(&terms, 1);
    check(rule_set_replace(set, source, &list, &p) == 0);
    rule_set_swap(set, list);
    json_decref(source);
    return (dns_exchange_terms){
        .store = store, .rules = set, .events = event_log_new(16), .state = fault_state_new()};
}

static void begin(void)
{
    dns_store *store = dns_store_new();
    problem p;

    check(dns_store_option(store, "ocsp.staplelab.test/A=127.0.0.1,127.0.0.2", &p) == 0);
    check(dns_store_option(store, "www.staplelab.test/CNAME=ocsp.staplelab.test", &p) == 0);
    for (size_t i = 0; i < NRULES; i++) {
        all_terms[i] = lab_new(store, rules[i]);
    }
}

static void check_delivery(const dns_exchange *x, bool tcp)
{
    const delivery *d = &x->delivery;

    check(d->cut == 0 || d->cut == d->wire.length);
    check(d->head == (tcp ? 2 : 0));
    check(d->wire.length >= d->head + 12);
    check(d->wire.length <= (tcp ? 2 + 65535 : 65535));
    check(!tcp || (size_t)(d->wire.data[0] << 8 | d->wire.data[1]) == d->wire.length - 2);
}

static void tell(dns_exchange *x)
{
    json_decref(dns_exchange_held(x, false));
    json_decref(dns_exchange_refused(x));
    json_decref(x->delivery.cut > 0 ? dns_exchange_sent(x)
                                    : dns_exchange_dropped(x, DNS_EXCHANGE_FAULT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dns_peer peer = {.listener = "0", .client = "127.0.0.1", .port = 53};
    const dns_exchange_terms *terms;
    dns_exchange x;

    if (all_terms[0].rules == NULL) {
        begin();
    }
    if (size == 0) {
        return 0;
    }
    peer.tcp = (data[0] & 1) != 0;
    terms = &all_terms[data[0] / 2 % NRULES];
    dns_exchange_message(terms, &peer, (span){data + 1, size - 1}, data[0], &x);
    if (x.ignored) {
        check(x.delivery.wire.length == 0);
    } else {
        check_delivery(&x, peer.tcp);
        tell(&x);
    }
    dns_exchange_clear(&x);
    return 0;
}
