/*
 * The JSON of a handshake, member by member, with and without a staple.
 */
#include "harness/clients/report.h"
#include "harness/clients/tests/judging.h"
#include <stdlib.h>

static void assert_equal(json_t *found, json_t *expected)
{
    if (!json_equal(found, expected)) {
        char *is = json_dumps(found, JSON_INDENT(1)),
             *should = json_dumps(expected, JSON_INDENT(1));
        print_error("%s\ninstead of\n%s\n", is, should);
        free(is);
        free(should);
        fail();
    }
    json_decref(found);
    json_decref(expected);
}

static void a_handshake_with_a_staple(void **state)
{
    (void)state;
    const single_plan single = {
        .hash = EVP_sha256(), .status = V_OCSP_CERTSTATUS_REVOKED, .reason = 1, .next_update = DAY};
    identity with = make_identity(&(identity_plan){.name = "www",
                                                   .serial = 0x1001,
                                                   .issuer = &issuing,
                                                   .must_staple = true,
                                                   .aia = "OCSP;URI:http://a.test/"});
    response_plan plan = {.leaf = with.certificate,
                          .issuer = issuing.certificate,
                          .signer = &issuing,
                          .by_name = true,
                          .singles = &single,
                          .nsingles = 1};
    verdict_judgement judged = judge_by(
        &plan, &(verdict_evidence){.leaf = with.certificate, .candidates = candidates, .now = NOW});
    handshake seen = {.protocol = "TLSv1.3", .leaf = with.certificate, .chain = candidates};
    json_t *report = report_handshake(3, true, &seen, &judged);

    json_t *member = json_object_get(report, "staple");
    assert_int_equal(strlen(json_string_value(json_object_get(member, "sha256"))), 64);
    assert_int_equal(json_integer_value(json_object_get(member, "octets")), judged.staple.octets);
    json_object_del(member, "sha256");
    json_object_del(member, "octets");
    json_t *chain = json_object_get(report, "chain");
    assert_int_equal(json_array_size(chain), sk_X509_num(candidates));
    assert_equal(json_incref(json_array_get(chain, 3)),
                 json_pack("{s:s, s:s, s:b, s:[]}", "subject", "CN=Root", "serial", "1",
                           "must_staple", 0, "ocsp_urls"));
    json_object_del(report, "chain");
    json_object_del(report, "reason");
    assert_equal(
        report,
        json_pack(
            "{s:i, s:s, s:s, s:b, s:b, s:o, s:o, s:[]}", "try", 3, "verdict", "REVOKED", "protocol",
            "TLSv1.3", "resumed", 0, "status_requested", 1, "leaf",
            json_pack("{s:s, s:s, s:b, s:s, s:I, s:[s]}", "subject", "CN=www", "serial", "1001",
                      "must_staple", 1, "key", "EC", "not_after", (json_int_t)(NOW + 30 * DAY),
                      "ocsp_urls", "http://a.test/"),
            "staple",
            json_pack(
                "{s:i, s:s, s:{s:s, s:s}, s:I, s:s, s:{s:s, s:s, s:I}, s:[o], s:[]}",
                "trailing_octets", 0, "response_status", "successful", "responder_id", "by", "name",
                "value", "CN=Issuing", "produced_at",
                (json_int_t)certificate_time(OCSP_resp_get0_produced_at(judged.staple.basic)),
                "signature_algorithm", "ecdsa-with-SHA256", "signer", "kind", "issuer", "subject",
                "CN=Issuing", "not_after", (json_int_t)(NOW + 30 * DAY), "responses",
                json_pack("{s:s, s:s, s:b, s:s, s:I, s:i, s:I, s:I}", "serial", "1001",
                          "hash_algorithm", "sha256", "matches_leaf", 1, "cert_status", "revoked",
                          "revocation_time", (json_int_t)judged.staple.singles[0].revocation_time,
                          "revocation_reason", 1, "this_update", (json_int_t)NOW, "next_update",
                          (json_int_t)(NOW + DAY)),
                "extensions"),
            "remarks"));
    verdict_judgement_free(&judged);
    free_identity(&with);
}

static void a_handshake_without_anything(void **state)
{
    (void)state;
    verdict_judgement judged;
    handshake seen = {.protocol = "TLSv1.2", .resumed = true};
    verdict_on_absence(true, true, false, &judged);
    assert_equal(report_handshake(1, true, &seen, &judged),
                 json_pack("{s:i, s:s, s:s, s:s, s:b, s:b, s:n, s:[], s:n, s:[]}", "try", 1,
                           "verdict", "RESUMED_NO_STATUS", "reason", judged.reason, "protocol",
                           "TLSv1.2", "resumed", 1, "status_requested", 1, "leaf", "chain",
                           "staple", "remarks"));
    verdict_judgement_free(&judged);
}

