/* How the set of rules changes, and what stays. */
#include "responders/engine/tests/rules_fixture.h"

#define ONE "{\"sequence\": [{\"do\": [" TRY "]}]}"

static void assert_ids(const rule_set *r, const char *wanted)
{
    json_t *rules = rule_set_to_json(r);
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

static void visit(const fault_act *act, const char *listener, void *arg)
{
    char *text = arg;

    snprintf(text + strlen(text), 128 - strlen(text), "%s@%s ", act->name,
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
    rule_list_each_listener(rule_set_current(r), visit, text);
    assert_string_equal(text, "connection-refused@web connection-refused@* ");
    assert_string_equal(request(r, "1"), "rule-2/0 status-try-later");
    assert_string_equal(accepted(r), "-");
    rule_set_free(r);
}

/* Wherever the program has that key among its own. */
static void a_listener_is_found_among_the_keys(void **state)
{
    static const match_key keys[] = {{.name = "serial", .summary = "s"},
                                     {.name = "listener", .summary = "l", .at_accept = true},
                                     {.name = "method", .summary = "m"},
                                     {0}};
    const rule_terms terms = {.faults = rules_catalogue, .keys = keys};
    rule_set *r = rule_set_new(&terms, 1);
    char text[128] = "";
    problem p = {0};

    (void)state;
    assert_int_equal(rules_replace(r,
                                   "[{\"match\": {\"listener\": \"web\"}, \"sequence\":"
                                   " [{\"do\": [{\"fault\": \"connection-refused\"}]}]}]",
                                   &p),
                     0);
    rule_list_each_listener(rule_set_current(r), visit, text);
    assert_string_equal(text, "connection-refused@web ");
    rule_set_free(r);
}

static void rules_come_and_go_one_by_one(void **state)
{
    rule_set *r = set_of("[{\"sequence\": [{\"do\": []}]},"
                         " {\"id\": \"rule-2\", \"match\": {\"serial\": \"2\"}, \"sequence\":"
                         " [{\"do\": [" TRY "]}]}, {\"sequence\": [{\"do\": []}]}]");
    static const char named[] = "{\"id\": \"last\", \"sequence\": [{\"do\": [" TRY "]}]}";
    problem p = {0};

    (void)state;
    assert_ids(r, "rule-1 rule-2 rule-3 ");
    assert_int_equal(rules_remove(r, "rule-1", &p), 0);
    assert_string_equal(request(r, "2"), "rule-2/0 status-try-later");
    assert_int_equal(rules_add(r, named, &p), 0);
    assert_int_equal(rules_add(r, ONE, &p), 0);
    assert_int_equal(rules_add(r, named, &p), -1);
    assert_string_equal(p.pointer, "/id");
    assert_int_equal(rules_remove(r, "rule-1", &p), -1);
    assert_ids(r, "rule-2 rule-3 last rule-4 ");
    assert_true(rule_set_generation(r) == 4);
    assert_string_equal(request(r, "2"), "rule-2/1 status-try-later");
    rule_set_free(r);
}

/* Of a refused change nothing is left: no rule, no count, no number of a name. */
static void a_refused_change_changes_nothing(void **state)
{
    rule_set *r = set_of("[{\"id\": \"a\", \"sequence\": [{\"do\": [" TRY "]}]}]");
    const rule_list *before = rule_set_current(r);
    problem p = {0};

    (void)state;
    assert_string_equal(request(r, "1"), "a/0 status-try-later");
    assert_int_equal(rules_replace(r, "[" ONE ", " ONE ", {\"sequence\": []}]", &p), -1);
    assert_string_equal(p.pointer, "/2/sequence");
    assert_int_equal(rules_replace(r, "{\"rules\": [" ONE ", 3]}", &p), -1);
    assert_string_equal(p.pointer, "/rules/1");
    assert_int_equal(rules_add(r, "{\"id\": \"a\", \"sequence\": [{\"do\": []}]}", &p), -1);
    assert_string_equal(p.pointer, "/id");
    assert_int_equal(p.status, 400);
    assert_int_equal(rules_add(r, "[]", &p), -1);
    assert_string_equal(p.pointer, "");
    assert_int_equal(rules_remove(r, "rule-1", &p), -1);
    assert_int_equal(p.status, 404);
    assert_string_equal(p.detail, "no rule has the id \"rule-1\"");
    assert_ptr_equal(rule_set_current(r), before);
    assert_ids(r, "a ");
    assert_true(rule_set_generation(r) == 1);
    assert_string_equal(request(r, "1"), "a/1 status-try-later");
    assert_int_equal(rules_add(r, ONE, &p), 0);
    assert_ids(r, "a rule-1 ");
    rule_set_free(r);
}

/* As when a program cannot put a list in force: it is made, and dropped again. */
static void a_list_that_is_not_put_in_force_changes_nothing(void **state)
{
    rule_set *r = set_of("[{\"id\": \"a\", \"sequence\": [{\"do\": [" TRY "]}]}]");
    json_t *nameless = json_of(ONE), *all = json_of("[" ONE "]");
    rule_list *next;
    problem p = {0};

    (void)state;
    request(r, "1");
    assert_int_equal(rule_set_add(r, nameless, &next, &p), 0);
    assert_int_equal(next->count, 2);
    assert_string_equal(next->rules[1]->id, "rule-1");
    rule_list_free(next);
    assert_int_equal(rule_set_replace(r, all, &next, &p), 0);
    rule_list_free(next);
    assert_int_equal(rule_set_remove(r, "a", &next, &p), 0);
    assert_int_equal(next->count, 0);
    rule_list_free(next);
    rule_list_free(NULL);
    assert_ids(r, "a ");
    assert_true(rule_set_generation(r) == 1);
    assert_string_equal(request(r, "1"), "a/1 status-try-later");
    assert_int_equal(rules_add(r, ONE, &p), 0);
    assert_ids(r, "a rule-1 ");
    json_decref(nameless);
    json_decref(all);
    rule_set_free(r);
}

static void rules_are_listed_as_given(void **state)
{
    static const char text[] =
        "[{\"id\": \"rule-1\", \"match\": {\"serial\": \"10AB\"}, \"sequence\": [{\"times\": 2,"
        " \"do\": [" TRY "]}], \"scope\": \"serial\", \"probability\": 0.25, \"repeat\": true}]";
    rule_set *r = set_of(text);
    json_t *wanted = json_of(text), *given = rule_set_to_json(r);

    (void)state;
    assert_true(json_equal(given, wanted));
    json_decref(wanted);
    json_decref(given);
    rule_set_free(r);
}

/* A rule that came without an id is listed with its name, so that the list can be put again. */
static void a_list_can_be_put_again(void **state)
{
    rule_set *r = set_of("[" ONE ", {\"id\": \"b\", \"sequence\": [{\"do\": []}]}, " ONE "]");
    json_t *listed = rule_set_to_json(r);
    rule_list *next;
    problem p = {0};

    (void)state;
    assert_int_equal(rule_set_replace(r, listed, &next, &p), 0);
    rule_set_swap(r, next);
    assert_ids(r, "rule-1 b rule-2 ");
    json_decref(listed);
    rule_set_free(r);
}

/* Even one that stands behind the nameless rule. */
static void a_made_up_name_takes_no_given_one(void **state)
{
    rule_set *r = set_of("[" ONE ", {\"id\": \"rule-1\", \"sequence\": [{\"do\": []}]}, " ONE ","
                         " {\"id\": \"rule-3\", \"sequence\": [{\"do\": []}]}]");

    (void)state;
    assert_ids(r, "rule-2 rule-1 rule-4 rule-3 ");
    rule_set_free(r);
}

static void an_empty_list_forgets_rules_and_names(void **state)
{
    rule_set *r = set_of("[" ONE "]");
    problem p = {0};

    (void)state;
    request(r, "1");
    request(r, "1");
    assert_true(rule_set_get_seed(r) == 1);
    rule_set_seed(r, 5);
    assert_true(rule_set_get_seed(r) == 5);
    rule_set_swap(r, rule_list_empty());
    assert_ids(r, "");
    assert_string_equal(request(r, "1"), "-");
    assert_true(rule_set_generation(r) == 2);
    assert_true(rule_set_get_seed(r) == 5);
    assert_int_equal(rules_add(r, ONE, &p), 0);
    assert_string_equal(request(r, "1"), "rule-1/0 status-try-later");
    rule_set_free(r);
    rule_set_free(NULL);
}

static void replacing_counts_anew(void **state)
{
    static const char rules[] =
        "{\"rules\": [{\"id\": \"a\", \"sequence\": [{\"do\": [" TRY "]}]}]}";
    rule_set *r = set_of("[]");
    problem p = {0};

    (void)state;
    assert_int_equal(rules_replace(r, rules, &p), 0);
    assert_string_equal(request(r, "1"), "a/0 status-try-later");
    assert_string_equal(request(r, "1"), "a/1 status-try-later");
    assert_int_equal(rules_replace(r, rules, &p), 0);
    assert_string_equal(request(r, "1"), "a/0 status-try-later");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rules_replace(r, "[" ONE "]", &p), 0);
        assert_ids(r, "rule-1 ");
    }
    rule_set_free(r);
}

