/*
 * What a rule may say and what it may not; what composes; and that a fault which cannot be done
 * says so and is not told as one that was.
 */
#include "responders/ocsp/tests/exchange_checks.h"

/* ----- refusals ----- */

static void what_makes_no_sense_is_refused(void **state)
{
    static const struct {
        const char *uses, *pointer, *detail;
    } cases[] = {
        {USE("cert-status-revoked") ", " USE("status-try-later"), "/0/sequence/0/do/1",
         "cert-status-revoked and status-try-later both change"},
        {USE("status-try-later") ", " USE("status-unauthorized"), "/0/sequence/0/do/1",
         "status-try-later and status-unauthorized both change"},
        {USE("http-5xx") ", " USE("content-type-wrong"), "/0/sequence/0/do/1", "http-5xx"},
        {USE("http-5xx") ", " USE("captive-portal"), "/0/sequence/0/do/1", "captive-portal"},
        {USE("captive-portal") ", " USE("cert-status-revoked"), "/0/sequence/0/do/1",
         "captive-portal"},
        {USE("garbage-then-close") ", " USE("status-try-later"), "/0/sequence/0/do/1",
         "garbage-then-close"},
        {USE("not-der") ", " USE("bad-signature"), "/0/sequence/0/do/1", "not-der"},
        {USE("der-truncated") ", " USE("der-trailing-garbage"), "/0/sequence/0/do/1",
         "der-truncated"},
        {USE("cert-status-revoked") ", " USE("der-truncated"), "/0/sequence/0/do/1",
         "cert-status-revoked and der-truncated"},
        {USE("signed-by-other-ca") ", " USE("responder-id-wrong"), "/0/sequence/0/do/1",
         "responder-id-wrong"},
        {USE("next-update-past") ", " USE("short-validity"), "/0/sequence/0/do/1",
         "short-validity"},
        {USE("chunked-to-http10") ", " USE("content-length-too-long"), "/0/sequence/0/do/1",
         "chunked-to-http10"},
        {USE("rst-on-accept") ", " USE("http-4xx"), "/0/sequence/0/do/1", "rst-on-accept"},
        {USE("rst-mid-body") ", " USE("truncated-body"), "/0/sequence/0/do/1", "truncated-body"},
        {"{'fault': 'wrong-serial', 'serial': 'no hex'}", "/0/sequence/0/do/0/serial",
         "must be a serial number: a string of up to 128 digits of hex, not \"no hex\""},
        {"{'fault': 'wrong-serial', 'serial': 7}", "/0/sequence/0/do/0/serial", "hex"},
        {"{'fault': 'signed-by-other-ca', 'signer': 'nobody'}", "/0/sequence/0/do/0/signer",
         "must be the id of a certificate in a manifest or of a --ca (GET /v1/certificates lists "
         "them), not "
         "\"nobody\""},
        {"{'fault': 'signed-by-other-ca', 'signer': null}", "/0/sequence/0/do/0/signer",
         "GET /v1/certificates"},
        {"{'fault': 'delegated-signer-missing', 'embedded': true}", "/0/sequence/0/do/0/embedded",
         "embedded"},
        {"{'fault': 'http-4xx', 'code': 503}", "/0/sequence/0/do/0/code", "from 400 to 499"},
        {"{'fault': 'http-redirect', 'content_type': 'a'}", "/0/sequence/0/do/0/content_type", ""},
        {"{'fault': 'der-trailing-garbage', 'bytes': 1}", "/0/sequence/0/do/0/bytes", "octets"},
        {"{'fault': 'cert-id-hash-other', 'alg': 'md5'}", "/0/sequence/0/do/0/alg", "sha256"},
        {"{'fault': 'cert-status-revoked-with-reason', 'reason': -1}", "/0/sequence/0/do/0/reason",
         "from 0 to 10"},
        {"{'fault': 'not-der', 'length': 0}", "/0/sequence/0/do/0/length", "from 1 to"},
        {"{'fault': 'http-3xx'}", "/0/sequence/0/do/0/fault", "http-4xx"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rule_set *set;
        problem p = {0};
        if (exchange_rules_try(&lab, cases[i].uses, &set, &p) == 0) {
            fail_msg("accepted: %s", cases[i].uses);
        }
        assert_string_equal(p.pointer, cases[i].pointer);
        if (strstr(p.detail, cases[i].detail) == NULL) {
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].uses, p.detail, cases[i].detail);
        }
    }
}

/* ----- what cannot be done ----- */

