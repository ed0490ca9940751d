/*
 * Each remark, and that it changes nothing about the verdict.
 */
#include "harness/clients/tests/judging.h"

static bool has(const remarks *all, const char *word)
{
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->all[i].word, word) == 0) {
            assert_true(strlen(all->all[i].text) > 10);
            return true;
        }
    }
    return false;
}

/* The one remark on a good staple; NULL: none. */
static void expect_remark(const response_plan *plan, X509 *of, STACK_OF(X509) * from,
                          const char *word)
{
    verdict_judgement judged =
        judge_by(plan, &(verdict_evidence){.leaf = of, .candidates = from, .now = NOW});
    assert_verdict(&judged, VERDICT_GOOD);
    if (judged.remarks.count != (word != NULL) || (word != NULL && !has(&judged.remarks, word))) {
        fail_msg("%zu remarks, the first: %s; expected: %s", judged.remarks.count,
                 judged.remarks.count > 0 ? judged.remarks.all[0].word : "", word);
    }
    verdict_judgement_free(&judged);
}

static void times_of_the_response(void **state)
{
    (void)state;
    const struct {
        int64_t this_update, next_update;
        const char *produced;
        const char *word;
    } cases[] = {
        {0, DAY, NULL, NULL},
        {-DAY, 9 * DAY, NULL, NULL},
        {0, DAY, "20300317174639Z", "produced-before-this-update"}, /* NOW is ...40Z */
        {0, DAY, "20300317174641Z", "produced-in-the-future"},
        {0, 10 * DAY, NULL, NULL},
        {0, 10 * DAY + 1, NULL, "long"},
        {-10 * DAY, 0, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        single_plan single = {.this_update = cases[i].this_update,
                              .next_update = cases[i].next_update};
        response_plan plan = healthy();
        plan.singles = &single;
        plan.nsingles = 1;
        plan.produced = cases[i].produced;
        expect_remark(&plan, leaf.certificate, candidates, cases[i].word);
    }

    single_plan old = {.this_update = -365 * DAY, .next_update = DAY};
    response_plan plan = healthy();
    plan.singles = &old;
    plan.nsingles = 1;
    plan.produced = "20400101000000Z";
    verdict_judgement judged = judge(&plan);
    assert_verdict(&judged, VERDICT_GOOD);
    assert_true(has(&judged.remarks, "old"));
    assert_true(has(&judged.remarks, "long"));
    assert_true(has(&judged.remarks, "produced-in-the-future"));
    assert_true(has(&judged.remarks, "produced-after-next-update"));
    assert_int_equal(judged.remarks.count, 4);
    verdict_judgement_free(&judged);
}

static void the_leafs_own_dates(void **state)
{
    (void)state;
    response_plan plan = healthy();
    const struct {
        int64_t not_before, not_after;
        const char *word;
    } cases[] = {
        {-30 * DAY, 30 * DAY, NULL},
        {1, 30 * DAY, "leaf-not-yet-valid"},
        {-30 * DAY, DAY - 1, "outlives-leaf"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        identity with = make_identity(&(identity_plan){.name = "www",
                                                       .serial = 0x1001,
                                                       .issuer = &issuing,
                                                       .not_before = cases[i].not_before,
                                                       .not_after = cases[i].not_after});
        expect_remark(&plan, with.certificate, candidates, cases[i].word);
        free_identity(&with);
    }

    remarks expired = {0};
    remarks_on_leaf(leaf.certificate, NOW + 31 * DAY, &expired);
    assert_true(has(&expired, "leaf-expired"));
    remarks_on_leaf(NULL, NOW, &expired);
    assert_int_equal(expired.count, 1);
}

static void delegates(void **state)
{
    (void)state;
    const struct {
        identity_plan plan;
        const char *word;
    } cases[] = {
        {{.nocheck = true}, NULL},
        {{.nocheck = true, .key_usage = "digitalSignature"}, NULL},
        {{.nocheck = true, .key_usage = "keyCertSign,cRLSign"}, "signer-key-usage"},
        {{.nocheck = true, .not_after = DAY - 1}, "outlives-signer"},
        {{.nocheck = false}, "no-nocheck"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        identity_plan of = cases[i].plan;
        of.name = "Delegate";
        of.serial = 30;
        of.issuer = &issuing;
        of.eku = "OCSPSigning";
        identity by = make_identity(&of);
        response_plan plan = healthy();
        plan.signer = &by;
        plan.embedded = by.certificate;
        expect_remark(&plan, leaf.certificate, candidates, cases[i].word);
        free_identity(&by);
    }
}

static void sha1(void **state)
{
    (void)state;
    response_plan plan = healthy();
    plan.md = EVP_sha1();
    expect_remark(&plan, leaf.certificate, candidates, "sha1");
}

static void a_leaf_that_vouches_for_itself(void **state)
{
    (void)state;
    identity with = make_identity(&(identity_plan){.name = "www",
                                                   .serial = 0x1001,
                                                   .issuer = &issuing,
                                                   .eku = "OCSPSigning",
                                                   .nocheck = true});
    response_plan plan = healthy();
    plan.leaf = with.certificate;
    plan.signer = &with;
    plan.embedded = with.certificate;
    expect_remark(&plan, with.certificate, candidates, "vouches-for-itself");
    free_identity(&with);
}

static void sizes_and_unreadable_ones(void **state)
{
    (void)state;
    remarks out = {0};
    remarks_on_size(20000, &out);
    assert_true(has(&out, "too-large-for-openssl"));
    remarks_on_unreadable(&out);
    assert_true(has(&out, "leaf-unreadable"));
    for (int i = 0; i < 2 * REMARKS_MAX; i++) {
        remarks_on_unreadable(&out);
    }
    assert_int_equal(out.count, REMARKS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_the_response),
        cmocka_unit_test(the_leafs_own_dates),
        cmocka_unit_test(delegates),
        cmocka_unit_test(sha1),
        cmocka_unit_test(a_leaf_that_vouches_for_itself),
        cmocka_unit_test(sizes_and_unreadable_ones),
    };
    return cmocka_run_group_tests_name("remarks", tests, make_all, free_all);
}
