/* Which request gets which fault: the promise that every scenario stands on. */
#include "harness/base/siphash.h"
#include "responders/engine/tests/rules_fixture.h"

static void the_first_rule_that_matches_serves(void **state)
{
    rule_set *r = set_of(
        "[{\"id\": \"post\", \"match\": {\"method\": \"POST\"}, \"sequence\": [{\"do\": []}]},"
        " {\"id\": \"one\", \"match\": {\"serial\": \"10AB\", \"listener\": \"web\"},"
        "  \"sequence\": [{\"do\": [{\"fault\": \"status-try-later\"}]}]},"
        " {\"id\": \"rest\", \"match\": {\"listener\": \"web\"},"
        "  \"sequence\": [{\"do\": [{\"fault\": \"http-redirect\", \"target\": \"/\"}]}]}]");

    (void)state;
    assert_string_equal(request(r, "10ab"), "one/0 status-try-later");
    assert_string_equal(request(r, "1001"), "rest/0 http-redirect");
    assert_string_equal(request(r, NULL), "rest/1 http-redirect");
    assert_string_equal(decide(r, FAULT_AT_REQUEST, "web", "10ab", "POST"), "post/0");
    assert_string_equal(decide(r, FAULT_AT_REQUEST, "other", "10ab", "GET"), "-");
    assert_string_equal(decide(r, FAULT_AT_REQUEST, NULL, NULL, NULL), "-");
    rules_free(r);
}

static void steps_follow_each_other(void **state)
{
    rule_set *r = set_of("[{\"id\": \"s\", \"sequence\": ["
                         "{\"times\": 2, \"do\": [{\"fault\": \"status-try-later\"}]},"
                         "{\"times\": 1, \"do\": [{\"fault\": \"cert-status-revoked\"},"
                         " {\"fault\": \"http-redirect\", \"target\": \"/\"}]}]}]");

    (void)state;
    assert_string_equal(request(r, "1"), "s/0 status-try-later");
    assert_string_equal(request(r, "2"), "s/1 status-try-later");
    assert_string_equal(request(r, "1"), "s/2 cert-status-revoked http-redirect");
    assert_string_equal(request(r, "1"), "s/3");
    assert_string_equal(request(r, "1"), "s/4");
    rules_free(r);
}

static void a_sequence_may_repeat(void **state)
{
    rule_set *r = set_of("[{\"id\": \"s\", \"repeat\": true, \"sequence\": ["
                         "{\"times\": 2, \"do\": []},"
                         "{\"times\": 1, \"do\": [{\"fault\": \"status-try-later\"}]}]}]");

    (void)state;
    for (int round = 0; round < 3; round++) {
        char wanted[64];

        snprintf(wanted, sizeof(wanted), "s/%d", round * 3);
        assert_string_equal(request(r, "1"), wanted);
        snprintf(wanted, sizeof(wanted), "s/%d", round * 3 + 1);
        assert_string_equal(request(r, "1"), wanted);
        snprintf(wanted, sizeof(wanted), "s/%d status-try-later", round * 3 + 2);
        assert_string_equal(request(r, "1"), wanted);
    }
    rules_free(r);
}

static void each_scope_value_counts_for_itself(void **state)
{
    rule_set *r =
        set_of("[{\"id\": \"s\", \"scope\": \"serial\", \"sequence\": ["
               "{\"times\": 1, \"do\": [{\"fault\": \"status-try-later\"}]}, {\"do\": []}]}]");

    (void)state;
    assert_string_equal(request(r, "a"), "s/0 status-try-later");
    assert_string_equal(request(r, "b"), "s/0 status-try-later");
    assert_string_equal(request(r, "a"), "s/1");
    assert_string_equal(request(r, NULL), "s/0 status-try-later");
    assert_string_equal(request(r, "\xff\xfe"), "s/0 status-try-later");
    assert_string_equal(request(r, "\xff\xfe"), "s/1");
    assert_string_equal(request(r, NULL), "s/1");
    rules_free(r);
}

