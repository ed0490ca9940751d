/* The words of a rule become what is done. */
#include "harness/base/tests/cm.h"

#include "responders/engine/tests/engine_fixture.h"

static fault *fault_of(const fault_line *line)
{
    fault *f;
    problem p = {0};

    if (fault_new(line, fixture_primitives, &f, &p) != 0) {
        fail_msg("%s", p.detail);
    }
    return f;
}

static int use(const fault *f, const char *text, const void *store, fault_acts *acts, problem *p)
{
    json_t *parsed = json_loads(text, 0, NULL);
    int rc;

    assert_non_null(parsed);
    rc = fault_acts_read(f, "fault", parsed, "/0", store, acts, p);
    json_decref(parsed);
    return rc;
}

static fault_acts used(const fault *f, const char *text)
{
    fault_acts acts = {0};
    problem p = {0};

    if (use(f, text, NULL, &acts, &p) != 0) {
        fail_msg("%s: %s", text, p.detail);
    }
    return acts;
}

/* What the acts do, in the words of the fixture. */
static void assert_does(const fault_acts *acts, const char *wanted)
{
    subject s = {.gives = EFFECT_DONE};

    for (size_t i = 0; i < acts->count; i++) {
        primitive_call call = {.subject = &s, .params = acts->list[i].params};

        assert_int_equal(acts->list[i].primitive->act(&call), EFFECT_DONE);
    }
    assert_string_equal(s.journal, wanted);
}

/* Checks one use that must be refused, and where and how; nothing was appended. */
static void refused_with(const fault *f, const char *text, const void *store, const char *pointer,
                         const char *detail)
{
    fault_acts acts = used(f, "{}");
    const size_t before = acts.count;
    problem p = {0};

    assert_int_equal(use(f, text, store, &acts, &p), -1);
    assert_int_equal(p.status, 400);
    assert_string_equal(p.pointer, pointer);
    assert_string_equal(p.detail, detail);
    assert_int_equal(acts.count, before);
    fault_acts_clear(&acts);
}

static void refused(const fault *f, const char *text, const char *pointer, const char *detail)
{
    refused_with(f, text, NULL, pointer, detail);
}

static void what_is_fixed_is_no_parameter(void **state)
{
    const fault_line line = {"A1", "f", "cert-status reason=9 form=byName critical=true by=them",
                             NULL, "s", NULL};
    fault *f = fault_of(&line);
    fault_acts acts = used(f, "{}");

    (void)state;
    assert_int_equal(f->nparams, 1);
    assert_string_equal(f->params[0].param.name, "offset");
    assert_does(&acts, "revoked 9 0 byName critical by them;");
    assert_int_equal(acts.count, 1);
    assert_ptr_equal(acts.list[0].primitive, &fixture_revoked);
    assert_string_equal(acts.list[0].name, "f");
    refused(f, "{\"reason\": 1}", "/0/reason",
            "unknown member \"reason\"; accepted: fault, offset");
    fault_acts_clear(&acts);
    assert_int_equal(acts.count, 0);
    fault_free(f);
}

static void what_is_not_named_is_a_parameter_as_it_is(void **state)
{
    const fault_line line = {"A1", "f", "cert-status", NULL, "s", NULL};
    fault *f = fault_of(&line);
    fault_acts acts = used(f, "{\"fault\": \"f\"}");

    (void)state;
    assert_int_equal(f->nparams, 5);
    assert_does(&acts, "revoked 1 0 byKey;");
    fault_acts_clear(&acts);
    acts = used(f, "{\"reason\": 10, \"offset\": -100, \"form\": \"byName\", \"critical\": true,"
                   " \"by\": \"me\"}");
    assert_does(&acts, "revoked 10 -100 byName critical by me;");
    fault_acts_clear(&acts);
    acts = used(f, "{\"offset\": null, \"by\": null}");
    assert_does(&acts, "revoked 1 0 byKey;");
    fault_acts_clear(&acts);
    fault_free(f);
}

static void what_is_open_has_its_own_default_and_range(void **state)
{
    const fault_line line = {
        "A1", "f", "cert-status reason?4[2..6] form?byName by?\"a b\" offset?7 critical?true",
        NULL, "s", NULL};
    fault *f = fault_of(&line);
    fault_acts acts = used(f, "{}");

    (void)state;
    assert_does(&acts, "revoked 4 7 byName critical by a b;");
    fault_acts_clear(&acts);
    acts = used(f, "{\"reason\": 6, \"offset\": 3600}");
    assert_does(&acts, "revoked 6 3600 byName critical by a b;");
    fault_acts_clear(&acts);
    refused(f, "{\"reason\": 7}", "/0/reason",
            "\"reason\" of f must be an integer from 2 to 6, not 7");
    refused(f, "{\"reason\": 1}", "/0/reason",
            "\"reason\" of f must be an integer from 2 to 6, not 1");
    /* No longer null, since that is not its default any more. */
    refused(f, "{\"offset\": null}", "/0/offset",
            "\"offset\" of f must be an integer from -100 to 3600 (s), not null");
    fault_free(f);
}

static void a_required_parameter_must_be_given(void **state)
{
    const fault_line line = {"A1", "f", "location", NULL, "s", NULL};
    fault *f = fault_of(&line);
    fault_acts acts = {0};
    problem p = {0};

    (void)state;
    assert_int_equal(use(f, "{}", NULL, &acts, &p), -1);
    assert_string_equal(p.pointer, "/0/target");
    assert_string_equal(p.detail, "f needs its parameter \"target\": a string");
    assert_int_equal(use(f, "{\"target\": null}", NULL, &acts, &p), -1);
    assert_string_equal(p.detail, "\"target\" of f must be a string, not null");
    assert_int_equal(acts.count, 0);
    assert_int_equal(use(f, "{\"target\": \"/\"}", NULL, &acts, &p), 0);
    assert_does(&acts, "redirect /;");
    fault_acts_clear(&acts);
    fault_free(f);
}

