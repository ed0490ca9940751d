/*
 * The catalogue, row by row: a rule and a request in, octets and events out.  Each row must see its
 * fault, each must miss it when any one of its primitives does nothing, two runs must be alike, and
 * the events must tell the fault when it has happened and not before.
 */
#include "responders/ocsp/tests/exchange_wire_checks.h"

#define GOOD    V_OCSP_CERTSTATUS_GOOD
#define REVOKED V_OCSP_CERTSTATUS_REVOKED
#define UNKNOWN V_OCSP_CERTSTATUS_UNKNOWN
#define BODY    "body"
#define TYPE    "application/ocsp-response"

/* clang-format off */
static const fault_row rows[] = {
    {"{'fault': 'status-malformed-request'}", "response", bare, .a = 1},
    {"{'fault': 'status-internal-error'}", "response", bare, .a = 2},
    {"{'fault': 'status-try-later'}", "response", bare, .a = 3},
    {"{'fault': 'status-sig-required'}", "response", bare, .a = 5},
    {"{'fault': 'status-unauthorized'}", "response", bare, .a = 6},
    {"{'fault': 'success-without-response-bytes'}", "response", bare, .a = 0},
    {"{'fault': 'empty-response'}", "response", no_der, .a = 0},
    {"{'fault': 'not-der'}", "response", no_der, .a = 64},
    {"{'fault': 'not-der', 'length': 3, 'seed': 2}", "response", no_der, .a = 3},
    {"{'fault': 'der-truncated'}", "response", cut, .a = -1},
    {"{'fault': 'der-truncated', 'at': 0}", "response", cut, .a = 0},
    {"{'fault': 'der-truncated', 'at': 33}", "response", cut, .a = 33},
    {"{'fault': 'der-trailing-garbage'}", "response", followed, .a = 70, .b = 170},
    {"{'fault': 'der-trailing-garbage', 'octets': 20000, 'fill': 0}", "response", followed, .a = 20000, .b = 0},

    {"{'fault': 'cert-status-revoked'}", "response", status, .a = REVOKED, .b = -1, .c = -3600},
    {"{'fault': 'cert-status-revoked', 'revocation_time': 60}", "response", status, .a = REVOKED, .b = -1, .c = 60},
    {"{'fault': 'cert-status-revoked-with-reason'}", "response", status, .a = REVOKED, .b = 1, .c = -3600},
    {"{'fault': 'cert-status-revoked-with-reason', 'reason': 10, 'revocation_time': 0}", "response", status, .a = REVOKED, .b = 10, .c = 0},
    {"{'fault': 'cert-status-unknown'}", "response", status, .a = UNKNOWN, .b = -1},
    {"{'fault': 'wrong-serial'}", "response", serial, .text = "7FFFFFFF"},
    {"{'fault': 'wrong-serial', 'serial': '0x80:00'}", "response", serial, .text = "8000"},
    {"{'fault': 'wrong-issuer-name-hash'}", "response", hash_inverted, .a = NAME_HASH},
    {"{'fault': 'wrong-issuer-key-hash'}", "response", hash_inverted, .a = KEY_HASH},
    {"{'fault': 'cert-id-hash-other'}", "response", hashed, .text = "sha256"},
    {"{'fault': 'cert-id-hash-other', 'alg': 'sha384'}", "response", hashed, .text = "sha384"},
    {"{'fault': 'cert-id-hash-other', 'alg': 'sha512'}", "response", hashed, .text = "sha512"},

    {"{'fault': 'this-update-future'}", "response", window, .a = 3600, .b = 3600 + DAY},
    {"{'fault': 'this-update-future', 'offset': 301}", "response", window, .a = 301, .b = 301 + DAY},
    {"{'primitive': 'this-update', 'offset': -5}", "response", window, .a = -5, .b = -5 + DAY},
    {"{'fault': 'next-update-past'}", "response", window, .a = -3600 - DAY, .b = -3600, .c = -3600 - DAY},
    {"{'fault': 'next-update-past', 'offset': 2}", "response", window, .a = -2 - DAY, .b = -2, .c = -2 - DAY},
    {"{'fault': 'next-update-absent'}", "response", window, .b = -1},
    {"{'fault': 'next-update-before-this-update'}", "response", window, .b = -3600},
    {"{'fault': 'next-update-before-this-update', 'offset': 7}", "response", window, .b = -7},
    {"{'fault': 'short-validity'}", "response", window, .b = 120},
    {"{'fault': 'short-validity', 'seconds': 0}", "response", window, .b = 0},

    {"{'fault': 'bad-signature'}", "response", bad_signature, .a = 1},
    {"{'fault': 'bad-signature', 'octet': -64}", "response", bad_signature, .a = 64},
    {"{'fault': 'bad-signature', 'octet': 0}", "response", bad_signature, .a = 64},
    {"{'fault': 'bad-signature', 'octet': 63}", "response", bad_signature, .a = 1},
    {"{'fault': 'signed-by-other-ca'}", "response", signed_by, .a = 1, .text = "rogue"},
    {"{'fault': 'signed-by-other-ca', 'signer': 'www', 'embedded': false}", "response", signed_by, .a = 0, .text = "www"},
    {"{'fault': 'delegated-signer-missing'}", "response", signed_by, .a = 0, .text = "delegate"},
    {"{'fault': 'delegated-signer-missing', 'signer': 'rogue', 'form': 'byName'}", "response", signed_by, .a = 0, .b = 1, .text = "rogue"},
    {"{'fault': 'delegated-signer-no-eku'}", "response", signed_by, .a = 1, .text = "delegate-no-eku"},
    {"{'fault': 'delegated-signer-no-eku', 'signer': 'www'}", "response", signed_by, .a = 1, .text = "www"},
    {"{'fault': 'delegated-signer-expired'}", "response", signed_by, .a = 1, .text = "delegate-expired"},
    {"{'fault': 'responder-id-wrong'}", "response", responder_wrong, .a = 0},
    {"{'fault': 'responder-id-wrong', 'form': 'byName'}", "response", responder_wrong, .text = "/CN=nobody"},

    {"{'fault': 'good-then-revoked'}", "response", status, .a = REVOKED, .b = -1, .first = 1, .times = 3},
    {"{'fault': 'good-then-revoked', 'n': 0}", "response", status, .a = REVOKED, .b = -1, .times = 2},
    {"{'fault': 'good-then-revoked', 'n': 3}", "response", status, .a = REVOKED, .b = -1, .first = 3, .times = 2},
    {"{'fault': 'good-then-error'}", "response", bare, .a = 3, .first = 1, .recovers = true},
    {"{'fault': 'good-then-error', 'n': 2, 'm': 3, 'status': 6}", "response", bare, .a = 6, .first = 2, .times = 3, .recovers = true},
    {"{'fault': 'good-then-error', 'm': 0}", "response", bare, .a = 3, .first = 1, .times = 5},

    {"{'fault': 'connection-refused'}", NULL, listens, .a = LISTENER_CLOSED},
    {"{'fault': 'connect-timeout'}", NULL, listens, .a = LISTENER_BACKLOG_FULL},
    {"{'fault': 'accept-then-silence'}", "held", at_accept, .a = DELIVERY_HOLD},
    {"{'fault': 'accept-then-silence', 'ms': 5000}", "held", at_accept, .a = DELIVERY_HOLD, .b = 5000},
    {"{'fault': 'accept-then-fin'}", "close", at_accept, .a = DELIVERY_FIN},
    {"{'fault': 'rst-on-accept'}", "close", at_accept, .a = DELIVERY_RST_UNREAD},
    {"{'fault': 'rst-on-accept', 'wait': false}", "close", at_accept, .a = DELIVERY_RST},
    {"{'fault': 'rst-after-request'}", "close", ends, .c = DELIVERY_RST},
    {"{'fault': 'rst-mid-body'}", "close", ends, .b = -1, .c = DELIVERY_RST, .text = BODY},
    {"{'fault': 'rst-mid-body', 'at': 0}", "close", ends, .c = DELIVERY_RST, .text = BODY},
    {"{'fault': 'fin-mid-headers'}", "close", ends, .a = -1, .c = DELIVERY_FIN},
    {"{'fault': 'fin-mid-headers', 'at': 0}", "close", ends, .c = DELIVERY_FIN},
    {"{'fault': 'fin-mid-headers', 'at': 20}", "close", ends, .a = 20, .c = DELIVERY_FIN},
    {"{'fault': 'truncated-body'}", "close", ends, .b = -1, .c = DELIVERY_FIN, .text = BODY},
    {"{'fault': 'truncated-body', 'at': 1}", "close", ends, .b = 1, .c = DELIVERY_FIN, .text = BODY},
    {"{'fault': 'no-close-keepalive'}", "held", left_open, .text = "Connection: close", .more = "Connection: keep-alive"},

    {"{'fault': 'fixed-latency'}", "held", delayed, .a = 2000},
    {"{'fault': 'fixed-latency', 'ms': 60000, 'before': 'body'}", "held", delayed, .a = 60000, .text = BODY},
    {"{'fault': 'slow-headers'}", "held", drips, .a = 1, .b = 1000},
    {"{'fault': 'slow-headers', 'chunk': 10, 'ms': 7}", "held", drips, .a = 10, .b = 7},
    {"{'fault': 'slow-body'}", "held", drips, .a = 1, .b = 1000, .text = BODY},
    {"{'fault': 'slow-body', 'chunk': 33, 'ms': 500}", "held", drips, .a = 33, .b = 500, .text = BODY},

    {"{'fault': 'http-4xx'}", "response", plain, .text = "404 Not Found"},
    {"{'fault': 'http-4xx', 'code': 429, 'content_type': 'text/html'}", "response", plain, .text = "429 Too Many Requests", .more = "Content-Type: text/html\r\n"},
    {"{'fault': 'http-5xx'}", "response", plain, .text = "503 Service Unavailable"},
    {"{'fault': 'http-5xx', 'code': 502}", "response", plain, .text = "502 Bad Gateway"},
    {"{'fault': 'http-redirect'}", "response", plain, .text = "302 Found", .more = "Location: /moved\r\n"},
    {"{'fault': 'http-redirect', 'code': 308, 'target': 'https://x/'}", "response", plain, .text = "308 Permanent Redirect", .more = "Location: https://x/\r\n"},
    {"{'primitive': 'http-status', 'code': 200}", "response", plain, .text = "200 OK"},
    {"{'fault': 'captive-portal'}", "response", has_page, .a = 0},
    {"{'fault': 'fail-first-n'}", "response", plain, .text = "503 Service Unavailable", .recovers = true},
    {"{'fault': 'fail-first-n', 'n': 2, 'code': 500}", "response", plain, .text = "500 Internal Server Error", .times = 2, .recovers = true},
    {"{'fault': 'fail-first-n', 'n': 0}", "response", plain, .text = "503 Service Unavailable", .times = 5},

    {"{'fault': 'garbage-then-close'}", "response", raw, .a = 64},
    {"{'fault': 'garbage-then-close', 'octets': 1}", "response", raw, .a = 1},
    {"{'fault': 'content-type-wrong'}", "response", head_becomes, .text = TYPE, .more = "text/html"},
    {"{'fault': 'content-type-wrong', 'value': 'application/pkix-crl'}", "response", head_becomes, .text = TYPE, .more = "application/pkix-crl"},
    {"{'fault': 'content-type-missing'}", "response", head_becomes, .text = "Content-Type: " TYPE "\r\n", .more = ""},
    {"{'fault': 'content-type-params'}", "response", head_becomes, .text = TYPE, .more = TYPE "; charset=utf-8"},
    {"{'fault': 'content-type-params', 'value': 'APPLICATION/OCSP-RESPONSE;a=b'}", "response", head_becomes, .text = TYPE, .more = "APPLICATION/OCSP-RESPONSE;a=b"},
    {"{'fault': 'content-length-too-long'}", "response", length_differs, .a = 100},
    {"{'fault': 'content-length-too-long', 'n': 1}", "response", length_differs, .a = 1},
    {"{'fault': 'content-length-too-short'}", "response", length_differs, .a = -100},
    {"{'fault': 'content-length-too-short', 'n': 100000}", "response", length_differs, .a = -100000},
    {"{'fault': 'chunked-to-http10'}", "response", in_chunks, .a = 4},
    {"{'fault': 'chunked-to-http10', 'chunks': 1}", "response", in_chunks, .a = 1},
    {"{'primitive': 'http-connection'}", "response", head_becomes, .text = "Connection: close\r\n", .more = ""},
    {"{'fault': 'header-oversized'}", "response", head_padded, .a = 17000},
    {"{'fault': 'header-oversized', 'octets': 16}", "response", head_padded, .a = 16},
    {"{'fault': 'body-oversized'}", "response", body_padded, .a = 20000},
};
/* clang-format on */

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* The name in the row's use. */
static void name_of(const fault_row *w, char *name, size_t size)
{
    char *text = exchange_json(w->use);
    json_t *use = json_loads(text, 0, NULL);
    assert_non_null(use);
    const char *found = json_string_value(json_object_get(use, "fault"));
    found = found != NULL ? found : json_string_value(json_object_get(use, "primitive"));
    snprintf(name, size, "%s", found);
    json_decref(use);
    free(text);
}

