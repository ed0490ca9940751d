/* What the tests of the exchange share: a bench for each test, and short ways to ask it. */
#ifndef STAPLELAB_DNS_EXCHANGE_FIXTURE_H
#define STAPLELAB_DNS_EXCHANGE_FIXTURE_H

#include "responders/dns/tests/bench.h"
#include "responders/dns/tests/dns_reader.h"

enum { A = 1, TXT = 16, AAAA = 28 };

/* An OPT record (RFC 6891) for 4096 octets. */
#define OPT "\0\0\x29\x10\0\0\0\0\0\0\0"

static bench l; /* of the test that runs */
static reader r;

static inline int begin(void **state)
{
    (void)state;
    bench_begin(&l, dns_fault_primitives);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    bench_end(&l);
    return 0;
}

static inline void rules(const char *uses)
{
    problem p;

    if (bench_rules(&l, uses, &p) != 0) {
        fail_msg("%s: %s", p.pointer, p.detail);
    }
}

/* What is sent over UDP for the message, as text. */
static inline const char *ask(const query *q)
{
    dns_exchange x;

    bench_exchange(&l, q, false, NOW, &x);
    reader_read(&r, x.delivery.wire.data, x.delivery.wire.length);
    dns_exchange_clear(&x);
    return r.text;
}

/* The faults that the response to the message proves. */
static inline const char *told(const query *q, bool tcp)
{
    static char text[4096];
    dns_exchange x;
    json_t *event;

    bench_exchange(&l, q, tcp, NOW, &x);
    event = dns_exchange_sent(&x);
    snprintf(text, sizeof(text), "%s", texts_of(json_object_get(event, "faults")));
    json_decref(event);
    dns_exchange_clear(&x);
    return text;
}

static inline const char *string_of(const json_t *event, const char *member)
{
    return json_string_value(json_object_get(event, member));
}

static inline json_int_t number_of(const json_t *event, const char *member)
{
    return json_integer_value(json_object_get(event, member));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
