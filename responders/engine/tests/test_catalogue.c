/* What can be asked for by name, and that every name means one thing. */
#include "harness/base/tests/cm.h"

#include "responders/engine/tests/engine_fixture.h"

static catalogue *made;

static int begin(void **state)
{
    (void)state;
    made = fixture_catalogue();
    return 0;
}

static int end(void **state)
{
    (void)state;
    catalogue_free(made);
    catalogue_free(NULL);
    return 0;
}

static int use(const char *text, fault_acts *acts, problem *p)
{
    json_t *parsed = json_loads(text, JSON_DECODE_ANY, NULL);
    int rc;

    assert_non_null(parsed);
    rc = catalogue_read(made, parsed, "/0", NULL, acts, p);
    json_decref(parsed);
    return rc;
}

/* Checks one use that must be refused, and where and how. */
static void refused(const char *text, const char *pointer, const char *detail)
{
    fault_acts acts = {0};
    problem p = {0};

    if (use(text, &acts, &p) == 0) {
        fail_msg("%s was accepted", text);
    }
    assert_int_equal(p.status, 400);
    assert_string_equal(p.pointer, pointer);
    assert_string_equal(p.detail, detail);
    assert_int_equal(acts.count, 0);
}

/* The name that events tell, and what is done. */
static void accepted(const char *text, const char *name, const char *wanted)
{
    subject s = {.gives = EFFECT_DONE};
    fault_acts acts = {0};
    problem p = {0};

    if (use(text, &acts, &p) != 0) {
        fail_msg("%s: %s", text, p.detail);
    }
    for (size_t i = 0; i < acts.count; i++) {
        primitive_call call = {.subject = &s, .params = acts.list[i].params};

        assert_string_equal(acts.list[i].name, name);
        acts.list[i].primitive->act(&call);
    }
    assert_string_equal(s.journal, wanted);
    fault_acts_clear(&acts);
}

static void faults_are_found_by_name(void **state)
{
    (void)state;
    accepted("{\"fault\": \"http-redirect\", \"target\": \"/x\"}", "http-redirect", "redirect /x;");
    accepted("{\"fault\": \"late-redirect\", \"ms\": 7}", "late-redirect", "pause 7;redirect /;");
}

static void a_primitive_may_be_named_itself(void **state)
{
    (void)state;
    accepted("{\"primitive\": \"response-status\", \"status\": 6}", "response-status", "status 6;");
    accepted("{\"primitive\": \"accept-reset\"}", "accept-reset", "reset;");
    accepted("{\"primitive\": \"cert-status\"}", "cert-status", "revoked 1 0 byKey;");
}

static void what_is_wrong_is_refused(void **state)
{
    static const char *const no_name =
        "a fault is an object with its name as \"fault\" and its parameters beside it";

    (void)state;
    refused("[]", "/0", no_name);
    refused("3", "/0", no_name);
    refused("{}", "/0", no_name);
    refused("{\"fault\": 3}", "/0", no_name);
    refused("{\"primitive\": [\"pause\"]}", "/0", no_name);
    refused("{\"primitive\": null, \"fault\": \"status-try-later\"}", "/0", no_name);
    refused("{\"fault\": \"status-try-later\", \"n\": 1}", "/0/n",
            "unknown member \"n\"; accepted: fault");
    refused("{\"primitive\": \"pause\", \"fault\": \"status-try-later\"}", "/0/fault",
            "unknown member \"fault\"; accepted: primitive, ms");
    refused("{\"primitive\": \"response-status\"}", "/0/status",
            "response-status needs its parameter \"status\": an integer from 0 to 255");
    refused("{\"fault\": \"http-redirect\"}", "/0/target",
            "http-redirect needs its parameter \"target\": a string");
    refused("{\"fault\": \"http-redirect\", \"target\": null}", "/0/target",
            "\"target\" of http-redirect must be a string, not null");
    refused("{\"fault\": \"cert-status-revoked\", \"reason\": null}", "/0/reason",
            "\"reason\" of cert-status-revoked must be an integer from 0 to 10, not null");
    refused("{\"fault\": \"cert-status-revoked\", \"reason\": 11}", "/0/reason",
            "\"reason\" of cert-status-revoked must be an integer from 0 to 10, not 11");
    refused("{\"fault\": \"cert-status-revoked\", \"reason\": -1}", "/0/reason",
            "\"reason\" of cert-status-revoked must be an integer from 0 to 10, not -1");
    refused("{\"fault\": \"cert-status-revoked\", \"reason\": 1.0}", "/0/reason",
            "\"reason\" of cert-status-revoked must be an integer from 0 to 10, not 1.0");
    refused("{\"fault\": \"cert-status-revoked\", \"offset\": \"1\"}", "/0/offset",
            "\"offset\" of cert-status-revoked must be an integer from -100 to 3600 (s), or null, "
            "not \"1\"");
    refused("{\"fault\": \"cert-status-revoked\", \"form\": \"byBoth\"}", "/0/form",
            "\"form\" of cert-status-revoked must be one of byName, byKey, not \"byBoth\"");
    refused("{\"fault\": \"cert-status-revoked\", \"critical\": 1}", "/0/critical",
            "\"critical\" of cert-status-revoked must be true or false, not 1");
    refused("{\"fault\": \"cert-status-revoked\", \"by\": 1}", "/0/by",
            "\"by\" of cert-status-revoked must be a word that is known, or null, not 1");
}