/* The draws below were computed apart from this code; see test_prf.c. */
static void a_probability_draws_from_the_seed(void **state)
{
    static const bool below_half[] = {true,  true,  true, true,  true,  true,
                                      false, false, true, false, false, true};
    rule_set *r = set_of("[]");
    json_t *rules = json_loads("[{\"id\": \"p\", \"probability\": 0.5, \"sequence\":"
                               " [{\"do\": [{\"fault\": \"status-try-later\"}]}]}]",
                               0, NULL);
    const char *values[] = {"web", "1", "GET", NULL};
    const match_subject subject = {.values = values};
    problem p = {0};
    plan made;

    (void)state;
    rules_reset(r, 7);
    assert_int_equal(rules_replace(r, rules, &p), 0);
    for (uint64_t i = 0; i < 12; i++) {
        assert_true(rules_decide(r, FAULT_AT_REQUEST, &subject, &made));
        assert_true(made.draw == prf_draw(7, "p", "", i));
        assert_int_equal(made.nuses, below_half[i] ? 1 : 0);
        assert_true(made.ordinal == i);
        plan_clear(&made);
    }
    rules_free(r);
    json_decref(rules);
}

static void certain_rules_draw_nothing(void **state)
{
    rule_set *always = set_of("[{\"id\": \"p\", \"probability\": 1.0, \"sequence\":"
                              " [{\"do\": [{\"fault\": \"status-try-later\"}]}]}]");
    rule_set *never = set_of("[{\"id\": \"p\", \"probability\": 0, \"sequence\":"
                             " [{\"do\": [{\"fault\": \"status-try-later\"}]}]}]");
    const char *values[] = {"web", "1", "GET", NULL};
    const match_subject subject = {.values = values};
    plan made;

    (void)state;
    assert_true(rules_decide(always, FAULT_AT_REQUEST, &subject, &made));
    assert_true(made.draw == -1);
    assert_int_equal(made.nuses, 1);
    plan_clear(&made);
    for (int i = 0; i < 100; i++) {
        assert_true(rules_decide(never, FAULT_AT_REQUEST, &subject, &made));
        assert_true(made.draw >= 0);
        assert_int_equal(made.nuses, 0);
        plan_clear(&made);
    }
    rules_free(always);
    rules_free(never);
}

static void accept_serves_only_what_is_due_then(void **state)
{
    rule_set *r = set_of("[{\"id\": \"late\", \"match\": {\"serial\": \"9\"}, \"sequence\":"
                         "  [{\"do\": [{\"fault\": \"status-try-later\"}]}]},"
                         " {\"id\": \"a\", \"match\": {\"listener\": \"web\"}, \"sequence\":"
                         "  [{\"times\": 1, \"do\": [{\"fault\": \"rst-on-accept\"}]},"
                         "   {\"times\": 1, \"do\": [{\"fault\": \"status-try-later\"}]},"
                         "   {\"times\": 1, \"do\": [{\"fault\": \"rst-on-accept\"}]}]},"
                         " {\"id\": \"b\", \"sequence\":"
                         "  [{\"do\": [{\"fault\": \"rst-on-accept\"}]}]}]");

    (void)state;
    assert_string_equal(decide(r, FAULT_AT_ACCEPT, "other", NULL, NULL), "b/0 rst-on-accept");
    assert_string_equal(accepted(r), "a/0 rst-on-accept");
    assert_string_equal(accepted(r), "-");
    assert_string_equal(accepted(r), "-");
    assert_string_equal(request(r, "9"), "late/0 status-try-later");
    assert_string_equal(request(r, "1"), "a/1 status-try-later");
    /* Due now is a fault for accept, which a kept connection cannot get: rule a stands
     * aside, and so does b. */
    assert_string_equal(request(r, "1"), "-");
    assert_string_equal(accepted(r), "a/2 rst-on-accept");
    assert_string_equal(accepted(r), "-");
    assert_string_equal(request(r, "1"), "a/3");
    rules_free(r);
}

