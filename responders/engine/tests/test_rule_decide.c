/* Which request gets which fault: the promise that every scenario stands on. */
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
    assert_string_equal(decide(r, false, "web", "10ab", "POST"), "post/0");
    assert_string_equal(decide(r, false, "other", "10ab", "GET"), "-");
    assert_string_equal(decide(r, false, NULL, NULL, NULL), "-");
    rule_set_free(r);
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
    rule_set_free(r);
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
    rule_set_free(r);
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
    rule_set_free(r);
}

/* What is drawn for one request. */
static double draw_of(rule_set *r, const char *serial)
{
    const char *values[] = {"web", serial, "GET"};
    double draw;
    plan p;

    assert_true(rule_decide(r, false, values, &p));
    draw = p.draw;
    assert_true(draw >= 0 && draw < 1);
    plan_clear(&p);
    return draw;
}

/* The draw for (seed, rule, scope value, ordinal). */
static double draw_at(uint64_t seed, const char *id, const char *value, uint64_t ordinal)
{
    char *text = memory_format("[{\"id\": \"%s\", \"probability\": 0.5, \"scope\": \"serial\","
                               " \"sequence\": [{\"do\": []}]}]",
                               id);
    rule_set *r = set_of_seed(text, seed);
    double draw = draw_of(r, value);

    for (uint64_t i = 0; i < ordinal; i++) {
        draw = draw_of(r, value);
    }
    rule_set_free(r);
    free(text);
    return draw;
}

/* Computed by a second implementation, from the definition in rule_decide.c. */
static void draws_are_as_defined(void **state)
{
    (void)state;
    assert_true(draw_at(1, "rule-1", "", 0) == 0x1.e4a8cbd618dabp-1);
    assert_true(draw_at(1, "rule-1", NULL, 0) == 0x1.e4a8cbd618dabp-1);
    assert_true(draw_at(1, "rule-1", "", 1) == 0x1.fa0bf157d9558p-1);
    assert_true(draw_at(2, "rule-1", "", 0) == 0x1.2929bf56dca2ep-2);
    assert_true(draw_at(1, "r", "1001", 0) == 0x1.699c75cb7f9a8p-3);
    assert_true(draw_at(1, "r", "1001", 256) == 0x1.f688d55ba58c0p-5);
}

static void draws_depend_on_where_a_text_ends(void **state)
{
    (void)state;
    assert_true(draw_at(1, "a", "bc", 0) != draw_at(1, "ab", "c", 0));
}

static void draws_are_even(void **state)
{
    rule_set *r = set_of_seed("[{\"id\": \"even\", \"probability\": 0.5, \"sequence\":"
                              " [{\"do\": []}]}]",
                              3);
    int below = 0;

    (void)state;
    for (int i = 0; i < 10000; i++) {
        below += draw_of(r, "1") < 0.25 ? 1 : 0;
    }
    assert_in_range(below, 2370, 2630); /* 3 standard deviations about 2500 */
    rule_set_free(r);
}

/* Whether each draw is below 0.5 was computed apart from this code. */
static void a_probability_draws_from_the_seed(void **state)
{
    static const bool below_half[] = {true,  true,  true, true,  true,  true,
                                      false, false, true, false, false, true};
    rule_set *r =
        set_of("[{\"id\": \"p\", \"probability\": 0.5, \"sequence\": [{\"do\": [" TRY "]}]}]");
    const char *values[] = {"web", "1", "GET"};
    plan made;

    (void)state;
    rule_set_seed(r, 7);
    for (uint64_t i = 0; i < 12; i++) {
        assert_true(rule_decide(r, false, values, &made));
        assert_int_equal(made.draw < 0.5, below_half[i]);
        assert_int_equal(made.nitems, below_half[i] ? 1 : 0);
        assert_true(made.ordinal == i);
        plan_clear(&made);
    }
    rule_set_free(r);
}

static void certain_rules_draw_nothing(void **state)
{
    rule_set *always = set_of("[{\"id\": \"p\", \"probability\": 1.0, \"sequence\":"
                              " [{\"do\": [{\"fault\": \"status-try-later\"}]}]}]");
    rule_set *never = set_of("[{\"id\": \"p\", \"probability\": 0, \"sequence\":"
                             " [{\"do\": [{\"fault\": \"status-try-later\"}]}]}]");
    const char *values[] = {"web", "1", "GET"};
    plan made;

    (void)state;
    assert_true(rule_decide(always, false, values, &made));
    assert_true(made.draw == -1);
    assert_int_equal(made.nitems, 1);
    plan_clear(&made);
    for (int i = 0; i < 100; i++) {
        assert_true(rule_decide(never, false, values, &made));
        assert_true(made.draw >= 0);
        assert_int_equal(made.nitems, 0);
        plan_clear(&made);
    }
    rule_set_free(always);
    rule_set_free(never);
}

