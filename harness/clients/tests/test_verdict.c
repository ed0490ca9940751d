/*
 * One staple of every kind, and what the judgement says about it. Who may sign is in
 * test_signer.c, what is well-formed in test_staple.c.
 */
#include "harness/clients/tests/judging.h"

static void expect_single(const single_plan *single, verdict expected)
{
    response_plan plan = healthy();
    plan.singles = single;
    plan.nsingles = 1;
    expect(&plan, expected);
}

static void good_from_the_issuer(void **state)
{
    (void)state;
    response_plan plan = healthy();
    verdict_judgement judged = judge(&plan);
    assert_verdict(&judged, VERDICT_GOOD);
    assert_int_equal(judged.signer.kind, STAPLE_SIGNER_ISSUER);
    assert_int_equal(judged.staple.nsingles, 1);
    assert_string_equal(judged.staple.singles[0].serial, "1001");
    assert_string_equal(judged.staple.singles[0].hash_algorithm, "sha1");
    assert_true(judged.staple.singles[0].matches_leaf);
    assert_true(judged.staple.singles[0].this_update == NOW);
    assert_true(judged.staple.singles[0].next_update == NOW + DAY);
    assert_true(judged.staple.singles[0].revocation_time == CERTIFICATE_NO_TIME);
    verdict_judgement_free(&judged);
    plan.by_name = true;
    expect(&plan, VERDICT_GOOD);
}

static void cert_id_in_each_hash(void **state)
{
    (void)state;
    const struct {
        const EVP_MD *md;
        const char *name;
        verdict expected;
    } cases[] = {
        {EVP_sha1(), "sha1", VERDICT_GOOD},     {EVP_sha256(), "sha256", VERDICT_GOOD},
        {EVP_sha384(), "sha384", VERDICT_GOOD}, {EVP_sha512(), "sha512", VERDICT_GOOD},
        {EVP_sha224(), "sha224", VERDICT_GOOD}, {EVP_sha3_256(), "sha3-256", VERDICT_GOOD},
        {EVP_md5(), "md5", VERDICT_GOOD},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        response_plan plan = healthy();
        single_plan single = {.hash = cases[i].md, .next_update = DAY};
        plan.singles = &single;
        plan.nsingles = 1;
        verdict_judgement judged = judge(&plan);
        assert_verdict(&judged, cases[i].expected);
        assert_string_equal(judged.staple.singles[0].hash_algorithm, cases[i].name);
        verdict_judgement_free(&judged);
    }
}

static void not_for_this_certificate(void **state)
{
    (void)state;
    expect_single(&(single_plan){.names = other.certificate, .next_update = DAY},
                  VERDICT_NOT_FOR_THIS_CERT);
    expect_single(&(single_plan){.issuer_name = rogue.certificate, .next_update = DAY},
                  VERDICT_NOT_FOR_THIS_CERT);
    expect_single(&(single_plan){.issuer_key = twin.certificate, .next_update = DAY},
                  VERDICT_NOT_FOR_THIS_CERT);
    single_plan none = {0};
    response_plan plan = healthy();
    plan.singles = &none;
    plan.nsingles = 0;
    expect(&plan, VERDICT_NOT_FOR_THIS_CERT);
}

static void issuer_not_known(void **state)
{
    (void)state;
    response_plan plan = healthy();
    STACK_OF(X509) *wrong = sk_X509_new_null();
    sk_X509_push(wrong, twin.certificate);
    sk_X509_push(wrong, root.certificate);
    verdict_judgement judged = judge_by(
        &plan, &(verdict_evidence){.leaf = leaf.certificate, .candidates = wrong, .now = NOW});
    assert_verdict(&judged, VERDICT_NOT_FOR_THIS_CERT);
    assert_non_null(strstr(judged.reason, "issuer of the leaf is neither"));
    verdict_judgement_free(&judged);
    sk_X509_free(wrong);

    judged = judge_by(&plan, &(verdict_evidence){.leaf = leaf.certificate, .now = NOW});
    assert_verdict(&judged, VERDICT_NOT_FOR_THIS_CERT);
    verdict_judgement_free(&judged);
    judged = judge_by(&plan, &(verdict_evidence){.candidates = candidates, .now = NOW});
    assert_verdict(&judged, VERDICT_NOT_FOR_THIS_CERT);
    verdict_judgement_free(&judged);
}