static effect do_nothing(primitive_call *call)
{
    (void)call;
    return EFFECT_NONE;
}

/* Lets the act of that index do nothing, for which *stand_in is changed; false when there is no
 * such act. */
static bool disarm(const rule_set *rules, size_t index, primitive *stand_in)
{
    fault_acts *acts = &rule_set_current(rules)->rules[0]->steps[0].acts;
    if (index >= acts->count) {
        return false;
    }
    *stand_in = *acts->list[index].primitive;
    stand_in->act = do_nothing;
    acts->list[index].primitive = stand_in;
    return true;
}

/* Each kind of event says of the faults what it must. */
static void check_events(const exchange_run *r, const fault_row *w, const char *name)
{
    static const char *const kinds[] = {"request", "response", "held", "close"};
    char told[256];
    exchange_told(r, r->at_accept ? "accept" : "request", "planned", told, sizeof(told));
    assert_string_equal(told, w->told == NULL ? "" : name);
    exchange_told(r, "problem", "detail", told, sizeof(told));
    assert_string_equal(told, "");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        exchange_told(r, kinds[i], "faults", told, sizeof(told));
        assert_string_equal(told, w->told != NULL && strcmp(w->told, kinds[i]) == 0 ? name : "");
    }
}

/* One more request of the row's rule, which must be healthy. */
static void check_healthy(const rule_set *rules, const fault_row *w)
{
    exchange_run r = exchange_ask(&lab, rules, &lab.request);
    if (!exchange_equal(&r, &healthy) || w->done(&r, w)) {
        fail_msg("%s: not healthy", w->use);
    }
    exchange_run_free(&r);
}

