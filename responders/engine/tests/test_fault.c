/* A line of data becomes a fault, and a rule's words what is done. */
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
    rc = fault_read(f, "fault", parsed, "/0", store, acts, p);
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
    assert_int_equal(f->nparts, 3);
    assert_int_equal(acts.count, 3);
    assert_does(&acts, "revoked 2 0 byKey;pause 4;redirect /;");
    assert_true(fault_is_at(f, STAGE_MODEL));
    assert_true(fault_is_at(f, STAGE_PACE));
    assert_true(fault_is_at(f, STAGE_MESSAGE));
    assert_false(fault_is_at(f, STAGE_WIRE));
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

static void a_fault_tells_all_of_itself(void **state)
{
    const fault_line line = {"A1",
                             "f",
                             "cert-status reason?4[2..6] offset=1 critical=true by=x; "
                             "location",
                             "faulty n",
                             "a summary",
                             "RFC 0000"};
    fault *f = fault_of(&line);
    json_t *told = fault_to_json(f);
    json_t *wanted = json_loads(
        "{\"name\": \"f\", \"id\": \"A1\", \"summary\": \"a summary\", \"source\": \"RFC 0000\","
        " \"stages\": [\"model\", \"message\"], \"parameters\": ["
        "{\"name\": \"n\", \"type\": \"integer\", \"unit\": \"requests\", \"summary\":"
        " \"how many are faulty, in the rule's scope, before they are healthy; 0: all\","
        " \"required\": false, \"default\": 1, \"min\": 0, \"max\": 1000000},"
        "{\"name\": \"reason\", \"type\": \"integer\", \"unit\": null,"
        " \"summary\": \"revocation reason\", \"required\": false, \"default\": 4, \"min\": 2,"
        " \"max\": 6},"
        "{\"name\": \"form\", \"type\": \"choice\", \"unit\": null,"
        " \"summary\": \"how the responder is named\", \"required\": false,"
        " \"default\": \"byKey\", \"choices\": [\"byName\", \"byKey\"]},"
        "{\"name\": \"target\", \"type\": \"string\", \"unit\": null, \"summary\": \"where to\","
        " \"required\": true}]}",
        0, NULL);

    (void)state;
    assert_non_null(wanted);
    if (!json_equal(told, wanted)) {
        fail_msg("%s", json_dumps(told, 0));
    }
    json_decref(told);
    json_decref(wanted);
    fault_free(f);
}

static const primitive bad_default = {
    .name = "bad-default",
    .stage = STAGE_MODEL,
    .things = {"x"},
    .size = sizeof(int64_t),
    .params = (const param[]){
        {.name = "k", .type = &param_integer, .summary = "k", .fallback = "5", .min = 6, .max = 9},
        {0}}};
static const primitive no_json = {
    .name = "no-json",
    .stage = STAGE_MODEL,
    .things = {"y"},
    .size = sizeof(int64_t),
    .params = (const param[]){
        {.name = "k", .type = &param_integer, .summary = "k", .fallback = "five", .max = 9}, {0}}};

static const primitive counted = {
    .name = "counted",
    .stage = STAGE_MODEL,
    .things = {"z"},
    .size = sizeof(int64_t),
    .params =
        (const param[]){{.name = "n", .type = &param_integer, .summary = "n", .max = 9}, {0}}};

static void wrong_lines_are_refused(void **state)
{
    static const struct {
        const char *recipe, *sequence, *detail;
    } cases[] = {
        {"Pause", NULL, "at \"Pause\": expected the name of a primitive"},
        {"pauze", NULL, "there is no primitive \"pauze\""},
        {"pause; pauze", NULL, "there is no primitive \"pauze\""},
        {"pause s=1", NULL, "\"s\" is no parameter of pause"},
        {"accept-reset ms=1", NULL, "\"ms\" is no parameter of accept-reset"},
        {"pause ms=1 ms=2", NULL, "\"ms\" is set twice for pause"},
        {"pause ms=0", NULL, "\"ms\" of pause must be an integer from 1 to 60000 (ms), not 0"},
        {"pause ms=fast", NULL,
         "\"ms\" of pause must be an integer from 1 to 60000 (ms), not \"fast\""},
        {"pause ms=null", NULL,
         "\"ms\" of pause must be an integer from 1 to 60000 (ms), not null"},
        {"pause ms?0", NULL, "\"ms\" of pause must be an integer from 1 to 60000 (ms), not 0"},
        {"pause ms?9[1..8]", NULL, "\"ms\" of pause must be an integer from 1 to 8 (ms), not 9"},
        {"pause ms?9[0..10]", NULL, "the range of \"ms\" is not within 1 to 60000"},
        {"pause ms?9[1..60001]", NULL, "the range of \"ms\" is not within 1 to 60000"},
        {"pause ms?9[10..8]", NULL, "the range of \"ms\" is not within 1 to 60000"},
        {"cert-status form?byKey[0..1]", NULL, "\"form\" has no range"},
        {"cert-status form=byAll", NULL,
         "\"form\" of cert-status must be one of byName, byKey, not \"byAll\""},
        {"cert-status by=3", NULL,
         "\"by\" of cert-status must be a word that is known, or null, not 3"},
        {"pause", "sometimes",
         "at \"sometimes\": expected \"healthy n\", \"faulty n\" or "
         "\"healthy n, faulty m\""},
        {"counted", "healthy n", "the parameter \"n\" stands twice; fix one of them"},
        {"listener-down", "faulty n", "a listener sees no requests that a sequence could count"},
        {"response-status status=1; cert-status", NULL,
         "response-status and cert-status cannot be done together"},
        {"pause ms=1; pause ms=2", NULL, "pause and pause cannot be done together"},
        {"pause; pause", NULL, "the parameter \"ms\" stands twice; fix one of them"},
        {"location target=/; garbage", NULL, "location and garbage cannot be done together"},
        {"bad-default", NULL, "\"k\" of bad-default must be an integer from 6 to 9, not 5"},
        {"no-json", NULL, "the default of \"k\" is not JSON: five"},
    };
    const primitive *const primitives[] = {&fixture_status,
                                           &fixture_revoked,
                                           &fixture_redirect,
                                           &fixture_garbage,
                                           &fixture_pause,
                                           &fixture_reset,
                                           &fixture_down,
                                           &bad_default,
                                           &no_json,
                                           &counted,
                                           NULL};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const fault_line line = {"A1", "f", cases[i].recipe, cases[i].sequence, "s", NULL};
        char wanted[512];
        problem p = {0};
        fault *f;

        if (fault_new(&line, primitives, &f, &p) == 0) {
            fail_msg("%s was accepted", cases[i].recipe);
        }
        snprintf(wanted, sizeof(wanted), "fault A1 f: %s", cases[i].detail);
        assert_string_equal(p.detail, wanted);
        assert_int_equal(p.status, 500);
    }
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
        cmocka_unit_test(a_fault_tells_all_of_itself),
        cmocka_unit_test(wrong_lines_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
