/* A rule that makes no sense is refused with a pointer to it, and the others stay. */
#include "responders/engine/tests/rules_fixture.h"

#define RST  "{\"fault\": \"rst-on-accept\"}"
#define DOWN "{\"fault\": \"connection-refused\"}"

/* Each kind of nonsense, the pointer to it, and a part of what is said about it. */
static void nonsense_is_refused_and_changes_nothing(void **state)
{
    static const char *const cases[][3] = {
        {"{}", "/rules", "rules are an array"},
        {"{\"rules\": [], \"generation\": 3}", "/generation", "accepted: rules"},
        {"[3]", "/0", "must be a JSON object, not 3"},
        {"[{\"sequence\": [{\"do\": []}], \"times\": 1}]", "/0/times", "unknown member"},
        {"{\"rules\": [{}]}", "/rules/0/sequence", "a rule needs \"sequence\""},
        {"[{\"sequence\": []}]", "/0/sequence", "at least one step"},
        {"[{\"sequence\": {}}]", "/0/sequence", "at least one step"},
        {"[{\"sequence\": [{}]}]", "/0/sequence/0/do", "a step needs \"do\""},
        {"[{\"sequence\": [{\"do\": " TRY "}]}]", "/0/sequence/0/do", "a step needs \"do\""},
        {"[{\"sequence\": [{\"do\": [], \"time\": 1}]}]", "/0/sequence/0/time", "times, do"},
        {"[{\"sequence\": [{\"do\": [], \"times\": 0}]}]", "/0/sequence/0/times", "from 1 to"},
        {"[{\"sequence\": [{\"do\": [], \"times\": \"1\"}]}]", "/0/sequence/0/times", "not \"1\""},
        {"[{\"sequence\": [{\"do\": []}, {\"do\": []}]}]", "/0/sequence/0", "never reached"},
        {"[{\"repeat\": true, \"sequence\": [{\"times\": 1, \"do\": []}, {\"do\": []}]}]",
         "/0/sequence/1", "cannot repeat"},
        {"[{\"repeat\": 1, \"sequence\": [{\"do\": []}]}]", "/0/repeat", "true or false"},
        {"[{\"sequence\": [{\"do\": [" TRY ", " TRY "]}]}]", "/0/sequence/0/do/1",
         "both change \"http/body\"; a step can do only one of them"},
        {"[{\"sequence\": [{\"do\": [{\"fault\": \"cert-status-revoked\"}, " TRY "]}]}]",
         "/0/sequence/0/do/1",
         "cert-status-revoked and status-try-later both change \"http/body/response/single\""},
        {"[{\"sequence\": [{\"do\": [" RST ", " TRY "]}]}]", "/0/sequence/0/do/1",
         "rst-on-accept and status-try-later both change everything; a step"},
        {"[{\"sequence\": [{\"do\": [" TRY ", {\"primitive\": \"pause\"},"
         " {\"primitive\": \"garbage\"}]}]}]",
         "/0/sequence/0/do/2", "status-try-later and garbage both change \"http/body\""},
        {"[{\"sequence\": [{\"do\": [{\"primitive\": \"pause\"}, " TRY ","
         " {\"primitive\": \"garbage\"}]}]}]",
         "/0/sequence/0/do/2", "status-try-later and garbage both change \"http/body\""},
        {"[{\"sequence\": [{\"do\": [{\"fault\": \"late-redirect\"},"
         " {\"primitive\": \"pause\"}]}]}]",
         "/0/sequence/0/do/1", "late-redirect and pause both change \"pace\""},
        {"[{\"sequence\": [{\"do\": [" TRY ", 3]}]}]", "/0/sequence/0/do/1",
         "a fault is an object with its name"},
        {"[{\"sequence\": [{\"do\": [{\"fault\": \"status-try-latr\"}]}]}]",
         "/0/sequence/0/do/0/fault", "the nearest are: status-try-later"},
        {"[{\"sequence\": [{\"do\": [{\"fault\": \"http-redirect\", \"target\": 3}]}]}]",
         "/0/sequence/0/do/0/target", "must be a string, not 3"},
        {"[{\"match\": {\"sni\": \"a\"}, \"sequence\": [{\"do\": []}]}]", "/0/match/sni",
         "accepted: listener, serial, method"},
        {"[{\"match\": {\"serial\": \"bad\"}, \"sequence\": [{\"do\": []}]}]", "/0/match/serial",
         "\"bad\" is not a value for \"serial\": hexadecimal digits"},
        {"[{\"match\": {\"serial\": 1001}, \"sequence\": [{\"do\": []}]}]", "/0/match/serial",
         "1001 is not a value for \"serial\""},
        {"[{\"match\": [], \"sequence\": [{\"do\": []}]}]", "/0/match", "must be an object"},
        {"[{\"scope\": \"sni\", \"sequence\": [{\"do\": []}]}]", "/0/scope",
         "accepted: global, listener, serial, method"},
        {"[{\"scope\": 1, \"sequence\": [{\"do\": []}]}]", "/0/scope", "must be a string"},
        {"[{\"probability\": 1.5, \"sequence\": [{\"do\": []}]}]", "/0/probability", "0 to 1"},
        {"[{\"probability\": -0.1, \"sequence\": [{\"do\": []}]}]", "/0/probability", "0 to 1"},
        {"[{\"probability\": \"1\", \"sequence\": [{\"do\": []}]}]", "/0/probability", "0 to 1"},
        {"[{\"id\": \"a b\", \"sequence\": [{\"do\": []}]}]", "/0/id", "an id is 1 to 63"},
        {"[{\"id\": 3, \"sequence\": [{\"do\": []}]}]", "/0/id", "\"id\" must be a string, not 3"},
        {"[{\"id\": \"\", \"sequence\": [{\"do\": []}]}]", "/0/id", "an id is 1 to 63"},
        {"[{\"id\": \"0123456789012345678901234567890123456789012345678901234567890123\","
         " \"sequence\": [{\"do\": []}]}]",
         "/0/id", "an id is 1 to 63"},
        {"[{\"id\": \"a\", \"sequence\": [{\"do\": []}]},"
         " {\"id\": \"a\", \"sequence\": [{\"do\": []}]}]",
         "/1/id", "there is already a rule \"a\""},
        {"[{\"match\": {\"serial\": \"1\"}, \"sequence\": [{\"do\": [" RST "]}]}]", "/0",
         "rst-on-accept is done when a connection is accepted, where \"serial\" is not known"},
        {"[{\"scope\": \"method\", \"sequence\": [{\"do\": [" RST "]}]}]", "/0",
         "where \"method\" is not known"},
        {"[{\"match\": {\"serial\": \"1\"}, \"sequence\": [{\"do\": [" DOWN "]}]}]", "/0",
         "can match on \"listener\" only"},
        {"[{\"sequence\": [{\"times\": 1, \"do\": [" DOWN "]}]}]", "/0", "must be alone"},
        {"[{\"sequence\": [{\"times\": 1, \"do\": []}, {\"do\": [" DOWN "]}]}]", "/0",
         "must be alone"},
        {"[{\"sequence\": [{\"do\": [" TRY ", " DOWN "]}]}]", "/0/sequence/0/do/1",
         "status-try-later and connection-refused both change"},
        {"[{\"scope\": \"listener\", \"sequence\": [{\"do\": [" DOWN "]}]}]", "/0",
         "must be alone"},
        {"[{\"probability\": 0.5, \"sequence\": [{\"do\": [" DOWN "]}]}]", "/0", "must be alone"},
        {"[{\"repeat\": true, \"sequence\": [{\"times\": 1, \"do\": [" DOWN "]}]}]", "/0",
         "must be alone"},
    };
    static const char kept[] = "[{\"id\": \"kept\", \"sequence\": [{\"do\": [" TRY "]}]}]";
    rule_set *r = set_of(kept);
    const rule_list *current = rule_set_current(r);
    json_t *before = rule_set_to_json(r);

    (void)state;
    assert_string_equal(request(r, "1"), "kept/0 status-try-later");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        problem p = {0};
        json_t *after;

        if (rules_replace(r, cases[i][0], &p) == 0) {
            fail_msg("%s was accepted", cases[i][0]);
        }
        assert_int_equal(p.status, 400);
        assert_string_equal(p.pointer, cases[i][1]);
        if (strstr(p.detail, cases[i][2]) == NULL) {
            fail_msg("%s: %s", cases[i][0], p.detail);
        }
        after = rule_set_to_json(r);
        assert_true(json_equal(before, after));
        assert_ptr_equal(rule_set_current(r), current);
        assert_true(rule_set_generation(r) == 1);
        json_decref(after);
    }
    assert_string_equal(request(r, "1"), "kept/1 status-try-later");
    json_decref(before);
    rule_set_free(r);
}

