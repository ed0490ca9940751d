/* A line of data becomes a fault, or is refused with its name. */
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

static void a_fault_is_at_the_stages_of_its_parts(void **state)
{
    const fault_line line = {"A1", "f", "cert-status; pause; location", NULL, "s", NULL};
    fault *f = fault_of(&line);

    (void)state;
    assert_int_equal(f->nparts, 3);
    assert_true(fault_is_at(f, STAGE_MODEL));
    assert_true(fault_is_at(f, STAGE_PACE));
    assert_true(fault_is_at(f, STAGE_MESSAGE));
    assert_false(fault_is_at(f, STAGE_WIRE));
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
        cmocka_unit_test(a_fault_is_at_the_stages_of_its_parts),
        cmocka_unit_test(a_fault_tells_all_of_itself),
        cmocka_unit_test(wrong_lines_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
