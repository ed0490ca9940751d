/*
 * The exchange beyond the table of faults: what is no query, what events say, what cannot be done,
 * what composes and what is refused.
 */
#include "responders/dns/tests/dns_reader.h"
#include "responders/dns/tests/exchange_fixture.h"

enum { A = 1, TXT = 16, AAAA = 28 };

#define OPT "\0\0\x29\x10\0\0\0\0\0\0\0"

static bench l;
static reader r;

static int begin(void **state)
{
    (void)state;
    bench_begin(&l, dns_fault_primitives);
    return 0;
}

static int end(void **state)
{
    (void)state;
    bench_end(&l);
    return 0;
}

static void rules(const char *uses)
{
    problem p;

    if (bench_rules(&l, uses, &p) != 0) {
        fail_msg("%s: %s", p.pointer, p.detail);
    }
}

/* What is sent over UDP for the message, as text. */
static const char *ask(const query *q)
{
    dns_exchange x;

    bench_exchange(&l, q, false, NOW, &x);
    reader_read(&r, x.delivery.wire.data, x.delivery.wire.length);
    dns_exchange_clear(&x);
    return r.text;
}

/* The faults that the response to the message proves. */
static const char *told(const query *q, bool tcp)
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

static const char *string_of(const json_t *event, const char *member)
{
    return json_string_value(json_object_get(event, member));
}

static json_int_t number_of(const json_t *event, const char *member)
{
    return json_integer_value(json_object_get(event, member));
}

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
    assert_string_equal(ask(&q), "1234 qr aa rd ra 5; ocsp.test TXT; -");
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
    assert_string_equal(ask(&q), "1234 qr aa rd ra 0; ocsp.test A; - + opt 1");
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

/* ----- together, and refused ----- */

static void faults_of_different_things_compose(void **state)
{
    const query q = query_of("ocsp.test", A);
    dns_exchange x;

    (void)state;
    rules("{\"fault\": \"wrong-address\"}, {\"fault\": \"wrong-id\"}, {\"fault\": \"message-cut\", "
          "\"at\": 28}, {\"fault\": \"answer-delay\", \"ms\": 50}");
    bench_exchange(&l, &q, false, NOW, &x);
    assert_int_equal(x.delivery.cut, 28);
    assert_int_equal(delivery_due(&x.delivery, 49), 0);
    assert_int_equal(delivery_due(&x.delivery, 50), 28);
    dns_exchange_clear(&x);
    assert_string_equal(told(&q, false), "wrong-address, wrong-id, message-cut, answer-delay");

    rules("{\"fault\": \"rcode-with-answers\"}, {\"fault\": \"ttl-zero\"}");
    assert_string_equal(ask(&q), "1234 qr aa rd ra 2; ocsp.test A; ocsp.test 0 A 127.0.0.5");
}

static void primitives_can_be_named(void **state)
{
    const query q = query_of("ocsp.test", A);
    dns_exchange x;

    (void)state;
    rules("{\"primitive\": \"ttl\", \"seconds\": 4294967295}");
    assert_string_equal(ask(&q), "1234 qr aa rd ra 0; ocsp.test A; "
                                 "ocsp.test 4294967295 A 127.0.0.5");
    rules("{\"primitive\": \"rcode\", \"question\": false, \"type\": \"AAAA\"}");
    assert_string_equal(ask(&q), "1234 qr aa rd ra 0; ocsp.test A; ocsp.test 300 A 127.0.0.5");
    rules("{\"primitive\": \"delay\", \"before\": \"body\"}");
    bench_exchange(&l, &q, true, NOW, &x);
    assert_int_equal(delivery_due(&x.delivery, 1999), 2);
    dns_exchange_clear(&x);
}

static void a_clash_names_both(void **state)
{
    static const struct {
        const char *uses, *detail;
    } clashes[] = {
        {"{\"fault\": \"servfail\"}, {\"fault\": \"nxdomain\"}", "servfail and nxdomain"},
        {"{\"fault\": \"nodata\"}, {\"fault\": \"rcode-with-answers\"}",
         "nodata and rcode-with-answers"},
        {"{\"fault\": \"wrong-address\"}, {\"fault\": \"mixed-addresses\"}",
         "wrong-address and mixed-addresses"},
        {"{\"fault\": \"cname-loop\"}, {\"fault\": \"ttl-zero\"}", "cname-loop and ttl-zero"},
        {"{\"fault\": \"qr-bit-clear\"}, {\"fault\": \"wrong-id\"}", "qr-bit-clear and wrong-id"},
        {"{\"fault\": \"drop-query\"}, {\"fault\": \"tc-then-tcp-fails\"}",
         "drop-query and tc-then-tcp-fails"},
    };
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof(clashes) / sizeof(clashes[0]); i++) {
        assert_int_equal(bench_rules(&l, clashes[i].uses, &p), -1);
        assert_string_equal(p.pointer, "/0/sequence/0/do/1");
        if (strstr(p.detail, clashes[i].detail) == NULL) {
            fail_msg("%s", p.detail);
        }
    }
}

