/* How the set of rules changes, and what stays. */
#include "responders/engine/rule.h"
#include "responders/engine/tests/rules_fixture.h"

static json_t *rule_of(const char *members)
{
    char text[200];

    snprintf(text, sizeof(text), "{%s\"sequence\": [{\"do\": [" TRY "]}]}", members);
    return json_loads(text, 0, NULL);
}

static void assert_ids(const rule_set *r, const char *wanted)
{
    json_t *rules = rules_to_json(r);
    json_t *one;
    char text[200] = "";
    size_t i;

    json_array_foreach(rules, i, one)
    {
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ",
                 json_string_value(json_object_get(one, "id")));
    }
    assert_string_equal(text, wanted);
    json_decref(rules);
}

static void visit(const fault_use *use, const char *listener, void *arg)
{
    char *text = arg;

    snprintf(text + strlen(text), 128 - strlen(text), "%s@%s ", use->spec->name,
             listener == NULL ? "*" : listener);
}

static void listener_faults_are_listed_and_never_served(void **state)
{
    rule_set *r =
        set_of("[{\"match\": {\"listener\": \"web\"}, \"sequence\":"
               " [{\"do\": [{\"fault\": \"connection-refused\"}]}]},"
               " {\"sequence\": [{\"do\": [{\"fault\": \"status-try-later\"}]}]},"
               " {\"scope\": \"global\", \"probability\": 1, \"repeat\": false, \"sequence\":"
               " [{\"do\": [{\"fault\": \"connection-refused\"}]}]}]");
    char text[128] = "";

    (void)state;
    rules_each_listener_fault(r, visit, text);
    assert_string_equal(text, "connection-refused@web connection-refused@* ");
    assert_string_equal(request(r, "1"), "rule-2/0 status-try-later");
    assert_string_equal(accepted(r), "-");
    rules_free(r);
}

static void rules_come_and_go_one_by_one(void **state)
{
    rule_set *r = set_of("[{\"sequence\": [{\"do\": []}]},"
                         " {\"id\": \"rule-2\", \"match\": {\"serial\": \"2\"}, \"sequence\":"
                         " [{\"do\": [" TRY "]}]}, {\"sequence\": [{\"do\": []}]}]");
    json_t *named = rule_of("\"id\": \"last\", "), *nameless = rule_of("");
    problem p = {0};

    (void)state;
    assert_ids(r, "rule-1 rule-2 rule-3 ");
    assert_int_equal(rules_remove(r, "rule-1", &p), 0);
    assert_string_equal(request(r, "2"), "rule-2/0 status-try-later");
    assert_int_equal(rules_add(r, named, &p), 0);
    assert_int_equal(rules_add(r, nameless, &p), 0);
    assert_ids(r, "rule-2 rule-3 last rule-4 ");
    assert_true(rules_generation(r) == 4);
    assert_string_equal(request(r, "2"), "rule-2/1 status-try-later");
    assert_int_equal(rules_add(r, named, &p), -1);
    assert_string_equal(p.pointer, "/id");
    assert_int_equal(rules_remove(r, "rule-1", &p), -1);
    assert_int_equal(p.status, 404);
    assert_ids(r, "rule-2 rule-3 last rule-4 ");
    assert_true(rules_generation(r) == 4);
    json_decref(named);
    json_decref(nameless);
    rules_free(r);
}

static void rules_are_listed_as_given(void **state)
{
    static const char text[] =
        "[{\"id\": \"rule-1\", \"match\": {\"serial\": \"10AB\"}, \"sequence\": [{\"times\": 2,"
        " \"do\": [" TRY "]}], \"scope\": \"serial\", \"probability\": 0.25, \"repeat\": true}]";
    rule_set *r = set_of(text);
    json_t *wanted = json_loads(text, 0, NULL), *given = rules_to_json(r);

    (void)state;
    assert_true(json_equal(given, wanted));
    json_decref(wanted);
    json_decref(given);
    rules_free(r);
}

static void a_reset_forgets_rules_and_counts(void **state)
{
    rule_set *r = set_of("[{\"sequence\": [{\"do\": [" TRY "]}]}]");
    json_t *counts = json_pack("{s:i}", "status-try-later", 2);
    json_t *one = rule_of("");
    problem p = {0};

    (void)state;
    request(r, "1");
    request(r, "1");
    assert_true(json_equal(rules_served(r), counts));
    assert_true(rules_seed(r) == 1);
    rules_reset(r, 5);
    assert_true(rules_seed(r) == 5);
    assert_ids(r, "");
    assert_int_equal(json_object_size(rules_served(r)), 0);
    rules_reset(r, UINT64_MAX);
    assert_true(rules_seed(r) == 5);
    assert_true(rules_generation(r) == 3);
    assert_int_equal(rules_add(r, one, &p), 0);
    assert_string_equal(request(r, "1"), "rule-1/0 status-try-later");
    json_decref(counts);
    json_decref(one);
    rules_free(r);
}

static void replacing_counts_anew(void **state)
{
    rule_set *r = set_of("[]");
    json_t *rules = json_pack("{s:[o]}", "rules", rule_of("\"id\": \"a\", "));
    problem p = {0};

    (void)state;
    assert_int_equal(rules_replace(r, rules, &p), 0);
    assert_string_equal(request(r, "1"), "a/0 status-try-later");
    assert_string_equal(request(r, "1"), "a/1 status-try-later");
    assert_int_equal(rules_replace(r, rules, &p), 0);
    assert_string_equal(request(r, "1"), "a/0 status-try-later");
    json_decref(rules);

    rules = json_pack("[o]", rule_of(""));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rules_replace(r, rules, &p), 0);
        assert_ids(r, "rule-1 ");
    }
    json_decref(rules);
    rules_free(r);
}

static void a_snapshot_takes_a_change_back(void **state)
{
    rule_set *r = set_of("[{\"id\": \"a\", \"sequence\": [{\"do\": [" TRY "]}]}]");
    rules_snapshot *s;
    json_t *nameless = rule_of("");
    problem p = {0};

    (void)state;
    request(r, "1");
    s = rules_save(r);
    rules_reset(r, 9);
    assert_int_equal(rules_add(r, nameless, &p), 0);
    assert_ids(r, "rule-1 ");
    rules_restore(r, s);
    rules_snapshot_free(s);
    assert_ids(r, "a ");
    assert_true(rules_generation(r) == 1);
    assert_true(rules_seed(r) == 1);
    assert_int_equal(json_object_size(rules_served(r)), 1);
    assert_string_equal(request(r, "1"), "a/1 status-try-later");
    assert_int_equal(rules_add(r, nameless, &p), 0);
    assert_ids(r, "a rule-1 ");
    json_decref(nameless);
    rules_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listener_faults_are_listed_and_never_served),
        cmocka_unit_test(rules_come_and_go_one_by_one),
        cmocka_unit_test(rules_are_listed_as_given),
        cmocka_unit_test(a_reset_forgets_rules_and_counts),
        cmocka_unit_test(replacing_counts_anew),
        cmocka_unit_test(a_snapshot_takes_a_change_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