static void a_misspelt_name_is_told_the_nearest(void **state)
{
    (void)state;
    refused("{\"fault\": \"cert-status-revokd\"}", "/0/fault",
            "unknown fault \"cert-status-revokd\"; the nearest are: cert-status-revoked");
    refused("{\"fault\": \"http-redirec\"}", "/0/fault",
            "unknown fault \"http-redirec\"; the nearest are: http-redirect, late-redirect");
    refused("{\"fault\": \"zzzzzz\"}", "/0/fault",
            "unknown fault \"zzzzzz\"; GET /v1/faults lists all 8");
    refused("{\"primitive\": \"paus\"}", "/0/primitive",
            "unknown primitive \"paus\"; the nearest are: pause");
    refused("{\"primitive\": \"zzzzzz\"}", "/0/primitive",
            "unknown primitive \"zzzzzz\"; GET /v1/faults lists all 7");
    refused("{\"primitive\": \"\"}", "/0/primitive",
            "unknown primitive \"\"; GET /v1/faults lists all 7");
}

/* An id is not a name, but there is no doubt what is meant by it. */
static void an_id_is_a_sure_guess(void **state)
{
    (void)state;
    refused("{\"fault\": \"a26\"}", "/0/fault",
            "unknown fault \"a26\"; the nearest are: cert-status-revoked");
    refused("{\"fault\": \"B06\"}", "/0/fault",
            "unknown fault \"B06\"; the nearest are: rst-on-accept");
}

static void the_lists_say_all(void **state)
{
    json_t *faults = catalogue_faults_to_json(made);
    json_t *primitives = catalogue_primitives_to_json(made);
    json_t *wanted =
        json_loads("{\"name\": \"http-redirect\", \"id\": \"B40\", \"source\": null,"
                   " \"summary\": \"a redirect\", \"stages\": [\"message\"],"
                   " \"parameters\": [{\"name\": \"target\", \"type\": \"string\", \"unit\": null,"
                   " \"summary\": \"where to\", \"required\": true}]}",
                   0, NULL);

    (void)state;
    assert_int_equal(catalogue_count(made), 8);
    assert_string_equal(catalogue_at(made, 1)->line->name, "cert-status-revoked");
    assert_int_equal(json_array_size(faults), 8);
    assert_true(json_equal(json_array_get(faults, 3), wanted));
    assert_int_equal(json_array_size(primitives), 7);
    json_object_set_new(wanted, "name", json_string("location"));
    json_object_set_new(wanted, "id", json_string(""));
    assert_true(json_equal(json_array_get(primitives, 2), wanted));
    json_decref(wanted);
    json_decref(faults);
    json_decref(primitives);
}

static void assert_wrong(const fault_line *lines, const primitive *const *primitives,
                         const char *detail)
{
    catalogue *c;
    problem p = {0};

    assert_int_equal(catalogue_new(lines, primitives, &c, &p), -1);
    assert_int_equal(p.status, 500);
    assert_string_equal(p.detail, detail);
}

static void names_and_ids_are_unique(void **state)
{
    const fault_line names[] = {
        {"A1", "one", "pause", NULL, "s", NULL}, {"A2", "one", "pause", NULL, "s", NULL}, {0}};
    const fault_line ids[] = {
        {"A1", "one", "pause", NULL, "s", NULL}, {"A1", "two", "pause", NULL, "s", NULL}, {0}};
    const fault_line as_primitive[] = {{"A1", "pause", "pause", NULL, "s", NULL}, {0}};
    const fault_line none[] = {{0}};
    const primitive *const twice[] = {&fixture_pause, &fixture_pause, NULL};

    (void)state;
    assert_wrong(names, fixture_primitives, "fault A2 one: its name is taken");
    assert_wrong(ids, fixture_primitives, "fault A1 two: its id is taken by one");
    assert_wrong(as_primitive, fixture_primitives, "fault A1 pause: its name is taken");
    assert_wrong(none, twice, "fault  pause: its name is taken");
}

static void a_wrong_line_is_named(void **state)
{
    const fault_line lines[] = {
        {"A1", "one", "pause", NULL, "s", NULL}, {"A2", "two", "pause ms=0", NULL, "s", NULL}, {0}};

    (void)state;
    assert_wrong(lines, fixture_primitives,
                 "fault A2 two: \"ms\" of pause must be an integer from 1 to 60000 (ms), not 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_found_by_name),
        cmocka_unit_test(a_primitive_may_be_named_itself),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(a_misspelt_name_is_told_the_nearest),
        cmocka_unit_test(an_id_is_a_sure_guess),
        cmocka_unit_test(the_lists_say_all),
        cmocka_unit_test(names_and_ids_are_unique),
        cmocka_unit_test(a_wrong_line_is_named),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