/* The row as it is meant: twice, since each run must be like the other. */
static void check_row(const fault_row *w, const char *name)
{
    exchange_run runs[2];
    for (int i = 0; i < 2; i++) {
        rule_set *rules = exchange_rules(&lab, w->use);
        for (int k = 0; k < w->first; k++) {
            check_healthy(rules, w);
        }
        for (int k = 0; k < (w->times == 0 ? 1 : w->times); k++) {
            if (k > 0) {
                exchange_run_free(&runs[i]);
            }
            runs[i] = exchange_ask(&lab, rules, &lab.request);
            if (!w->done(&runs[i], w)) {
                fail_msg("%s: not done", w->use);
            }
            check_events(&runs[i], w, name);
        }
        if (w->recovers) {
            check_healthy(rules, w);
        }
        if (w->told == NULL) {
            assert_true(exchange_same(&runs[i].x.delivery.wire, &healthy.x.delivery.wire));
        }
        rule_set_free(rules);
    }
    assert_true(exchange_equal(&runs[0], &runs[1]));
    exchange_run_free(&runs[0]);
    exchange_run_free(&runs[1]);
}

/* The row with one primitive after the other that does nothing: it must be missed. */
static void check_missed(const fault_row *w)
{
    for (size_t i = 0;; i++) {
        primitive stand_in;
        rule_set *rules = exchange_rules(&lab, w->use);
        const bool there = disarm(rules, i, &stand_in);
        for (int k = 0; there && k < w->first; k++) {
            check_healthy(rules, w);
        }
        if (there) {
            exchange_run r = exchange_ask(&lab, rules, &lab.request);
            if (w->done(&r, w)) {
                fail_msg("%s: done although %s does nothing", w->use, stand_in.name);
            }
            exchange_run_free(&r);
        }
        rule_set_free(rules);
        if (!there) {
            assert_true(i > 0);
            return;
        }
    }
}

