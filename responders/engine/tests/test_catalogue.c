/* The catalogue is the only place where a fault's parameters are checked. */
#include "harness/base/tests/cm.h"

#include "responders/program/tests/fake_program.h"

/* Checks one use that must be refused, and where and how. */
static void refused(const char *text, const char *pointer, const char *detail)
{
    json_t *use = json_loads(text, JSON_DECODE_ANY, NULL);
    const fault_spec *spec = NULL;
    problem p = {0};

    assert_non_null(use);
    assert_null(catalogue_check_use(&fake_catalogue, use, "/0", &spec, &p));
    assert_int_equal(p.status, 400);
    assert_string_equal(p.pointer, pointer);
    assert_string_equal(p.detail, detail);
    json_decref(use);
}

static json_t *accepted(const char *text, const fault_spec **spec)
{
    json_t *use = json_loads(text, 0, NULL);
    problem p = {0};
    json_t *params;

    assert_non_null(use);
    params = catalogue_check_use(&fake_catalogue, use, "/0", spec, &p);
    assert_non_null(params);
    json_decref(use);
    return params;
}

static void faults_are_found_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(catalogue_find(&fake_catalogue, "http-redirect"), &fake_redirect);
    assert_null(catalogue_find(&fake_catalogue, "http-redirec"));
}

static void defaults_are_filled_in(void **state)
{
    const fault_spec *spec = NULL;
    json_t *params = accepted("{\"fault\": \"cert-status-revoked\"}", &spec);

    (void)state;
    assert_ptr_equal(spec, &fake_revoked);
    assert_int_equal(json_object_size(params), 5);
    assert_int_equal(param_integer(params, "reason"), 1);
    assert_true(param_is_null(params, "offset"));
    assert_false(param_is_null(params, "reason"));
    assert_string_equal(param_string(params, "form"), "byKey");
    assert_false(param_boolean(params, "critical"));
    assert_int_equal(json_array_size(param_list(params, "values")), 1);
    json_decref(params);
}

static void given_values_are_kept(void **state)
{
    const fault_spec *spec = NULL;
    json_t *params =
        accepted("{\"fault\": \"cert-status-revoked\", \"reason\": 10, \"offset\": -100,"
                 " \"form\": \"byName\", \"critical\": true, \"values\": []}",
                 &spec);

    (void)state;
    assert_int_equal(param_integer(params, "reason"), 10);
    assert_int_equal(param_integer(params, "offset"), -100);
    assert_string_equal(param_string(params, "form"), "byName");
    assert_true(param_boolean(params, "critical"));
    assert_int_equal(json_array_size(param_list(params, "values")), 0);
    json_decref(params);

    params = accepted("{\"fault\": \"cert-status-revoked\", \"offset\": null}", &spec);
    assert_true(param_is_null(params, "offset"));
    assert_null(param_string(params, "offset"));
    json_decref(params);
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    refused("[]", "/0",
            "a fault is an object with its name as \"fault\" and its parameters beside it");
    refused("{\"fault\": 3}", "/0",
            "a fault is an object with its name as \"fault\" and its parameters beside it");
    refused("{\"fault\": \"cert-status-revokd\"}", "/0/fault",
            "unknown fault \"cert-status-revokd\"; the nearest are: cert-status-revoked");
    refused("{\"fault\": \"a26\"}", "/0/fault",
            "unknown fault \"a26\"; the nearest are: cert-status-revoked");
    refused("{\"fault\": \"zzzzzz\"}", "/0/fault",
            "unknown fault \"zzzzzz\"; GET /v1/faults lists all 5");
    refused("{\"fault\": \"status-try-later\", \"n\": 1}", "/0/n",
            "unknown member \"n\"; accepted: fault");
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
    refused("{\"fault\": \"cert-status-revoked\", \"values\": [1]}", "/0/values",
            "\"values\" of cert-status-revoked must be an array of strings, not [1]");
    refused("{\"fault\": \"cert-status-revoked\", \"values\": \"a\"}", "/0/values",
            "\"values\" of cert-status-revoked must be an array of strings, not \"a\"");
}

static void the_list_says_all(void **state)
{
    json_t *list = catalogue_to_json(&fake_catalogue);
    json_t *wanted =
        json_loads("{\"name\": \"http-redirect\", \"id\": \"B40\", \"layer\": \"http\","
                   " \"summary\": \"a redirect\", \"phase\": \"request\","
                   " \"parameters\": [{\"name\": \"target\", \"type\": \"string\", \"unit\": null,"
                   " \"summary\": \"where to\", \"required\": true}]}",
                   0, NULL);
    json_t *reason;

    (void)state;
    assert_int_equal(json_array_size(list), 5);
    assert_true(json_equal(json_array_get(list, 2), wanted));
    reason = json_array_get(json_object_get(json_array_get(list, 1), "parameters"), 0);
    assert_int_equal(json_integer_value(json_object_get(reason, "default")), 1);
    assert_int_equal(json_integer_value(json_object_get(reason, "max")), 10);
    reason = json_array_get(json_object_get(json_array_get(list, 1), "parameters"), 2);
    assert_int_equal(json_array_size(json_object_get(reason, "choices")), 2);
    json_decref(list);
    json_decref(wanted);
}

static void a_table_that_is_wrong_is_found(void **state)
{
    static const fault_param bad_params[] = {
        {.name = "n", .type = PARAM_INTEGER, .summary = "n", .fallback = "5", .min = 6, .max = 9},
        {.name = NULL}};
    static const fault_spec again = {.name = "status-try-later", .id = "A99", .layer = "ocsp"};
    static const fault_spec same_id = {.name = "other", .id = "A03", .layer = "ocsp"};
    static const fault_spec bad_default = {
        .name = "bad", .id = "A98", .layer = "ocsp", .params = bad_params};
    static const fault_spec layers[] = {{.name = "1", .id = "1", .layer = "1"},
                                        {.name = "2", .id = "2", .layer = "2"},
                                        {.name = "3", .id = "3", .layer = "3"},
                                        {.name = "4", .id = "4", .layer = "4"},
                                        {.name = "5", .id = "5", .layer = "5"}};
    const fault_spec *const twice[] = {&fake_try_later, &again, NULL};
    const fault_spec *const ids[] = {&fake_try_later, &same_id, NULL};
    const fault_spec *const wrong[] = {&bad_default, NULL};
    const fault_spec *const many[] = {&layers[0], &layers[1], &layers[2],
                                      &layers[3], &layers[4], NULL};
    problem p = {0};

    (void)state;
    assert_int_equal(catalogue_validate(&fake_catalogue, &p), 0);
    assert_int_equal(catalogue_validate(&(catalogue){twice}, &p), -1);
    assert_int_equal(catalogue_validate(&(catalogue){ids}, &p), -1);
    assert_int_equal(catalogue_validate(&(catalogue){wrong}, &p), -1);
    assert_string_equal(p.detail, "bad: the fallback of n is not one that it accepts: 5");
    assert_int_equal(catalogue_validate(&(catalogue){many}, &p), -1);
    assert_string_equal(p.detail, "5: layer 5 is one too many");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_found_by_name),
        cmocka_unit_test(defaults_are_filled_in),
        cmocka_unit_test(given_values_are_kept),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(the_list_says_all),
        cmocka_unit_test(a_table_that_is_wrong_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