static void self_signed_leaf(void **state)
{
    (void)state;
    response_plan plan = {
        .leaf = self_signed.certificate, .issuer = self_signed.certificate, .signer = &self_signed};
    STACK_OF(X509) *chain = sk_X509_new_null();
    sk_X509_push(chain, self_signed.certificate);
    verdict_judgement judged = judge_by(
        &plan,
        &(verdict_evidence){.leaf = self_signed.certificate, .candidates = chain, .now = NOW});
    assert_verdict(&judged, VERDICT_GOOD);
    verdict_judgement_free(&judged);
    sk_X509_free(chain);
}

static void times_to_the_second(void **state)
{
    (void)state;
    const struct {
        int64_t this_update;
        int64_t next_update;
        int64_t skew;
        verdict expected;
    } cases[] = {
        {0, 0, 0, VERDICT_GOOD},
        {1, 100, 0, VERDICT_NOT_YET_VALID},
        {-100, -1, 0, VERDICT_EXPIRED},
        {300, 1000, 300, VERDICT_GOOD},
        {301, 1000, 300, VERDICT_NOT_YET_VALID},
        {-1000, -300, 300, VERDICT_GOOD},
        {-1000, -301, 300, VERDICT_EXPIRED},
        {10, -10, 0, VERDICT_NOT_YET_VALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        single_plan single = {.this_update = cases[i].this_update,
                              .next_update = cases[i].next_update};
        response_plan plan = healthy();
        plan.singles = &single;
        plan.nsingles = 1;
        verdict_judgement judged = judge_by(&plan, &(verdict_evidence){.leaf = leaf.certificate,
                                                                       .candidates = candidates,
                                                                       .now = NOW,
                                                                       .skew = cases[i].skew});
        assert_verdict(&judged, cases[i].expected);
        verdict_judgement_free(&judged);
    }
}

static void no_next_update(void **state)
{
    (void)state;
    expect_single(&(single_plan){.no_next = true}, VERDICT_NO_NEXT_UPDATE);
    expect_single(&(single_plan){.no_next = true, .this_update = 1}, VERDICT_NOT_YET_VALID);
    expect_single(&(single_plan){.no_next = true, .status = V_OCSP_CERTSTATUS_REVOKED},
                  VERDICT_REVOKED);
    expect_single(&(single_plan){.no_next = true, .status = V_OCSP_CERTSTATUS_UNKNOWN},
                  VERDICT_UNKNOWN);
}

static void statuses(void **state)
{
    (void)state;
    single_plan single = {.next_update = DAY, .status = V_OCSP_CERTSTATUS_REVOKED};
    response_plan plan = healthy();
    plan.singles = &single;
    plan.nsingles = 1;
    for (int reason = -1; reason <= 10; reason++) {
        single.reason = reason;
        verdict_judgement judged = judge(&plan);
        assert_verdict(&judged, VERDICT_REVOKED);
        assert_int_equal(judged.staple.singles[0].revocation_reason, reason);
        assert_true(judged.staple.singles[0].revocation_time == NOW - 500);
        verdict_judgement_free(&judged);
    }
    single.status = V_OCSP_CERTSTATUS_UNKNOWN;
    expect(&plan, VERDICT_UNKNOWN);
    single.next_update = -1;
    expect(&plan, VERDICT_EXPIRED);
}

/* Of several SingleResponses for the leaf the current ones count, and the worst of them. */
static void several_singles(void **state)
{
    (void)state;
    const single_plan for_other = {
        .names = other.certificate, .next_update = DAY, .status = V_OCSP_CERTSTATUS_REVOKED};
    const single_plan good = {.next_update = DAY};
    const single_plan good256 = {.next_update = DAY, .hash = EVP_sha256()};
    const single_plan revoked = {.next_update = DAY, .status = V_OCSP_CERTSTATUS_REVOKED};
    const single_plan unknown = {.next_update = DAY, .status = V_OCSP_CERTSTATUS_UNKNOWN};
    const single_plan stale = {
        .this_update = -DAY, .next_update = -5, .status = V_OCSP_CERTSTATUS_REVOKED};
    const single_plan early = {.this_update = 5, .next_update = DAY};
    const single_plan endless = {.no_next = true, .status = V_OCSP_CERTSTATUS_REVOKED};
    const struct {
        single_plan singles[3];
        verdict expected;
    } cases[] = {
        {{for_other, good, for_other}, VERDICT_GOOD},
        {{for_other, for_other, for_other}, VERDICT_NOT_FOR_THIS_CERT},
        {{good, good256, for_other}, VERDICT_GOOD},
        {{good, revoked, good}, VERDICT_REVOKED},
        {{revoked, good, unknown}, VERDICT_REVOKED},
        {{good, unknown, good}, VERDICT_UNKNOWN},
        {{stale, good, early}, VERDICT_GOOD},
        {{stale, early, for_other}, VERDICT_EXPIRED},
        {{early, stale, for_other}, VERDICT_NOT_YET_VALID},
        {{good, endless, good}, VERDICT_REVOKED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        response_plan plan = healthy();
        plan.singles = cases[i].singles;
        plan.nsingles = 3;
        expect(&plan, cases[i].expected);
    }
}

/* Each line has two faults: the earlier step of the judgement names the verdict. */
static void order_of_the_steps(void **state)
{
    (void)state;
    const single_plan for_other = {.names = other.certificate, .next_update = -1};
    const single_plan late = {
        .this_update = 10, .status = V_OCSP_CERTSTATUS_REVOKED, .no_next = true};
    response_plan plan = healthy();
    plan.singles = &for_other;
    plan.nsingles = 1;
    plan.signer = &rogue;
    plan.named = issuing.certificate;
    expect(&plan, VERDICT_NOT_FOR_THIS_CERT);
    plan.singles = &late;
    expect(&plan, VERDICT_BAD_SIGNATURE);
    plan.named = NULL;
    plan.embedded = rogue.certificate;
    expect(&plan, VERDICT_UNAUTHORIZED_SIGNER);
    plan.signer = &delegate_expired;
    plan.embedded = delegate_expired.certificate;
    expect(&plan, VERDICT_SIGNER_EXPIRED);
    plan.signer = &issuing;
    expect(&plan, VERDICT_NOT_YET_VALID);
}

static void absence(void **state)
{
    (void)state;
    const struct {
        bool requested, resumed, must_staple;
        verdict expected;
    } cases[] = {
        {false, false, false, VERDICT_NOT_REQUESTED},
        {false, true, true, VERDICT_NOT_REQUESTED},
        {true, true, true, VERDICT_RESUMED_NO_STATUS},
        {true, false, true, VERDICT_NO_STAPLE_MUST_STAPLE},
        {true, false, false, VERDICT_NO_STAPLE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        verdict_judgement judged;
        verdict_on_absence(cases[i].requested, cases[i].resumed, cases[i].must_staple, &judged);
        assert_verdict(&judged, cases[i].expected);
        assert_false(judged.has_staple);
        verdict_judgement_free(&judged);
    }
}

static void vocabulary(void **state)
{
    (void)state;
    static const char *const names[] = {"GOOD",
                                        "NOT_REQUESTED",
                                        "RESUMED_NO_STATUS",
                                        "NO_STAPLE",
                                        "NO_STAPLE_MUST_STAPLE",
                                        "UNPARSEABLE",
                                        "ERROR_STATUS",
                                        "NOT_FOR_THIS_CERT",
                                        "BAD_SIGNATURE",
                                        "UNAUTHORIZED_SIGNER",
                                        "SIGNER_EXPIRED",
                                        "NOT_YET_VALID",
                                        "EXPIRED",
                                        "NO_NEXT_UPDATE",
                                        "REVOKED",
                                        "UNKNOWN",
                                        "WEAK_SIGNATURE",
                                        "UNSUPPORTED_ALGORITHM"};
    for (int i = 0; i < 18; i++) {
        assert_string_equal(verdict_vocabulary[i].name, names[i]);
        assert_int_equal(verdict_vocabulary[i].verdict, i == 0 ? 0 : 9 + i);
    }
    assert_null(verdict_vocabulary[18].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_from_the_issuer),
        cmocka_unit_test(cert_id_in_each_hash),
        cmocka_unit_test(not_for_this_certificate),
        cmocka_unit_test(issuer_not_known),
        cmocka_unit_test(self_signed_leaf),
        cmocka_unit_test(times_to_the_second),
        cmocka_unit_test(no_next_update),
        cmocka_unit_test(statuses),
        cmocka_unit_test(several_singles),
        cmocka_unit_test(order_of_the_steps),
        cmocka_unit_test(absence),
        cmocka_unit_test(vocabulary),
    };
    return cmocka_run_group_tests_name("verdict", tests, make_all, free_all);
}