static void the_set_keeps_its_terms(void **state)
{
    rule_set *r = set_of("[]");

    (void)state;
    assert_ptr_equal(rule_set_terms(r)->faults, rules_catalogue);
    assert_ptr_equal(rule_set_terms(r)->keys, fixture_keys);
    assert_null(rule_set_terms(r)->store);
    rule_set_free(r);
}

/* Types of parameters ask the store of the terms. */
static void the_store_is_asked(void **state)
{
    static const char *const known[] = {"me", NULL};
    const rule_terms terms = {.faults = rules_catalogue, .keys = fixture_keys, .store = known};
    rule_set *r = rule_set_new(&terms, 1);
    problem p = {0};

    (void)state;
    assert_int_equal(rules_add(r,
                               "{\"sequence\": [{\"do\": [{\"fault\": \"cert-status-revoked\","
                               " \"by\": \"me\"}]}]}",
                               &p),
                     0);
    assert_int_equal(rules_add(r,
                               "{\"sequence\": [{\"do\": [{\"fault\": \"cert-status-revoked\","
                               " \"by\": \"you\"}]}]}",
                               &p),
                     -1);
    assert_string_equal(p.pointer, "/sequence/0/do/0/by");
    rule_set_free(r);
}

/* Parsing must not look through all rules for each of them; build.mk ends a test that takes long.
 */