static octets request_of(const char *kind)
{
    octets o = {0}, der = {0};
    if (strcmp(kind, "malformed") == 0) {
        octets_append_text(&o, "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\n0.");
    } else if (strcmp(kind, "stranger") == 0) {
        der = exchange_der(&lab, EVP_sha224());
        o = exchange_post(&der);
    } else if (strcmp(kind, "other method") == 0) {
        octets_append_text(&o, "HEAD / HTTP/1.0\r\n\r\n");
    } else {
        octets_append_span(&o, octets_span(&lab.request));
    }
    octets_free(&der);
    return o;
}

static void what_cannot_be_done_is_told(void **state)
{
    static const struct {
        const char *request, *use, *why;
    } cases[] = {
        {"malformed", USE("status-malformed-request"),
         "the response is a bare one of that status already"},
        {"stranger", USE("status-unauthorized"),
         "the response is a bare one of that status already"},
        {"malformed", USE("cert-status-revoked"), "there is no single response in it"},
        {"malformed", USE("cert-status-unknown"), "there is no single response in it"},
        {"malformed", USE("wrong-serial"), "there is no single response in it"},
        {"stranger", USE("wrong-issuer-name-hash"), "there is no single response in it"},
        {"stranger", USE("wrong-issuer-key-hash"), "there is no single response in it"},
        {"stranger", USE("cert-id-hash-other"), "there is no single response in it"},
        {"malformed", USE("this-update-future"), "there is no single response in it"},
        {"malformed", USE("next-update-past"), "there is no single response in it"},
        {"malformed", USE("next-update-absent"), "there is no single response in it"},
        {"malformed", USE("next-update-before-this-update"), "there is no single response in it"},
        {"malformed", USE("short-validity"), "there is no single response in it"},
        {"malformed", USE("signed-by-other-ca"), "there is nothing in it that is signed"},
        {"stranger", USE("delegated-signer-missing"), "there is nothing in it that is signed"},
        {"malformed", USE("responder-id-wrong"), "there is no ResponderID in it"},
        {"malformed", USE("bad-signature"), "there is no signature in it"},
        {"malformed", "{'fault': 'der-truncated', 'at': 5}",
         "the response is not longer than what would be kept of it"},
        {"good", "{'primitive': 'cert-status', 'status': 'good'}",
         "every single response says just that already"},
        {"good", "{'fault': 'wrong-serial', 'serial': '1001'}",
         "the certificate has that serial number"},
        {"good", "{'fault': 'cert-id-hash-other', 'alg': 'sha1'}",
         "it was asked in that hash function"},
        {"good", "{'fault': 'short-validity', 'seconds': 86400}",
         "the response has those times already"},
        {"good", "{'primitive': 'signer', 'signer': 'root', 'embedded': false}",
         "that certificate signs it anyway"},
        {"good", "{'fault': 'bad-signature', 'octet': 64}", "the signature has no such octet"},
        {"good", "{'fault': 'bad-signature', 'octet': -65}", "the signature has no such octet"},
        {"good", "{'fault': 'content-type-wrong', 'value': 'application/ocsp-response'}",
         "that is how the header is anyway"},
        {"other method", USE("content-type-missing"), "that is how the header is anyway"},
        {"other method", USE("content-length-too-short"), "Content-Length is 0 anyway"},
        {"other method", "{'fault': 'http-4xx', 'code': 405}",
         "the response has that status code anyway"},
        {"good", "{'fault': 'body-oversized', 'octets': 1}",
         "the body has that many octets anyway"},
        {"other method", "{'fault': 'fixed-latency', 'before': 'body'}",
         "there is nothing to send that could wait"},
        {"malformed", "{'fault': 'slow-body', 'chunk': 5}",
         "all that would come drop by drop is one chunk"},
        {"malformed", "{'fault': 'truncated-body', 'at': 5}",
         "the part of the response that would be cut is not as long as that"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        octets request = request_of(cases[i].request);
        rule_set *rules = exchange_rules(&lab, cases[i].use);
        exchange_run r = exchange_ask(&lab, rules, &request);
        exchange_run without = exchange_ask(&lab, lab.none, &request);
        char told[256], planned[64];
        exchange_told(&r, "problem", "detail", told, sizeof(told));
        if (strcmp(told, cases[i].why) != 0) {
            fail_msg("%s: \"%s\"", cases[i].use, told);
        }
        exchange_told(&r, "request", "planned", planned, sizeof(planned));
        exchange_told(&r, "problem", "fault", told, sizeof(told));
        assert_string_equal(told, planned);
        exchange_told(&r, "response", "faults", told, sizeof(told));
        assert_string_equal(told, "");
        exchange_told(&r, "close", "faults", told, sizeof(told));
        assert_string_equal(told, "");
        assert_true(exchange_equal(&r, &without));
        exchange_run_free(&r);
        exchange_run_free(&without);
        rule_set_free(rules);
        octets_free(&request);
    }
}

/* A rule that was read while nothing was loaded may name who is not there. */
static void a_signer_who_is_not_there_is_told(void **state)
{
    (void)state;
    const rule_terms terms = {.faults = lab.faults, .keys = ocsp_match_keys};
    rule_set *rules = rule_set_new(&terms, 1);
    rule_list *list;
    problem p;
    char told[128];
    char *text = exchange_json("[{'sequence': [{'do': [{'fault': 'signed-by-other-ca', 'signer': "
                               "'nobody'}]}]}]");
    json_t *source = json_loads(text, 0, NULL);
    assert_int_equal(rule_set_replace(rules, source, &list, &p), 0);
    rule_set_swap(rules, list);
    exchange_run r = exchange_ask(&lab, rules, &lab.request);
    exchange_told(&r, "problem", "detail", told, sizeof(told));
    assert_string_equal(told, "no manifest has a certificate of that id");
    assert_true(exchange_equal(&r, &healthy));
    exchange_run_free(&r);
    rule_set_free(rules);
    json_decref(source);
    free(text);
}

/* ----- what composes ----- */

static exchange_run composed(const char *uses, rule_set **rules)
{
    *rules = exchange_rules(&lab, uses);
    return exchange_ask(&lab, *rules, &lab.request);
}

static void an_error_status_carries_a_changed_response(void **state)
{
    (void)state;
    static const char head[] = "HTTP/1.1 503 Service Unavailable\r\n" DATE
                               "Content-Type: application/ocsp-response\r\nContent-Length: 5\r\n"
                               "Connection: close\r\n\r\n";
    rule_set *rules;
    exchange_run r = composed(USE("http-5xx") ", " USE("status-malformed-request"), &rules);
    assert_string_equal((const char *)r.head.data, head);
    assert_int_equal(OCSP_response_status(r.response), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
    exchange_assert_told(&r, "response", "faults", "status-malformed-request http-5xx");
    exchange_assert_told(&r, "response", "response_status", "malformedRequest");
    exchange_assert_told(&r, "problem", "detail", "");
    exchange_run_free(&r);
    rule_set_free(rules);

    /* also with another type, and not one that could not be changed */
    r = composed("{'fault': 'http-4xx', 'content_type': 'text/plain'}, " USE("der-truncated"),
                 &rules);
    assert_non_null(strstr((const char *)r.head.data, "\r\nContent-Type: text/plain\r\n"));
    assert_int_equal(r.body.length, healthy.body.length / 2);
    exchange_run_free(&r);
    rule_set_free(rules);
    r = composed(USE("http-5xx") ", {'fault': 'wrong-serial', 'serial': '1001'}", &rules);
    assert_int_equal(r.body.length, 0);
    exchange_assert_told(&r, "response", "faults", "http-5xx");
    exchange_assert_told(&r, "problem", "fault", "wrong-serial");
    exchange_assert_told(&r, "response", "response_status", "");
    exchange_run_free(&r);
    rule_set_free(rules);
    r = composed("{'primitive': 'http-status', 'code': 200}, " USE("status-try-later"), &rules);
    exchange_assert_told(&r, "problem", "detail", "the response has that status code anyway");
    exchange_assert_told(&r, "response", "faults", "status-try-later");
    exchange_run_free(&r);
    rule_set_free(rules);
}

static void different_things_of_a_response_compose(void **state)
{
    (void)state;
    rule_set *rules;
    exchange_run r = composed(USE("signed-by-other-ca") ", " USE("cert-status-revoked") ", " USE(
                                  "next-update-absent") ", " USE("wrong-serial"),
                              &rules);
    assert_int_equal(differences(&r), STATUS + SERIAL + NEXT + RESPONDER + CERTS + UNSIGNED);
    assert_true(exchange_signed_by(&r, "rogue"));
    exchange_assert_told(&r, "response", "cert_status", "revoked");
    exchange_assert_told(&r, "response", "faults",
                         "signed-by-other-ca cert-status-revoked next-update-absent wrong-serial");
    exchange_run_free(&r);
    rule_set_free(rules);

    r = composed(USE("der-trailing-garbage") ", " USE("bad-signature"), &rules);
    const size_t last = healthy.body.length - 1;
    assert_int_equal(r.body.length, healthy.body.length + 70);
    assert_memory_equal(r.body.data, healthy.body.data, last);
    assert_int_equal(r.body.data[last] ^ healthy.body.data[last], 0xff);
    assert_int_equal(r.body.data[last + 1], 0xaa);
    exchange_run_free(&r);
    rule_set_free(rules);
}

/* What is done to one single response is done to each; a CertID of an issuer that we do not know
 * cannot be computed anew. */
static void every_single_response_is_changed(void **state)
{
    (void)state;
    X509 *www = minted_x509(ocsp_store_by_id(&lab.store, "www", NULL));
    OCSP_REQUEST *asked = OCSP_REQUEST_new();
    unsigned char *encoded = NULL;
    octets der = {0};
    rule_set *rules;
    OCSP_request_add0_id(asked, exchange_id(&lab, EVP_sha1()));
    OCSP_request_add0_id(asked, OCSP_cert_to_id(EVP_sha1(), www, www));
    const int length = i2d_OCSP_REQUEST(asked, &encoded);
    octets_append(&der, encoded, (size_t)length);
    octets request = exchange_post(&der);
    rules = exchange_rules(&lab, USE("cert-status-revoked") ", " USE("cert-id-hash-other") ", " USE(
                                     "next-update-absent") ", " USE("wrong-serial"));
    exchange_run r = exchange_ask(&lab, rules, &request);
    assert_int_equal(OCSP_resp_count(r.basic), 2);
    for (int i = 0; i < 2; i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(r.basic, i);
        ASN1_GENERALIZEDTIME *next_update;
        ASN1_OBJECT *algorithm;
        ASN1_INTEGER *number;
        int reason;
        assert_int_equal(OCSP_single_get0_status(single, &reason, NULL, NULL, &next_update),
                         V_OCSP_CERTSTATUS_REVOKED);
        assert_null(next_update);
        OCSP_id_get0_info(NULL, &algorithm, NULL, &number,
                          (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single));
        assert_int_equal(OBJ_obj2nid(algorithm), i == 0 ? NID_sha256 : NID_sha1);
        assert_int_equal(ASN1_INTEGER_get(number), 0x7fffffff);
    }
    exchange_assert_told(&r, "request", "certificates", "www null");
    exchange_run_free(&r);
    rule_set_free(rules);
    octets_free(&der);
    octets_free(&request);
    OPENSSL_free(encoded);
    OCSP_REQUEST_free(asked);
    X509_free(www);
}

static void paces_compose(void **state)
{
    (void)state;
    rule_set *rules;
    exchange_run r =
        composed("{'fault': 'slow-headers', 'ms': 10}, {'fault': 'slow-body', "
                 "'chunk': 2, 'ms': 100}, {'fault': 'fixed-latency', 'ms': 5000}, " USE(
                     "http-5xx") ", " USE("not-der"),
                 &rules);
    const delivery *d = &r.x.delivery;
    const int64_t head = 5000 + 10 * (int64_t)(d->head - 1);
    assert_int_equal(delivery_due(d, 4999), 0);
    assert_int_equal(delivery_due(d, 5000), 1);
    assert_int_equal(delivery_due(d, head - 1), d->head - 1);
    assert_in_range(delivery_due(d, head), d->head, d->head + 2);
    assert_int_equal(delivery_due(d, head + 100 * 32), d->wire.length);
    assert_int_not_equal(delivery_due(d, head + 100 * 30), d->wire.length);
    assert_int_equal(d->wire.length - d->head, 64);
    exchange_assert_told(&r, "held", "why", "fixed-latency");
    exchange_assert_told(&r, "held", "faults", "fixed-latency");
    exchange_assert_told(&r, "response", "faults", "not-der http-5xx slow-headers slow-body");
    exchange_run_free(&r);
    rule_set_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(what_cannot_be_done_is_told),
        cmocka_unit_test(a_signer_who_is_not_there_is_told),
        cmocka_unit_test(an_error_status_carries_a_changed_response),
        cmocka_unit_test(different_things_of_a_response_compose),
        cmocka_unit_test(every_single_response_is_changed),
        cmocka_unit_test(paces_compose),
    };
    return cmocka_run_group_tests(tests, checks_make, checks_drop);
}
