/* A rule that makes no sense is refused with a pointer to it, and the others stay. */
#include "harness/base/tests/cm.h"

#include "responders/program/tests/fake_program.h"

#define TRY  "{\"fault\": \"status-try-later\"}"
#define RST  "{\"fault\": \"rst-on-accept\"}"
#define DOWN "{\"fault\": \"connection-refused\"}"

/* Lets the rules serve one request; returns its ordinal. */
static int serve_one(rule_set *r)
{
    const char *values[] = {"web", "1", "GET", NULL};
    const match_subject subject = {.values = values};
    plan p;
    int ordinal;

    assert_true(rules_decide(r, FAULT_AT_REQUEST, &subject, &p));
    ordinal = (int)p.ordinal;
    plan_clear(&p);
    return ordinal;
}

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
         "both of layer ocsp"},
        {"[{\"sequence\": [{\"do\": [{\"fault\": \"cert-status-revoked\"}, " TRY "]}]}]",
         "/0/sequence/0/do/1", "cert-status-revoked and status-try-later are both of layer ocsp"},
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
        {"[{\"sequence\": [{\"do\": [" TRY ", " DOWN "]}]}]", "/0", "must be alone"},
        {"[{\"scope\": \"listener\", \"sequence\": [{\"do\": [" DOWN "]}]}]", "/0",
         "must be alone"},
        {"[{\"probability\": 0.5, \"sequence\": [{\"do\": [" DOWN "]}]}]", "/0", "must be alone"},
        {"[{\"repeat\": true, \"sequence\": [{\"times\": 1, \"do\": [" DOWN "]}]}]", "/0",
         "must be alone"},
    };
    rule_set *r = rules_new(&fake_catalogue, fake_keys, 1);
    json_t *kept = json_loads("[{\"id\": \"kept\", \"sequence\": [{\"do\": [" TRY "]}]}]", 0, NULL);
    problem none = {0};
    json_t *before;

    (void)state;
    assert_int_equal(rules_replace(r, kept, &none), 0);
    before = rules_to_json(r);
    assert_int_equal(serve_one(r), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *rules = json_loads(cases[i][0], 0, NULL);
        problem p = {0};
        json_t *after;

        assert_non_null(rules);
        if (rules_replace(r, rules, &p) == 0) {
            fail_msg("%s was accepted", cases[i][0]);
        }
        assert_int_equal(p.status, 400);
        assert_string_equal(p.pointer, cases[i][1]);
        if (strstr(p.detail, cases[i][2]) == NULL) {
            fail_msg("%s: %s", cases[i][0], p.detail);
        }
        json_decref(rules);
        after = rules_to_json(r);
        assert_true(json_equal(before, after));
        assert_true(rules_generation(r) == 1);
        json_decref(after);
    }
    assert_int_equal(serve_one(r), 1);
    json_decref(kept);
    json_decref(before);
    rules_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonsense_is_refused_and_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