static void types_ask_the_store_when_a_rule_is_read(void **state)
{
    static const char *const known[] = {"me", NULL};
    const fault_line line = {"A1", "f", "cert-status", NULL, "s", NULL};
    fault *f = fault_of(&line);

    (void)state;
    refused_with(f, "{\"by\": \"you\"}", known, "/0/by",
                 "\"by\" of f must be a word that is known, or null, not \"you\"");
    fault_free(f);
}

/* Even a fixed value is asked for there, as what exists can change after the catalogue is made. */
static void fixed_values_ask_the_store_too(void **state)
{
    static const char *const known[] = {"me", NULL};
    const fault_line line = {"A1", "f", "pause; cert-status by=you", NULL, "s", NULL};
    fault *f = fault_of(&line);

    (void)state;
    refused_with(f, "{}", known, "/0/by",
                 "\"by\" of f must be a word that is known, or null, not \"you\"");
    fault_free(f);
}

static void parts_are_done_in_their_order(void **state)
{
    const fault_line line = {"A1", "f", "cert-status form=byKey; pause ms?9; location target=\"/\"",
                             NULL, "s", NULL};
    fault *f = fault_of(&line);
    fault_acts acts = used(f, "{\"ms\": 4, \"reason\": 2}");

    (void)state;
    assert_int_equal(acts.count, 3);
    assert_does(&acts, "revoked 2 0 byKey;pause 4;redirect /;");
    fault_acts_clear(&acts);
    fault_free(f);
}

/* Acts are appended; what is wrong later takes back what was appended before it. */
static void acts_gather(void **state)
{
    const fault_line first = {"A1", "one", "pause", NULL, "s", NULL};
    const fault_line second = {"A2", "two", "cert-status; location", NULL, "s", NULL};
    fault *one = fault_of(&first), *two = fault_of(&second);
    fault_acts acts = used(one, "{}");
    problem p = {0};

    (void)state;
    assert_int_equal(use(two, "{\"by\": \"me\"}", NULL, &acts, &p), -1);
    assert_int_equal(acts.count, 1);
    assert_int_equal(use(two, "{\"by\": \"me\", \"target\": \"/\"}", NULL, &acts, &p), 0);
    assert_does(&acts, "pause 2000;revoked 1 0 byKey by me;redirect /;");
    fault_acts_clear(&acts);
    fault_free(one);
    fault_free(two);
}

static void assert_window(const char *sequence, const char *text, uint64_t from, uint64_t until)
{
    const fault_line line = {"A1", "f", "pause; location target=/", sequence, "s", NULL};
    fault *f = fault_of(&line);
    fault_acts acts = used(f, text);

    assert_int_equal(acts.count, 2);
    for (size_t i = 0; i < 2; i++) {
        const fault_act *act = &acts.list[i];

        assert_true(act->from == from);
        assert_true(act->until == until);
        assert_true(from == 0 || !fault_act_is_due(act, from - 1));
        assert_int_equal(fault_act_is_due(act, from), from < until);
        assert_true(fault_act_is_due(act, until - 1));
        assert_false(fault_act_is_due(act, until));
    }
    fault_acts_clear(&acts);
    fault_free(f);
}

static void sequences_say_which_requests(void **state)
{
    (void)state;
    assert_window(NULL, "{}", 0, UINT64_MAX);
    assert_window("healthy n", "{}", 1, UINT64_MAX);
    assert_window("healthy n", "{\"n\": 0}", 0, UINT64_MAX);
    assert_window("healthy n", "{\"n\": 1000000}", 1000000, UINT64_MAX);
    assert_window("faulty n", "{}", 0, 1);
    assert_window("faulty n", "{\"n\": 3}", 0, 3);
    assert_window("faulty n", "{\"n\": 0}", 0, UINT64_MAX);
    assert_window("healthy n, faulty m", "{}", 1, 2);
    assert_window("healthy n, faulty m", "{\"n\": 2, \"m\": 5}", 2, 7);
    assert_window("healthy n, faulty m", "{\"n\": 2, \"m\": 0}", 2, UINT64_MAX);
    assert_window("healthy n, faulty m", "{\"n\": 0, \"m\": 4}", 0, 4);
}

static void counts_of_a_sequence_are_checked(void **state)
{
    const fault_line line = {"A1", "f", "pause", "healthy n, faulty m", "s", NULL};
    fault *f = fault_of(&line);

    (void)state;
    refused(f, "{\"n\": -1}", "/0/n",
            "\"n\" of f must be an integer from 0 to 1000000 (requests), not -1");
    refused(f, "{\"m\": 1000001}", "/0/m",
            "\"m\" of f must be an integer from 0 to 1000000 (requests), not 1000001");
    refused(f, "{\"k\": 1}", "/0/k", "unknown member \"k\"; accepted: fault, n, m, ms");
    fault_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_fixed_is_no_parameter),
        cmocka_unit_test(what_is_not_named_is_a_parameter_as_it_is),
        cmocka_unit_test(what_is_open_has_its_own_default_and_range),
        cmocka_unit_test(a_required_parameter_must_be_given),
        cmocka_unit_test(types_ask_the_store_when_a_rule_is_read),
        cmocka_unit_test(fixed_values_ask_the_store_too),
        cmocka_unit_test(parts_are_done_in_their_order),
        cmocka_unit_test(acts_gather),
        cmocka_unit_test(sequences_say_which_requests),
        cmocka_unit_test(counts_of_a_sequence_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