static void a_bad_parameter_is_refused(void **state)
{
    static const struct {
        const char *use, *pointer, *detail;
    } bad[] = {
        {"{\"fault\": \"wrong-address\", \"values\": [\"127.0.0.1\", \"localhost\"]}", "/values",
         "\"values\" of wrong-address must be a list of addresses such as \"127.0.0.1\" and "
         "\"::1\", not [\"127.0.0.1\",\"localhost\"]"},
        {"{\"fault\": \"wrong-address\", \"values\": \"127.0.0.1\"}", "/values", "a list of"},
        {"{\"fault\": \"answer-change\", \"values\": [7]}", "/values", "a list of"},
        {"{\"fault\": \"mixed-addresses\", \"dead\": [\"127.0.0.256\"]}", "/dead", "127.0.0.256"},
        {"{\"fault\": \"cname-single\", \"target\": \"a..b\"}", "/target",
         "\"target\" of cname-single must be a domain name such as \"www.example\", or null, not "
         "\"a..b\""},
        {"{\"fault\": \"cname-single\", \"target\": 7}", "/target", "a domain name"},
        {"{\"fault\": \"per-type-divergence\", \"type\": \"B\"}", "/type",
         "a record type such as \"A\", \"AAAA\" or \"TYPE65280\", not \"B\""},
        {"{\"fault\": \"per-type-divergence\", \"type\": null}", "/type", "not null"},
        {"{\"fault\": \"rcode-unassigned\", \"value\": 5}", "/value",
         "an integer from 6 to 15, not 5"},
        {"{\"fault\": \"servfail\", \"rcode\": 3}", "/rcode", "rcode"},
        {"{\"fault\": \"servfial\"}", "/fault", "servfail"},
    };
    char pointer[64];
    problem p;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(pointer, sizeof(pointer), "/0/sequence/0/do/0%s", bad[i].pointer);
        assert_int_equal(bench_rules(&l, bad[i].use, &p), -1);
        assert_string_equal(p.pointer, pointer);
        if (strstr(p.detail, bad[i].detail) == NULL) {
            fail_msg("%s", p.detail);
        }
    }
}

static void rules_match_in_any_form(void **state)
{
    static const struct {
        const char *match;
        int served; /* -1: refused */
    } matches[] = {
        {"\"qname\": \"OCSP.test.\"", 1},  {"\"qname\": \"test\"", 0},
        {"\"qname\": \"a..b\"", -1},       {"\"qtype\": \"a\"", 1},
        {"\"qtype\": \"TYPE1\"", 1},       {"\"qtype\": \"AAAA\"", 0},
        {"\"qtype\": \"NONE\"", -1},       {"\"transport\": \"UDP\"", 1},
        {"\"transport\": \"TCP\"", 0},     {"\"transport\": \"sctp\"", -1},
        {"\"client\": \"127.0.0.1\"", 1},  {"\"client\": \"::1\"", 0},
        {"\"client\": \"localhost\"", -1}, {"\"listener\": \"main\"", 1},
        {"\"listener\": \"other\"", 0},
    };
    const query q = query_of("ocsp.test", A);
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
        rule_list *list;
        json_t *source;
        problem p;
        int rc;

        snprintf(text, sizeof(text),
                 "[{\"match\": {%s}, \"sequence\": [{\"do\": [{\"fault\": \"servfail\"}]}]}]",
                 matches[i].match);
        source = json_loads(text, 0, NULL);
        rc = rule_set_replace(l.rules, source, &list, &p);
        json_decref(source);
        assert_int_equal(rc, matches[i].served < 0 ? -1 : 0);
        if (rc == 0) {
            rule_set_swap(l.rules, list);
            assert_string_equal(told(&q, false), matches[i].served ? "servfail" : "");
        }
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(strangers_get_an_error),
        TEST(what_is_no_query_is_ignored),
        TEST(edns_is_answered_with_edns),
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
        TEST(faults_of_different_things_compose),
        TEST(primitives_can_be_named),
        TEST(a_clash_names_both),
        TEST(a_bad_parameter_is_refused),
        TEST(rules_match_in_any_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