static rule *parsed(const char *text)
{
    const rule_terms terms = {.faults = rules_catalogue, .keys = fixture_keys};
    json_t *source = json_of(text);
    problem p = {0};
    rule *r;

    if (rule_parse(&terms, source, "", &r, &p) != 0) {
        fail_msg("%s: %s: %s", text, p.pointer, p.detail);
    }
    json_decref(source);
    return r;
}

static void a_rule_says_what_was_written(void **state)
{
    rule *r =
        parsed("{\"id\": \"A.b_1-2\", \"match\": {\"serial\": \"10AB\", \"listener\": \"Web\"},"
               " \"sequence\": [{\"times\": 2, \"do\": []}, {\"times\": 3, \"do\": [" TRY "]}],"
               " \"scope\": \"method\", \"probability\": 0.25, \"repeat\": true}");

    (void)state;
    assert_string_equal(r->id, "A.b_1-2");
    assert_int_equal(r->nkeys, 3);
    assert_string_equal(r->match[FIXTURE_SERIAL], "10ab"); /* as requests carry it */
    assert_string_equal(r->match[FIXTURE_LISTENER], "Web");
    assert_null(r->match[FIXTURE_METHOD]);
    assert_int_equal(r->nsteps, 2);
    assert_true(r->steps[0].times == 2);
    assert_int_equal(r->steps[0].acts.count, 0);
    assert_int_equal(r->steps[1].acts.count, 1);
    assert_true(r->period == 5);
    assert_int_equal(r->scope, FIXTURE_METHOD);
    assert_true(r->drawn && r->probability == 0.25);
    assert_true(r->repeat);
    assert_false(r->on_listener);
    rule_unref(r);
}