static void many_rules_are_one_list(void **state)
{
    enum { RULES = 10000 };
    rule_set *r = rules_new(1);
    json_t *rules = json_array();
    rule_list *next;
    problem p = {0};

    (void)state;
    for (int i = 0; i < RULES; i++) {
        json_t *one = json_of("{\"scope\": \"serial\", \"sequence\": [{\"times\": 2, \"do\": [" TRY
                              "]}, {\"do\": []}]}");
        char id[16];

        snprintf(id, sizeof(id), "%d", i);
        if (i % 2 == 0) {
            json_object_set_new(one, "id", json_string(id));
        }
        json_object_set_new(one, "match", json_pack("{s:s}", "serial", id));
        json_array_append_new(rules, one);
    }
    assert_int_equal(rule_set_replace(r, rules, &next, &p), 0);
    rule_set_swap(r, next);
    assert_int_equal(rule_set_current(r)->count, RULES);
    assert_string_equal(request(r, "9998"), "9998/0 status-try-later");
    assert_string_equal(request(r, "9999"), "rule-5000/0 status-try-later");
    json_decref(rules);
    rule_set_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listener_faults_are_listed_and_never_served),
        cmocka_unit_test(a_listener_is_found_among_the_keys),
        cmocka_unit_test(rules_come_and_go_one_by_one),
        cmocka_unit_test(a_refused_change_changes_nothing),
        cmocka_unit_test(a_list_that_is_not_put_in_force_changes_nothing),
        cmocka_unit_test(rules_are_listed_as_given),
        cmocka_unit_test(a_list_can_be_put_again),
        cmocka_unit_test(a_made_up_name_takes_no_given_one),
        cmocka_unit_test(an_empty_list_forgets_rules_and_names),
        cmocka_unit_test(replacing_counts_anew),
        cmocka_unit_test(the_set_keeps_its_terms),
        cmocka_unit_test(the_store_is_asked),
        cmocka_unit_test(many_rules_are_one_list),
    };

    return cmocka_run_group_tests(tests, rules_begin, rules_end);
}
