/*
 * The exchange beyond the table of faults: what is no query, what events say, what cannot be done.
 */
#include "responders/dns/tests/exchange_fixture.h"

/* ----- queries and what is none ----- */

static void strangers_get_an_error(void **state)
{
    query q = query_of("ocsp.test", A);

    (void)state;
    q.length--;
    assert_string_equal(ask(&q), "1234 qr rd ra 1; -; -");
    assert_string_equal(string_of(bench_event(&l, "malformed"), "why"), "question is cut");
    assert_int_equal(number_of(bench_event(&l, "malformed"), "octets"), q.length);
    assert_null(bench_event(&l, "query"));

    q = query_of("ocsp.test", A);
    q.octets[2] = 5 << 3;
    assert_string_equal(ask(&q), "1234 qr ra opcode 5 4; -; -");

    q = query_of("ocsp.test", TXT);
    q.octets[q.length - 1] = 3;
    assert_string_equal(ask(&q), "1234 qr rd ra 5; ocsp.test TXT; -"); /* not ours to say */
}

static void what_is_no_query_is_ignored(void **state)
{
    query q = query_of("ocsp.test", A);
    dns_exchange x;

    (void)state;
    q.octets[2] |= 0x80;
    bench_exchange(&l, &q, true, NOW, &x);
    assert_true(x.ignored);
    assert_true(x.malformed);
    assert_int_equal(x.delivery.wire.length, 0);
    assert_string_equal(string_of(bench_event(&l, "malformed"), "why"), "a response, not a query");
    dns_exchange_clear(&x);
}

static void edns_is_answered_with_edns(void **state)
{
    query q = query_of("ocsp.test", A);

    (void)state;
    query_add(&q, OPT, sizeof(OPT) - 1);
    q.octets[11] = 1;
    assert_string_equal(ask(&q),
                        "1234 qr aa rd ra 0; ocsp.test A; ocsp.test 300 A 127.0.0.5 + opt");
    rules("{\"fault\": \"servfail\"}");
    assert_string_equal(ask(&q), "1234 qr aa rd ra 2; ocsp.test A; - + opt");
    q.octets[q.length - 5] = 1;
    rules("");
    assert_string_equal(ask(&q), "1234 qr rd ra 0; ocsp.test A; - + opt 1");
}

/* RFC 6891, 6.1.1: an error has an OPT record, too, for who has sent one. */
static void errors_have_edns_too(void **state)
{
    query q = query_of("ocsp.test", A), two;

    (void)state;
    query_add(&q, OPT, sizeof(OPT) - 1);
    q.octets[11] = 1;
    q.octets[2] = 5 << 3;
    assert_string_equal(ask(&q), "1234 qr ra opcode 5 4; -; - + opt");
    q.octets[2] = 1;
    two = q;
    query_add(&two, OPT, sizeof(OPT) - 1);
    two.octets[11] = 2;
    assert_string_equal(ask(&two), "1234 qr rd ra 1; -; - + opt");
    query_add(&q, "x", 1); /* behind the last record */
    assert_string_equal(ask(&q), "1234 qr rd ra 1; -; - + opt");
    q.length -= 2; /* the record itself is cut */
    assert_string_equal(ask(&q), "1234 qr rd ra 1; -; -");
}

/* ----- events ----- */

static void a_query_and_its_response_are_told(void **state)
{
    const query q = query_of("OCSP.test", A);
    const json_t *event;
    json_t *response;
    dns_exchange x;

    (void)state;
    rules("{\"fault\": \"ttl-zero\"}");
    bench_exchange(&l, &q, true, NOW, &x);
    event = bench_event(&l, "query");
    assert_string_equal(string_of(event, "listener"), "main");
    assert_string_equal(string_of(event, "client"), "127.0.0.1");
    assert_int_equal(number_of(event, "client_port"), 4711);
    assert_string_equal(string_of(event, "transport"), "tcp");
    assert_int_equal(number_of(event, "connection"), 7);
    assert_string_equal(string_of(event, "qname"), "ocsp.test");
    assert_string_equal(string_of(event, "qtype"), "A");
    assert_int_equal(number_of(event, "id"), 0x1234);
    assert_int_equal(number_of(event, "octets"), q.length);
    assert_false(json_is_true(json_object_get(event, "edns")));
    assert_string_equal(string_of(event, "rule"), "r");
    assert_int_equal(number_of(event, "ordinal"), 0);
    assert_string_equal(texts_of(json_object_get(event, "planned")), "ttl-zero");

    response = dns_exchange_sent(&x);
    assert_string_equal(string_of(response, "qname"), "ocsp.test");
    assert_int_equal(number_of(response, "rcode"), 0);
    assert_string_equal(texts_of(json_object_get(response, "answers")), "OCSP.test 0 A 127.0.0.5");
    assert_int_equal(number_of(response, "octets"), x.delivery.wire.length - 2);
    assert_false(json_is_true(json_object_get(response, "truncated")));
    assert_string_equal(texts_of(json_object_get(response, "faults")), "ttl-zero");
    json_decref(response);
    dns_exchange_clear(&x);
}