static void every_row_sees_its_fault(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        char name[64];
        name_of(&rows[i], name, sizeof(name));
        check_row(&rows[i], name);
    }
}

static void every_row_misses_what_is_not_done(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        check_missed(&rows[i]);
    }
}

static void every_fault_has_a_row_and_a_source(void **state)
{
    (void)state;
    for (size_t i = 0; i < catalogue_count(lab.faults); i++) {
        const fault_line *line = catalogue_at(lab.faults, i)->line;
        char wanted[96];
        bool found = false;
        snprintf(wanted, sizeof(wanted), "{'fault': '%s'", line->name);
        for (size_t k = 0; k < ROWS && !found; k++) {
            found = strncmp(rows[k].use, wanted, strlen(wanted)) == 0;
        }
        if (!found || line->source == NULL) {
            fail_msg("%s has no row, or no source", line->name);
        }
    }
}

/* The events of a healthy exchange tell what was asked and what was said. */
static void a_healthy_exchange_is_told(void **state)
{
    (void)state;
    json_t *events = event_log_since(healthy.events, 0, NULL, 0);
    json_t *request = json_array_get(events, 1), *response = json_array_get(events, 2);
    assert_int_equal(json_array_size(events), 4);
    assert_int_equal(differences(&healthy), 0);
    char digest[HASH_SHA256_HEX];
    hash_sha256_hex(octets_span(&healthy.body), digest);
    json_t *expected = json_pack(
        "{s:O, s:O, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:[s], s:[s], s:[s], s:b, s:O,"
        " s:n, s:I, s:n, s:n, s:[]}",
        "seq", json_object_get(request, "seq"), "time", json_object_get(request, "time"), "kind",
        "request", "connection", (json_int_t)7, "listener", "0", "client", "192.0.2.1", "method",
        "POST", "path", "/", "host", "h", "http_version", "1.1", "headers", 2, "serials", "1001",
        "certificates", "www", "hash_algorithms", "sha1", "nonce", 0, "octets",
        json_object_get(request, "octets"), "rule", "generation",
        json_integer_value(json_object_get(request, "generation")), "ordinal", "draw", "planned");
    assert_true(json_equal(request, expected));
    json_decref(expected);
    expected =
        json_pack("{s:O, s:O, s:s, s:I, s:s, s:i, s:s, s:s, s:I, s:s, s:I, s:I, s:[]}", "seq",
                  json_object_get(response, "seq"), "time", json_object_get(response, "time"),
                  "kind", "response", "connection", (json_int_t)7, "listener", "0", "http_status",
                  200, "response_status", "successful", "cert_status", "good", "octets",
                  (json_int_t)healthy.body.length, "sha256", digest, "this_update", (json_int_t)NOW,
                  "next_update", (json_int_t)(NOW + DAY), "faults");
    assert_true(json_equal(response, expected));
    json_decref(expected);
    json_decref(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_sees_its_fault),
        cmocka_unit_test(every_row_misses_what_is_not_done),
        cmocka_unit_test(every_fault_has_a_row_and_a_source),
        cmocka_unit_test(a_healthy_exchange_is_told),
    };
    return cmocka_run_group_tests(tests, checks_make, checks_drop);
}