/* A draw below the probability, not one that is as large. */
static void a_draw_as_large_as_the_probability_spares(void **state)
{
    static const double draw = 0x1.2929bf56dca2ep-2; /* of seed 2, rule-1, ordinal 0 */
    static const char form[] = "[{\"probability\": %.17g, \"sequence\": [{\"do\": [" TRY "]}]}]";
    char *same = memory_format(form, draw), *larger = memory_format(form, draw + 0x1p-53);
    rule_set *r = set_of_seed(same, 2);
    problem p = {0};

    (void)state;
    assert_string_equal(request(r, "1"), "rule-1/0");
    assert_int_equal(rules_replace(r, larger, &p), 0);
    assert_string_equal(request(r, "1"), "rule-1/0 status-try-later");
    free(same);
    free(larger);
    rule_set_free(r);
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
    assert_string_equal(decide(r, true, "other", NULL, NULL), "b/0 rst-on-accept");
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
    rule_set_free(r);
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
    rule_set_free(r);
}

/* A draw that spares a connection is used up by its request, with the same ordinal. */
static void a_spared_connection_counts_once(void **state)
{
    /* Whether each draw is below 0.4, computed apart from this code. */
    static const bool below[] = {false, true,  true, true,  true,  false,
                                 false, false, true, false, false, true};
    rule_set *r = set_of_seed("[{\"id\": \"p\", \"probability\": 0.4, \"sequence\":"
                              " [{\"do\": [{\"fault\": \"rst-on-accept\"}]}]}]",
                              7);
    char wanted[64];

    (void)state;
    for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
        if (below[i]) {
            snprintf(wanted, sizeof(wanted), "p/%zu rst-on-accept", i);
            assert_string_equal(accepted(r), wanted);
        } else {
            assert_string_equal(accepted(r), "-");
            snprintf(wanted, sizeof(wanted), "p/%zu", i);
            assert_string_equal(request(r, "1"), wanted);
        }
    }
    rule_set_free(r);
}

/* As does what a fault's own sequence spares. */
static void a_fault_that_comes_later_counts_once(void **state)
{
    rule_set *r = set_of("[{\"id\": \"l\", \"sequence\": [{\"do\": [{\"fault\": \"rst-later\","
                         " \"n\": 2}]}]}]");

    (void)state;
    for (int i = 0; i < 2; i++) {
        char wanted[16];

        assert_string_equal(accepted(r), "-");
        snprintf(wanted, sizeof(wanted), "l/%d", i);
        assert_string_equal(request(r, "1"), wanted);
    }
    assert_string_equal(accepted(r), "l/2 rst-later");
    assert_string_equal(request(r, "1"), "-");
    assert_string_equal(accepted(r), "l/3 rst-later");
    rule_set_free(r);
}

/* The ordinals of a fault's own sequence are those of its rule, in its scope. */
static void a_fault_has_its_own_sequence(void **state)
{
    rule_set *r = set_of("[{\"id\": \"s\", \"scope\": \"serial\", \"sequence\": [{\"do\":"
                         " [{\"fault\": \"revoked-once\", \"n\": 1, \"m\": 2},"
                         " {\"fault\": \"late-redirect\", \"n\": 2}]}]}]");

    (void)state;
    assert_string_equal(request(r, "a"), "s/0 late-redirect late-redirect");
    assert_string_equal(request(r, "a"), "s/1 revoked-once late-redirect late-redirect");
    assert_string_equal(request(r, "b"), "s/0 late-redirect late-redirect");
    assert_string_equal(request(r, "a"), "s/2 revoked-once");
    assert_string_equal(request(r, "a"), "s/3");
    rule_set_free(r);
}

/* The plan of a connection may outlive its rule. */
static void a_plan_outlives_its_rule(void **state)
{
    rule_set *r =
        set_of("[{\"id\": \"p\", \"match\": {\"serial\": \"2\"}, \"sequence\": [{\"do\":"
               " [{\"fault\": \"cert-status-revoked\", \"reason\": 4, \"by\": \"me\"}]}]}]");
    const char *values[] = {"web", "2", "GET"};
    subject s = {.gives = EFFECT_DONE};
    plan p;

    (void)state;
    assert_true(rule_decide(r, false, values, &p));
    rule_set_free(r);
    plan_do(&p, STAGE_MODEL, &s, NULL);
    assert_string_equal(s.journal, "revoked 4 0 byKey by me;");
    assert_string_equal(p.rule->id, "p");
    plan_clear(&p);
    plan_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_rule_that_matches_serves),
        cmocka_unit_test(steps_follow_each_other),
        cmocka_unit_test(a_sequence_may_repeat),
        cmocka_unit_test(each_scope_value_counts_for_itself),
        cmocka_unit_test(draws_are_as_defined),
        cmocka_unit_test(draws_depend_on_where_a_text_ends),
        cmocka_unit_test(draws_are_even),
        cmocka_unit_test(a_probability_draws_from_the_seed),
        cmocka_unit_test(certain_rules_draw_nothing),
        cmocka_unit_test(a_draw_as_large_as_the_probability_spares),
        cmocka_unit_test(accept_serves_only_what_is_due_then),
        cmocka_unit_test(a_rule_that_counts_later_stands_before_others),
        cmocka_unit_test(a_spared_connection_counts_once),
        cmocka_unit_test(a_fault_that_comes_later_counts_once),
        cmocka_unit_test(a_fault_has_its_own_sequence),
        cmocka_unit_test(a_plan_outlives_its_rule),
    };

    return cmocka_run_group_tests(tests, rules_begin, rules_end);
}