static void what_is_dropped_otherwise_proves_nothing(void **state)
{
    const query q = query_of("ocsp.test", A);
    dns_exchange x;
    json_t *event;

    (void)state;
    rules("{\"fault\": \"servfail\"}, {\"fault\": \"answer-delay\"}");
    bench_exchange(&l, &q, true, NOW, &x);
    event = dns_exchange_held(&x, false);
    assert_string_equal(string_of(event, "why"), "waits for the clock");
    assert_string_equal(texts_of(json_object_get(event, "faults")), "answer-delay");
    json_decref(event);
    event = dns_exchange_dropped(&x, "the connection was closed");
    assert_string_equal(string_of(event, "why"), "the connection was closed");
    assert_int_equal(json_array_size(json_object_get(event, "faults")), 0);
    json_decref(event);
    dns_exchange_clear(&x);
}

/* The peer was faster than the reset. */
static void a_reset_that_did_not_come_proves_nothing(void **state)
{
    const query q = query_of("ocsp.test", A);
    dns_exchange x;
    json_t *event;

    (void)state;
    rules("{\"fault\": \"tc-then-tcp-fails\", \"mode\": \"reset\"}");
    bench_exchange(&l, &q, true, NOW, &x);
    event = dns_exchange_dropped(&x, "the connection was closed");
    assert_int_equal(json_array_size(json_object_get(event, "faults")), 0);
    json_decref(event);
    dns_exchange_clear(&x);
}

/* What an event says of an echo is what is in it. */
static void an_echo_has_no_code(void **state)
{
    const query q = query_of("no.test", A);
    dns_exchange x;
    json_t *event;

    (void)state;
    rules("{\"fault\": \"qr-bit-clear\"}");
    bench_exchange(&l, &q, false, NOW, &x);
    event = dns_exchange_sent(&x);
    assert_int_equal(number_of(event, "rcode"), 0);
    assert_int_equal(number_of(event, "octets"), q.length);
    json_decref(event);
    dns_exchange_clear(&x);
}

/* The refusal alone is not the fault: the truncated response is its other half. */
static void a_refusal_is_told_with_its_rule(void **state)
{
    const query q = query_of("ocsp.test", A);
    dns_exchange x;
    json_t *event;

    (void)state;
    rules("{\"fault\": \"tc-then-tcp-fails\"}");
    bench_exchange(&l, &q, false, NOW, &x);
    event = dns_exchange_refused(&x);
    assert_string_equal(string_of(event, "rule"), "r");
    assert_int_equal(json_array_size(json_object_get(event, "faults")), 0);
    json_decref(event);
    dns_exchange_clear(&x);

    rules("{\"primitive\": \"tcp-fails\"}");
    bench_exchange(&l, &q, false, NOW, &x);
    event = dns_exchange_refused(&x);
    assert_string_equal(texts_of(json_object_get(event, "faults")), "tcp-fails");
    json_decref(event);
    dns_exchange_clear(&x);
}

/* The octets that a client takes over UDP (RFC 1035 4.2.1, RFC 6891 6.2.3), and what we send. */
static void a_datagram_is_no_longer_than_it_may_be(void **state)
{
    static const struct {
        size_t records, edns; /* 0: none */
        bool whole;
    } sizes[] = {{30, 0, true},     {31, 0, false},    {31, 1232, true},
                 {77, 1232, false}, {250, 4096, true}, {260, 65535, false}};
    query q = query_of("ocsp.test", A), with_edns = q;
    json_t *body;
    problem p;

    (void)state;
    query_add(&with_edns, OPT, sizeof(OPT) - 1);
    with_edns.octets[11] = 1;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        body = json_pack("{s:[]}", "values");
        for (size_t k = 0; k < sizes[i].records; k++) {
            json_array_append_new(json_object_get(body, "values"), json_string("127.0.0.1"));
        }
        assert_int_equal(dns_store_put(l.store, "ocsp.test", "A", body, &p), 0);
        json_decref(body);
        with_edns.octets[with_edns.length - 8] = (uint8_t)(sizes[i].edns >> 8);
        with_edns.octets[with_edns.length - 7] = (uint8_t)sizes[i].edns;
        assert_int_equal(strstr(ask(sizes[i].edns == 0 ? &q : &with_edns), " tc ") == NULL,
                         sizes[i].whole);
    }
}

/* A message that has no room for records has none of what was changed in them. */
static void long_chains_go_over_tcp(void **state)
{
    const query q = query_of("ocsp.test", A);

    (void)state;
    rules("{\"fault\": \"cname-chain\", \"n\": 200}");
    assert_string_equal(ask(&q), "1234 qr aa tc rd ra 0; ocsp.test A; -");
    assert_string_equal(told(&q, false), "");
    assert_string_equal(told(&q, true), "cname-chain");
    rules("{\"fault\": \"cname-chain\", \"n\": 200}, {\"fault\": \"wrong-id\"}");
    assert_string_equal(told(&q, false), "wrong-id");
    assert_string_equal(told(&q, true), "cname-chain, wrong-id");
}

