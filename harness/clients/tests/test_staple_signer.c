/*
 * Who may sign a staple: the leaf's issuer, its delegates, and nobody else.
 */
#include "harness/clients/tests/judging.h"

static void bad_signature(void **state)
{
    (void)state;
    /* another key signs, and the issuer is named */
    response_plan plan = healthy();
    plan.signer = &rogue;
    plan.named = issuing.certificate;
    expect(&plan, VERDICT_BAD_SIGNATURE);
    plan.by_name = true;
    expect(&plan, VERDICT_BAD_SIGNATURE);
    /* an embedded delegate's certificate, and another key */
    plan = healthy();
    plan.signer = &rogue;
    plan.named = delegate.certificate;
    plan.embedded = delegate.certificate;
    expect(&plan, VERDICT_BAD_SIGNATURE);
}

static void expect_delegate(const identity *by, bool embed, verdict expected)
{
    response_plan plan = healthy();
    plan.signer = by;
    plan.embedded = embed ? by->certificate : NULL;
    expect(&plan, expected);
    plan.by_name = true;
    expect(&plan, expected);
}

static void delegates(void **state)
{
    (void)state;
    expect_delegate(&delegate, true, VERDICT_GOOD);
    expect_delegate(&delegate, false, VERDICT_UNAUTHORIZED_SIGNER);
    expect_delegate(&delegate_plain, true, VERDICT_UNAUTHORIZED_SIGNER);
    expect_delegate(&delegate_server, true, VERDICT_UNAUTHORIZED_SIGNER);
    expect_delegate(&delegate_of_root, true, VERDICT_UNAUTHORIZED_SIGNER);
    expect_delegate(&delegate_of_rogue, true, VERDICT_UNAUTHORIZED_SIGNER);
    expect_delegate(&delegate_of_leaf, true, VERDICT_UNAUTHORIZED_SIGNER);
    expect_delegate(&delegate_expired, true, VERDICT_SIGNER_EXPIRED);
    expect_delegate(&delegate_early, true, VERDICT_SIGNER_EXPIRED);
}

static void other_signers(void **state)
{
    (void)state;
    expect_delegate(&rogue, true, VERDICT_UNAUTHORIZED_SIGNER);
    /* the issuer's issuer is at hand, and has no say */
    expect_delegate(&root, false, VERDICT_UNAUTHORIZED_SIGNER);
    /* nor has the certificate in question */
    expect_delegate(&leaf, false, VERDICT_UNAUTHORIZED_SIGNER);
    /* another key under the issuer's name */
    expect_delegate(&twin, true, VERDICT_UNAUTHORIZED_SIGNER);

    /* the issuer signs, and names somebody nobody knows */
    response_plan plan = healthy();
    plan.named = rogue.certificate;
    expect(&plan, VERDICT_UNAUTHORIZED_SIGNER);
    plan.by_name = true;
    expect(&plan, VERDICT_UNAUTHORIZED_SIGNER);
}

/* The issuer's key signed its certificate, in which another issuer stands. */
static void delegate_under_another_issuers_name(void **state)
{
    (void)state;
    const identity mixed = {.key = issuing.key, .certificate = root.certificate};
    identity_plan plan = {.name = "Delegate", .serial = 13, .issuer = &mixed};
    plan.eku = "OCSPSigning";
    identity by = make_identity(&plan);
    expect_delegate(&by, true, VERDICT_UNAUTHORIZED_SIGNER);
    free_identity(&by);
}

/* Two certificates of one name and key: that the first may not sign does not count. */
static void signer_with_two_certificates(void **state)
{
    (void)state;
    identity weaker = make_identity(&(identity_plan){
        .name = "Delegate", .serial = 14, .issuer = &issuing, .key = delegate.key});
    response_plan plan = healthy();
    plan.signer = &delegate;
    plan.embedded = weaker.certificate;
    expect(&plan, VERDICT_UNAUTHORIZED_SIGNER);

    STACK_OF(X509) *more = sk_X509_dup(candidates);
    sk_X509_push(more, delegate.certificate);
    verdict_judgement judged = judge_by(
        &plan, &(verdict_evidence){.leaf = leaf.certificate, .candidates = more, .now = NOW});
    assert_verdict(&judged, VERDICT_GOOD);
    verdict_judgement_free(&judged);
    sk_X509_free(more);
    free_identity(&weaker);
}

static void delegate_among_the_candidates(void **state)
{
    (void)state;
    response_plan plan = healthy();
    plan.signer = &delegate;
    STACK_OF(X509) *more = sk_X509_dup(candidates);
    sk_X509_push(more, delegate.certificate);
    verdict_judgement judged = judge_by(
        &plan, &(verdict_evidence){.leaf = leaf.certificate, .candidates = more, .now = NOW});
    assert_verdict(&judged, VERDICT_GOOD);
    assert_int_equal(judged.signer.kind, STAPLE_SIGNER_DELEGATE);
    assert_ptr_equal(judged.signer.certificate, delegate.certificate);
    verdict_judgement_free(&judged);
    sk_X509_free(more);
}

static void signer_validity_to_the_second(void **state)
{
    (void)state;
    identity_plan edge = {.name = "Delegate", .serial = 12, .issuer = &issuing};
    edge.eku = "OCSPSigning";
    edge.not_after = 10;
    edge.not_before = -10;
    identity by = make_identity(&edge);
    const struct {
        int64_t offset;
        verdict expected;
    } cases[] = {{10, VERDICT_GOOD},
                 {11, VERDICT_SIGNER_EXPIRED},
                 {-10, VERDICT_GOOD},
                 {-11, VERDICT_SIGNER_EXPIRED}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        single_plan single = {.this_update = -DAY, .next_update = DAY};
        response_plan plan = healthy();
        plan.signer = &by;
        plan.embedded = by.certificate;
        plan.singles = &single;
        plan.nsingles = 1;
        verdict_judgement judged =
            judge_by(&plan, &(verdict_evidence){.leaf = leaf.certificate,
                                                .candidates = candidates,
                                                .now = NOW + cases[i].offset});
        assert_verdict(&judged, cases[i].expected);
        verdict_judgement_free(&judged);
    }
    free_identity(&by);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_signature),
        cmocka_unit_test(delegates),
        cmocka_unit_test(other_signers),
        cmocka_unit_test(delegate_under_another_issuers_name),
        cmocka_unit_test(signer_with_two_certificates),
        cmocka_unit_test(delegate_among_the_candidates),
        cmocka_unit_test(signer_validity_to_the_second),
    };
    return cmocka_run_group_tests_name("signer", tests, make_all, free_all);
}
