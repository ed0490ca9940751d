/* What rules may say of DNS: which faults compose, which are refused and how, what is matched. */
#include "responders/dns/tests/exchange_fixture.h"

static void faults_of_different_things_compose(void **state)
{
    const query q = query_of("ocsp.test", A);
    dns_exchange x;

    (void)state;
    rules("{\"fault\": \"wrong-id\"}, {\"fault\": \"message-cut\", "
          "\"at\": 28}, {\"fault\": \"answer-delay\", \"ms\": 50}");
    bench_exchange(&l, &q, false, NOW, &x);
    assert_int_equal(x.delivery.cut, 28);
    assert_int_equal(delivery_due(&x.delivery, 49), 0);
    assert_int_equal(delivery_due(&x.delivery, 50), 28);
    dns_exchange_clear(&x);
    assert_string_equal(told(&q, false), "wrong-id, message-cut, answer-delay");

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
        {"{\"fault\": \"message-cut\"}, {\"fault\": \"wrong-address\"}",
         "message-cut and wrong-address"},
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
        {"{\"fault\": \"message-octets\", \"octets\": \"81 8\"}", "/octets",
         "\"octets\" of message-octets must be octets in hexadecimal such as \"8180 0001\", not "
         "\"81 8\""},
        {"{\"fault\": \"message-octets\", \"octets\": \"8g\"}", "/octets", "octets in hexadecimal"},
        {"{\"fault\": \"message-octets\", \"octets\": 81}", "/octets", "octets in hexadecimal"},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(faults_of_different_things_compose),
        TEST(primitives_can_be_named),
        TEST(a_clash_names_both),
        TEST(a_bad_parameter_is_refused),
        TEST(rules_match_in_any_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