/* What is not there is null, not left out; an unassigned status is its number. */
static void a_staple_that_is_no_response(void **state)
{
    (void)state;
    static const unsigned char unassigned[] = {0x30, 0x03, 0x0a, 0x01, 0x63};
    static const struct {
        span der;
        const char *status;
    } cases[] = {{{unassigned, sizeof(unassigned)}, "99"}, {{unassigned, 2}, NULL}};
    for (size_t i = 0; i < 2; i++) {
        verdict_judgement judged;
        verdict_on_staple(&(verdict_evidence){.der = cases[i].der, .now = NOW}, &judged);
        json_t *report = report_staple(&judged);
        json_object_del(report, "sha256");
        assert_equal(report,
                     json_pack("{s:i, s:i, s:s?, s:n, s:n, s:n, s:n, s:[], s:[]}", "octets",
                               (int)cases[i].der.length, "trailing_octets", 0, "response_status",
                               cases[i].status, "responder_id", "produced_at",
                               "signature_algorithm", "signer", "responses", "extensions"));
        verdict_judgement_free(&judged);
    }
}

static void a_failure_is_one_sentence_of_utf8(void **state)
{
    (void)state;
    const handshake nothing = {0};
    assert_equal(report_failure(2, "no connection", &nothing, NULL),
                 json_pack("{s:i, s:n, s:s}", "try", 2, "verdict", "error", "no connection"));
    assert_equal(report_failure(2, "b\xfc\n", &nothing, NULL),
                 json_pack("{s:i, s:n, s:s}", "try", 2, "verdict", "error", "b??"));
}

static void stages(void **state)
{
    (void)state;
    assert_equal(report_stage(2, STAGE_HALF_HELLO),
                 json_pack("{s:i, s:s}", "try", 2, "event", "half-hello"));
    assert_equal(report_stage(1, STAGE_WAITING),
                 json_pack("{s:i, s:s}", "try", 1, "event", "waiting"));
    int count = 0;
    while (stage_words[count] != NULL) {
        count++;
    }
    assert_int_equal(count, STAGE_WAITING + 1);
}

static void what_came_of_a_request(void **state)
{
    (void)state;
    uint8_t body[] = "S\xc3\xbc"
                     "\0x";
    get_outcome get = {.wanted = true, .status = 200, .body = body, .body_length = 3, .alert = -1};
    assert_equal(report_get(&get),
                 json_pack("{s:i, s:i, s:s}", "status", 200, "octets", 3, "body", "S\xc3\xbc"));
    get.body_length = 2; /* cut within a character */
    assert_equal(report_get(&get),
                 json_pack("{s:i, s:i, s:s}", "status", 200, "octets", 2, "body", "S?"));
    get.body_length = 5;
    assert_equal(report_get(&get), json_pack("{s:i, s:i, s:s#}", "status", 200, "octets", 5, "body",
                                             "S\xc3\xbc\0x", 5));
    get.coded = true;
    assert_equal(report_get(&get),
                 json_pack("{s:i, s:i, s:n}", "status", 200, "octets", 5, "body"));
    problem_fail(&get.failure, "the request failed");
    assert_equal(report_get(&get),
                 json_pack("{s:i, s:s}", "status", 200, "error", "the request failed"));
    get.status = 0;
    get.alert = 116;
    assert_equal(report_get(&get), json_pack("{s:n, s:s, s:i}", "status", "error",
                                             "the request failed", "alert", 116));
}

/* All of a long body counts, its beginning is written. */
static void a_long_body(void **state)
{
    (void)state;
    static uint8_t body[5000];
    memset(body, 'a', sizeof(body));
    get_outcome get = {.wanted = true, .status = 200, .body = body, .body_length = sizeof(body)};
    json_t *out = report_get(&get);
    assert_int_equal(json_integer_value(json_object_get(out, "octets")), 5000);
    assert_int_equal(json_string_length(json_object_get(out, "body")), 4096);
    json_decref(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handshake_with_a_staple),
        cmocka_unit_test(a_handshake_without_anything),
        cmocka_unit_test(a_staple_that_is_no_response),
        cmocka_unit_test(a_failure_is_one_sentence_of_utf8),
        cmocka_unit_test(stages),
        cmocka_unit_test(what_came_of_a_request),
        cmocka_unit_test(a_long_body),
    };
    return cmocka_run_group_tests_name("report", tests, make_all, free_all);
}