static void what_is_not_written_has_a_default(void **state)
{
    rule *r = parsed("{\"sequence\": [{\"do\": []}]}");

    (void)state;
    assert_string_equal(r->id, "");
    assert_true(r->steps[0].times == RULE_FOR_EVER);
    assert_int_equal(r->scope, RULE_SCOPE_GLOBAL);
    assert_false(r->drawn);
    assert_false(r->repeat);
    rule_unref(r);
    r = parsed("{\"probability\": 1, \"sequence\": [{\"do\": []}]}");
    assert_false(r->drawn);
    rule_unref(r);
    rule_unref(NULL);
}

/* A response passes the stages in their order, whatever the order in which a rule names them. */
static void acts_stand_in_the_order_of_their_stages(void **state)
{
    static const char *const wanted[] = {"cert-status", "location", "pause"};
    rule *r = parsed("{\"sequence\": [{\"do\": [{\"fault\": \"late-redirect\"},"
                     " {\"fault\": \"cert-status-revoked\"}]}]}");
    const fault_acts *acts = &r->steps[0].acts;

    (void)state;
    assert_int_equal(acts->count, 3);
    for (size_t i = 0; i < acts->count; i++) {
        assert_string_equal(acts->list[i].primitive->name, wanted[i]);
    }
    assert_string_equal(acts->list[0].name, "cert-status-revoked");
    assert_string_equal(acts->list[1].name, "late-redirect");
    assert_string_equal(acts->list[2].name, "late-redirect");
    rule_unref(r);
}

static void a_listener_rule_is_known_as_one(void **state)
{
    rule *r = parsed("{\"match\": {\"listener\": \"web\"}, \"sequence\": [{\"do\": [" DOWN "]}]}");

    (void)state;
    assert_true(r->on_listener);
    rule_unref(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonsense_is_refused_and_changes_nothing),
        cmocka_unit_test(a_rule_says_what_was_written),
        cmocka_unit_test(what_is_not_written_has_a_default),
        cmocka_unit_test(acts_stand_in_the_order_of_their_stages),
        cmocka_unit_test(a_listener_rule_is_known_as_one),
    };

    return cmocka_run_group_tests(tests, rules_begin, rules_end);
}