/* ----- what cannot be done, or in part only ----- */

/* A name of `length` octets on the wire, in labels of at most 50 letters. */
static const char *long_name(size_t length)
{
    static char text[256];
    size_t left = length - 1, used = 0;

    while (left > 0) {
        size_t label = left > 51 ? (left > 52 ? 50 : 49) : left - 1;

        memset(text + used, 'a', label);
        used += label;
        text[used++] = '.';
        left -= label + 1;
    }
    text[used - 1] = '\0';
    return text;
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;

    for (; (text = strstr(text, word)) != NULL; text += strlen(word)) {
        n++;
    }
    return n;
}

/* "c1" to "c9" fit before a name of 252 octets, "c10" does not: nine aliases, then the end. */
static void a_chain_ends_where_the_name_is_full(void **state)
{
    query q = query_of(long_name(252), A);
    const char *text;

    (void)state;
    rules("{\"fault\": \"cname-chain\"}");
    query_add(&q, OPT, sizeof(OPT) - 1);
    q.octets[11] = 1;
    text = ask(&q);
    assert_int_equal(count(text, " CNAME "), 9);
    assert_int_equal(count(text, " SOA "), 1);
    assert_string_equal(told(&q, false), "cname-chain");
    assert_null(bench_event(&l, "problem"));
}

static void a_loop_closes_where_the_name_is_full(void **state)
{
    query q = query_of(long_name(249), A);

    (void)state;
    rules("{\"fault\": \"cname-loop\", \"length\": 30}");
    query_add(&q, OPT, sizeof(OPT) - 1);
    q.octets[11] = 1;
    assert_int_equal(count(ask(&q), " CNAME "), 10);
    assert_int_equal(count(ask(&q), "CNAME loop9."), 1);
    assert_string_equal(told(&q, false), "cname-loop");

    q = query_of(long_name(255), A);
    assert_int_equal(count(ask(&q), " CNAME "), 1);
    assert_string_equal(told(&q, false), "cname-loop");
}

static void no_room_for_an_alias_is_a_problem(void **state)
{
    static const char *const faults[] = {"cname-single", "cname-chain"};
    const query q = query_of(long_name(254), A);
    char use[64];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        snprintf(use, sizeof(use), "{\"fault\": \"%s\"}", faults[i]);
        rules(use);
        assert_string_equal(told(&q, false), "");
        assert_string_equal(string_of(bench_event(&l, "problem"), "fault"), faults[i]);
        assert_string_equal(string_of(bench_event(&l, "problem"), "detail"),
                            "the name has no room for one more label");
        assert_string_equal(string_of(bench_event(&l, "problem"), "rule"), "r");
        assert_int_equal(count(ask(&q), " CNAME "), 0);
    }
}

static void a_full_memory_of_questions_is_a_problem(void **state)
{
    const query q = query_of("ocsp.test", A), other = query_of("cdn.test", A);
    char question[32];
    int64_t first;

    (void)state;
    rules("{\"fault\": \"ttl-short-then-change\"}");
    assert_string_equal(told(&q, false), "ttl-short-then-change");
    for (int i = 0; i < FAULT_STATE_MAX; i++) {
        snprintf(question, sizeof(question), "n%d.test A", i);
        fault_state_first(l.terms.state, "r", question, NOW, &first);
    }
    assert_null(bench_event(&l, "problem"));
    /* what is known goes on */
    assert_string_equal(told(&q, false), "ttl-short-then-change");
    assert_string_equal(told(&other, false), "");
    assert_string_equal(string_of(bench_event(&l, "problem"), "fault"), "ttl-short-then-change");
    assert_string_equal(ask(&other), "1234 qr aa rd ra 0; cdn.test A; cdn.test 9 A 127.0.0.7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(strangers_get_an_error),
        TEST(what_is_no_query_is_ignored),
        TEST(edns_is_answered_with_edns),
        TEST(errors_have_edns_too),
        TEST(a_query_and_its_response_are_told),
        TEST(what_is_dropped_otherwise_proves_nothing),
        TEST(a_reset_that_did_not_come_proves_nothing),
        TEST(an_echo_has_no_code),
        TEST(a_refusal_is_told_with_its_rule),
        TEST(a_datagram_is_no_longer_than_it_may_be),
        TEST(long_chains_go_over_tcp),
        TEST(a_chain_ends_where_the_name_is_full),
        TEST(a_loop_closes_where_the_name_is_full),
        TEST(no_room_for_an_alias_is_a_problem),
        TEST(a_full_memory_of_questions_is_a_problem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