/* It serves the request later, so what stands behind it has no say. */
static void a_rule_that_counts_later_stands_before_others(void **state)
{
    rule_set *r = set_of("[{\"id\": \"s\", \"scope\": \"serial\", \"sequence\": [{\"do\": []}]},"
                         " {\"id\": \"b\", \"sequence\":"
                         "  [{\"do\": [{\"fault\": \"rst-on-accept\"}]}]}]");

    (void)state;
    assert_string_equal(accepted(r), "-");
    assert_string_equal(request(r, "1"), "s/0");
    rules_free(r);
}

/* A draw that spares a connection is used up by its request, with the same ordinal. */
static void a_spared_connection_counts_once(void **state)
{
    rule_set *r = rules_new(&fake_catalogue, fake_keys, 7);
    json_t *one = json_loads("{\"id\": \"p\", \"probability\": 0.4, \"sequence\":"
                             " [{\"do\": [{\"fault\": \"rst-on-accept\"}]}]}",
                             0, NULL);
    problem p = {0};
    char wanted[64];

    (void)state;
    assert_int_equal(rules_add(r, one, &p), 0);
    json_decref(one);
    for (uint64_t i = 0; i < 12; i++) {
        if (prf_draw(7, "p", "", i) < 0.4) {
            snprintf(wanted, sizeof(wanted), "p/%d rst-on-accept", (int)i);
            assert_string_equal(accepted(r), wanted);
        } else {
            assert_string_equal(accepted(r), "-");
            snprintf(wanted, sizeof(wanted), "p/%d", (int)i);
            assert_string_equal(request(r, "1"), wanted);
        }
    }
    rules_free(r);
}

static void plans_describe_themselves(void **state)
{
    rule_set *r = set_of("[{\"id\": \"p\", \"probability\": 0.5, \"match\": {\"serial\": \"1\"},"
                         " \"sequence\": [{\"do\": [{\"fault\": \"cert-status-revoked\","
                         " \"reason\": 4}]}]}]");
    const char *values[] = {"web", "2", "GET", NULL};
    const match_subject subject = {.values = values};
    json_t *event = json_object();
    json_t *wanted;
    plan p;

    (void)state;
    rules_reset(r, 7);
    rules_decide(r, FAULT_AT_REQUEST, &subject, &p);
    plan_describe(&p, event);
    wanted = json_pack("{s:n, s:i, s:n, s:n, s:[]}", "rule", "generation", 2, "ordinal", "draw",
                       "faults");
    assert_true(json_equal(event, wanted));
    json_decref(wanted);
    plan_clear(&p);
    rules_free(r);

    r = set_of("[{\"id\": \"p\", \"probability\": 0.95, \"match\": {\"serial\": \"2\"},"
               " \"sequence\": [{\"do\": [{\"fault\": \"cert-status-revoked\","
               " \"reason\": 4}]}]}]");
    assert_true(rules_decide(r, FAULT_AT_REQUEST, &subject, &p));
    plan_describe(&p, event);
    wanted = json_pack("{s:s, s:i, s:i, s:f, s:[s]}", "rule", "p", "generation", 1, "ordinal", 0,
                       "draw", prf_draw(1, "p", "", 0), "faults", "cert-status-revoked");
    assert_true(json_equal(event, wanted));
    assert_ptr_equal(plan_layer(&p, "ocsp"), &p.uses[0]);
    assert_null(plan_layer(&p, "tcp"));
    assert_int_equal(param_integer(p.uses[0].params, "reason"), 4);
    rules_free(r); /* the plan of a connection may outlive its rule */
    assert_int_equal(param_integer(p.uses[0].params, "reason"), 4);
    plan_clear(&p);
    plan_clear(&p);
    json_decref(wanted);
    json_decref(event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_rule_that_matches_serves),
        cmocka_unit_test(steps_follow_each_other),
        cmocka_unit_test(a_sequence_may_repeat),
        cmocka_unit_test(each_scope_value_counts_for_itself),
        cmocka_unit_test(a_probability_draws_from_the_seed),
        cmocka_unit_test(certain_rules_draw_nothing),
        cmocka_unit_test(accept_serves_only_what_is_due_then),
        cmocka_unit_test(a_rule_that_counts_later_stands_before_others),
        cmocka_unit_test(a_spared_connection_counts_once),
        cmocka_unit_test(plans_describe_themselves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
