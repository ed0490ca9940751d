/*
 * Requests of every kind, and when a fault counts as proven: what the peer has not got has not
 * happened.
 */
#include "responders/ocsp/tests/exchange_lab.h"

static exchange_lab lab;

static exchange_run ask(const rule_set *rules, const char *request)
{
    octets o = {0};
    octets_append_text(&o, request);
    exchange_run r = exchange_ask(&lab, rules, &o);
    octets_free(&o);
    return r;
}

/* A rule that does http-5xx where it matches. */
static rule_set *match_rules(const char *match)
{
    char *quoted =
        memory_format("[{'match': %s, 'sequence': [{'do': [" USE("http-5xx") "]}]}]", match);
    rule_set *rules = exchange_no_rules(&lab);
    rule_list *list;
    problem p;
    assert_int_equal(exchange_rules_read(rules, quoted, &list, &p), 0);
    rule_set_swap(rules, list);
    free(quoted);
    return rules;
}

/* ----- requests ----- */

static void what_is_no_http_is_refused_whatever_the_rules(void **state)
{
    static const struct {
        const char *request, *line;
    } cases[] = {
        {"GET / HTTP/3.0\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
        {"GET /\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
        {"POST / HTTP/1.0\r\nContent-Length: 70000\r\n\r\n", "HTTP/1.1 413 Content Too Large\r\n"},
        {"POST / HTTP/1.0\r\nTransfer-Encoding: a\r\n\r\n", "HTTP/1.1 501 Not Implemented\r\n"},
    };
    (void)state;
    rule_set *rules = exchange_rules(&lab, USE("http-redirect"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        exchange_run r = ask(rules, cases[i].request);
        assert_memory_equal(r.head.data, cases[i].line, strlen(cases[i].line));
        assert_non_null(strstr((const char *)r.head.data, "\r\nContent-Type: text/plain\r\n"));
        octets_append(&r.body, "", 1);
        exchange_assert_told(&r, "request", "problem", (const char *)r.body.data);
        exchange_assert_told(&r, "request", "planned", "");
        exchange_assert_told(&r, "response", "faults", "");
        exchange_run_free(&r);
    }
    rule_set_free(rules);
}

static void other_methods_are_not_allowed(void **state)
{
    static const char head[] = "HTTP/1.1 405 Method Not Allowed\r\n" DATE
                               "Content-Length: 0\r\nConnection: close\r\nAllow: GET, POST\r\n\r\n";
    (void)state;
    exchange_run r = ask(lab.none, "PUT /x HTTP/1.0\r\nContent-Length: 1\r\n\r\nb");
    assert_string_equal((const char *)r.head.data, head);
    assert_int_equal(r.body.length, 0);
    exchange_assert_told(&r, "request", "problem", "the method is not GET or POST");
    exchange_assert_told(&r, "request", "path", "/x");
    exchange_run_free(&r);

    rule_set *rules = exchange_rules(&lab, USE("http-redirect"));
    r = ask(rules, "HEAD / HTTP/1.0\r\n\r\n");
    assert_memory_equal(r.head.data, "HTTP/1.1 302 Found\r\n", 20);
    exchange_assert_told(&r, "response", "faults", "http-redirect");
    exchange_run_free(&r);
    rule_set_free(rules);

    /* a response that a fault has changed is not sent, so it is not told */
    rules = exchange_rules(&lab, USE("status-try-later"));
    r = ask(rules, "HEAD / HTTP/1.0\r\n\r\n");
    assert_string_equal((const char *)r.head.data, head);
    assert_int_equal(r.body.length, 0);
    exchange_assert_told(&r, "response", "faults", "");
    exchange_run_free(&r);
    rule_set_free(rules);
}

static void what_is_no_ocsp_request_is_malformed(void **state)
{
    static const struct {
        const char *request, *problem;
    } cases[] = {
        {"GET / HTTP/1.0\r\nHost: A.B\r\n\r\n", "the path has no base64 of an OCSPRequest"},
        {"GET /MAA%3D HTTP/1.0\r\n\r\n", "there is no tbsRequest"},
        {"POST / HTTP/1.0\r\n\r\n", "OCSPRequest is not exactly one SEQUENCE"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        exchange_run r = ask(lab.none, cases[i].request);
        assert_int_equal(OCSP_response_status(r.response), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
        exchange_assert_told(&r, "request", "problem", cases[i].problem);
        exchange_assert_told(&r, "request", "serials", "");
        exchange_assert_told(&r, "response", "response_status", "malformedRequest");
        exchange_run_free(&r);
    }
}

/* A GET below a prefix; rules match on the prefix alone. */
static void a_get_is_read(void **state)
{
    (void)state;
    octets der = exchange_der(&lab, EVP_sha1()), request = {0};
    uint8_t text[256] = {0};
    EVP_EncodeBlock(text, der.data, (int)der.length);
    octets_append_format(&request, "GET /ocsp/%s HTTP/1.1\r\nHost: A.b\r\n\r\n",
                         (const char *)text);
    rule_set *rules = match_rules("{'path': '/ocsp/', 'host': 'a.B', 'method': 'get'}");
    exchange_run r = exchange_ask(&lab, rules, &request);
    exchange_assert_told(&r, "request", "serials", "1001");
    exchange_assert_told(&r, "request", "host", "A.b");
    exchange_assert_told(&r, "request", "problem", "");
    exchange_assert_told(&r, "response", "faults", "http-5xx");
    exchange_run_free(&r);
    rule_set_free(rules);
    octets_free(&der);
    octets_free(&request);
}

/* JSON takes no octets that are no UTF-8: they are told percent-encoded. */
static void what_a_peer_sent_is_told_safely(void **state)
{
    (void)state;
    exchange_run r = ask(lab.none, "POST / HTTP/1.0\r\nHost: \xff%\x01\r\n\r\n");
    exchange_assert_told(&r, "request", "host", "%FF%%01");
    exchange_run_free(&r);
}

static void a_hash_that_we_do_not_know_is_unauthorized(void **state)
{
    (void)state;
    octets der = exchange_der(&lab, EVP_sha224()), request = exchange_post(&der);
    exchange_run r = exchange_ask(&lab, lab.none, &request);
    assert_int_equal(OCSP_response_status(r.response), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
    exchange_assert_told(&r, "request", "hash_algorithms", "unknown");
    exchange_assert_told(&r, "request", "serials", "1001");
    exchange_assert_told(&r, "response", "cert_status", "");
    exchange_run_free(&r);
    octets_free(&der);
    octets_free(&request);
}

/* Every match key finds its requests, and no others. */
static void rules_match_what_is_asked(void **state)
{
    static const struct {
        const char *same, *other;
    } cases[] = {
        {"{'listener': '0'}", "{'listener': '1'}"},
        {"{'client': '192.0.2.1'}", "{'client': '::1'}"},
        {"{'serial': '0x00:10:01'}", "{'serial': '10'}"},
        {"{'certificate': 'www'}", "{'certificate': 'root'}"},
        {"{'method': 'post'}", "{'method': 'GET'}"},
        {"{'path': '/'}", "{'path': '/ocsp'}"},
        {"{'host': 'H'}", "{'host': 'hh'}"},
        {"{'http_version': 'HTTP/1.1'}", "{'http_version': '1.0'}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int k = 0; k < 2; k++) {
            rule_set *rules = match_rules(k == 0 ? cases[i].same : cases[i].other);
            exchange_run r = exchange_ask(&lab, rules, &lab.request);
            exchange_assert_told(&r, "response", "faults", k == 0 ? "http-5xx" : "");
            exchange_run_free(&r);
            rule_set_free(rules);
        }
    }
}

static void values_that_nothing_can_have_are_refused(void **state)
{
    static const char *const cases[][2] = {
        {"client", "localhost"}, {"serial", "xyz"}, {"path", "ocsp"}, {"http_version", "2"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const match_key *key = ocsp_match_keys;
        while (strcmp(key->name, cases[i][0]) != 0) {
            key++;
        }
        assert_null(key->normalise(cases[i][1]));
    }
}

/* The issuer's key, in whose place comes one that cannot sign. */
static EVP_PKEY *take_key(void)
{
    ocsp_certificate *root =
        (ocsp_certificate *)(uintptr_t)ocsp_store_by_id(&lab.store, "root", NULL);
    EVP_PKEY *key = root->key;
    root->key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    return key;
}

static void give_back(EVP_PKEY *key)
{
    ocsp_certificate *root =
        (ocsp_certificate *)(uintptr_t)ocsp_store_by_id(&lab.store, "root", NULL);
    EVP_PKEY_free(root->key);
    root->key = key;
}

/* A response that cannot be signed is an error, and nothing that was done to it is told as done. */
static void what_cannot_be_signed_is_told(void **state)
{
    (void)state;
    EVP_PKEY *key = take_key();
    rule_set *rules = exchange_rules(&lab, USE("cert-status-revoked") ", " USE("header-oversized"));
    exchange_run r = exchange_ask(&lab, rules, &lab.request);
    give_back(key);
    assert_int_equal(OCSP_response_status(r.response), OCSP_RESPONSE_STATUS_INTERNALERROR);
    exchange_assert_told(&r, "problem", "detail",
                         "the response cannot be signed with the key of \"root\"");
    exchange_assert_told(&r, "response", "response_status", "internalError");
    exchange_assert_told(&r, "response", "faults", "header-oversized");
    exchange_run_free(&r);
    rule_set_free(rules);
}

/* ... and it is not what a status code is to carry. */
static void what_cannot_be_signed_is_no_changed_response(void **state)
{
    (void)state;
    EVP_PKEY *key = take_key();
    rule_set *rules = exchange_rules(&lab, USE("cert-status-revoked") ", " USE("http-5xx"));
    exchange_run r = exchange_ask(&lab, rules, &lab.request);
    give_back(key);
    assert_int_equal(r.body.length, 0);
    exchange_assert_told(&r, "response", "faults", "http-5xx");
    exchange_run_free(&r);
    rule_set_free(rules);
}

/* ----- proof ----- */

#define THREE USE("status-try-later") ", " USE("header-oversized") ", "

/* The peer goes after so many octets: what is told then. */
static void what_a_peer_has_not_got_has_not_happened(void **state)
{
    (void)state;
    rule_set *rules = exchange_rules(&lab, THREE USE("slow-body"));
    for (int i = 0; i < 3; i++) {
        exchange_run r = exchange_begin(&lab, rules, &lab.request);
        const size_t head = r.x.delivery.head, all = r.x.delivery.wire.length;
        const size_t got[] = {head - 1, head, all - 1};
        static const char *const told[] = {"", "header-oversized", "header-oversized slow-body"};
        const ocsp_exchange_end end = {.sent = got[i], .unfinished = got[i]};
        ocsp_exchange_closed(&r.terms, &r.peer, &r.x, &end);
        exchange_assert_told(&r, "close", "faults", told[i]);
        exchange_assert_told(&r, "response", "faults", "");
        exchange_run_free(&r);
    }
    rule_set_free(rules);
}

/* What cuts the response proves the head, not what is in the body. */
static void a_cut_response_proves_what_came_whole(void **state)
{
    static const struct {
        const char *uses, *response, *close;
    } cases[] = {
        {THREE USE("rst-mid-body"), "header-oversized", "rst-mid-body"},
        {THREE USE("truncated-body"), "header-oversized", "truncated-body"},
        {THREE USE("fin-mid-headers"), "", "fin-mid-headers"},
        {THREE USE("rst-after-request"), "", "rst-after-request"},
        {USE("garbage-then-close") ", " USE("rst-after-request"), "", "rst-after-request"},
        {USE("body-oversized") ", " USE("truncated-body"), "", "truncated-body"},
        {USE("slow-body") ", " USE("truncated-body"), "", "truncated-body"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rule_set *rules = exchange_rules(&lab, cases[i].uses);
        exchange_run r = exchange_ask(&lab, rules, &lab.request);
        exchange_assert_told(&r, "response", "faults", cases[i].response);
        exchange_assert_told(&r, "close", "faults", cases[i].close);
        exchange_run_free(&r);
        rule_set_free(rules);
    }
}

static void what_was_held_is_told_then(void **state)
{
    (void)state;
    rule_set *rules = exchange_rules(&lab, USE("status-try-later") ", " USE("fixed-latency"));
    exchange_run r = exchange_begin(&lab, rules, &lab.request);
    ocsp_exchange_held(&r.terms, &r.peer, &r.x, false);
    ocsp_exchange_closed(&r.terms, &r.peer, &r.x, &(ocsp_exchange_end){0});
    exchange_assert_told(&r, "held", "why", "fixed-latency");
    exchange_assert_told(&r, "held", "faults", "fixed-latency");
    exchange_assert_told(&r, "close", "faults", "");
    exchange_assert_told(&r, "close", "by", "peer");
    exchange_assert_told(&r, "close", "how", "fin");
    exchange_run_free(&r);
    rule_set_free(rules);
}

/* A client that leaves while octets wait: what began before is told, and nothing else. */
static void what_had_not_begun_is_not_told(void **state)
{
    static const struct {
        size_t into_body; /* octets of the body that were written; SIZE_MAX: nothing was */
        const char *told; /* by the close */
    } cases[] = {
        {SIZE_MAX, ""},
        {0, ""},
        {1, "slow-body"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rule_set *rules = exchange_rules(&lab, USE("slow-body") ", " USE("fixed-latency"));
        exchange_run r = exchange_begin(&lab, rules, &lab.request);
        const bool none = cases[i].into_body == SIZE_MAX;
        const ocsp_exchange_end end = {.unfinished =
                                           none ? 0 : r.x.delivery.head + cases[i].into_body};
        ocsp_exchange_held(&r.terms, &r.peer, &r.x, false);
        ocsp_exchange_closed(&r.terms, &r.peer, &r.x, &end);
        exchange_assert_told(&r, "held", "faults", "fixed-latency");
        exchange_assert_told(&r, "close", "faults", cases[i].told);
        exchange_run_free(&r);
        rule_set_free(rules);
    }
}

/* The peer closes first: it was never reset, and what would have been is not told. */
static void a_reset_that_did_not_come_is_not_told(void **state)
{
    (void)state;
    rule_set *rules = exchange_rules(&lab, USE("rst-on-accept"));
    exchange_run r = exchange_begin(&lab, rules, &lab.request);
    assert_true(r.at_accept);
    ocsp_exchange_sent(&r.terms, &r.x);
    ocsp_exchange_closed(&r.terms, &r.peer, &r.x, &(ocsp_exchange_end){0});
    exchange_assert_told(&r, "accept", "planned", "rst-on-accept");
    exchange_assert_told(&r, "accept", "rule", "r");
    exchange_assert_told(&r, "response", "faults", "");
    exchange_assert_told(&r, "close", "faults", "");
    exchange_run_free(&r);
    rule_set_free(rules);
}

/* A hold whose time is over as soon as it begins is not told as held: we end it at once. */
static void a_hold_that_is_over_at_once_is_told_at_the_end(void **state)
{
    (void)state;
    rule_set *rules = exchange_rules(&lab, "{'fault': 'accept-then-silence', 'ms': 1}");
    exchange_run r = exchange_begin(&lab, rules, &lab.request);
    assert_true(r.at_accept);
    ocsp_exchange_sent(&r.terms, &r.x);
    ocsp_exchange_closed(&r.terms, &r.peer, &r.x, &(ocsp_exchange_end){0});
    exchange_assert_told(&r, "close", "faults", "accept-then-silence");
    exchange_run_free(&r);
    rule_set_free(rules);
}

static int make(void **state)
{
    (void)state;
    exchange_lab_make(&lab);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    exchange_lab_drop(&lab);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_http_is_refused_whatever_the_rules),
        cmocka_unit_test(other_methods_are_not_allowed),
        cmocka_unit_test(what_is_no_ocsp_request_is_malformed),
        cmocka_unit_test(a_get_is_read),
        cmocka_unit_test(what_a_peer_sent_is_told_safely),
        cmocka_unit_test(a_hash_that_we_do_not_know_is_unauthorized),
        cmocka_unit_test(rules_match_what_is_asked),
        cmocka_unit_test(values_that_nothing_can_have_are_refused),
        cmocka_unit_test(what_cannot_be_signed_is_told),
        cmocka_unit_test(what_cannot_be_signed_is_no_changed_response),
        cmocka_unit_test(what_a_peer_has_not_got_has_not_happened),
        cmocka_unit_test(a_cut_response_proves_what_came_whole),
        cmocka_unit_test(what_was_held_is_told_then),
        cmocka_unit_test(what_had_not_begun_is_not_told),
        cmocka_unit_test(a_reset_that_did_not_come_is_not_told),
        cmocka_unit_test(a_hold_that_is_over_at_once_is_told_at_the_end),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
