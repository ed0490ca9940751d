/* What is not understood is refused, and the refusal points at it. */
#include "harness/base/tests/cm.h"

#include <string.h>

#include "harness/base/json_check.h"

static void unknown_members_are_refused(void **state)
{
    static const char *const members[] = {"times", "do", NULL};
    json_t *good = json_pack("{s:i}", "times", 1);
    json_t *bad = json_pack("{s:i, s:i}", "do", 1, "tim/es", 1);
    json_t *array = json_pack("[i]", 1);
    problem p = {0};

    (void)state;
    assert_int_equal(json_check_members(good, "/0", members, &p), 0);
    assert_int_equal(json_check_members(bad, "/0", members, &p), -1);
    assert_string_equal(p.pointer, "/0/tim~1es");
    assert_string_equal(p.detail, "unknown member \"tim/es\"; accepted: times, do");
    assert_int_equal(json_check_members(array, "/0", members, &p), -1);
    assert_string_equal(p.detail, "must be a JSON object, not [1]");
    assert_int_equal(json_check_members(NULL, "", members, &p), -1);
    assert_string_equal(p.detail, "must be a JSON object, not nothing");
    json_decref(good);
    json_decref(bad);
    json_decref(array);
}

static void types_and_ranges_are_checked(void **state)
{
    json_t *o = json_pack("{s:i, s:f, s:s, s:b}", "i", 7, "f", 7.5, "s", "text", "b", 1);
    json_int_t i = 3;
    const char *s = "before";
    bool b = false;
    problem p = {0};

    (void)state;
    assert_int_equal(json_check_integer(o, "", "absent", 0, 9, &i, &p), 0);
    assert_int_equal(i, 3);
    assert_int_equal(json_check_integer(o, "", "i", 7, 7, &i, &p), 0);
    assert_int_equal(i, 7);
    assert_int_equal(json_check_integer(o, "", "i", 8, 9, &i, &p), -1);
    assert_string_equal(p.detail, "\"i\" must be an integer from 8 to 9, not 7");
    assert_int_equal(json_check_integer(o, "", "i", 1, 6, &i, &p), -1);
    assert_int_equal(json_check_integer(o, "/x", "f", 0, 9, &i, &p), -1);
    assert_string_equal(p.pointer, "/x/f");

    assert_int_equal(json_check_string(o, "", "absent", &s, &p), 0);
    assert_string_equal(s, "before");
    assert_int_equal(json_check_string(o, "", "s", &s, &p), 0);
    assert_string_equal(s, "text");
    assert_int_equal(json_check_string(o, "", "i", &s, &p), -1);
    assert_string_equal(p.detail, "\"i\" must be a string, not 7");

    assert_int_equal(json_check_boolean(o, "", "b", &b, &p), 0);
    assert_true(b);
    assert_int_equal(json_check_boolean(o, "", "s", &b, &p), -1);
    assert_string_equal(p.detail, "\"s\" must be true or false, not \"text\"");
    json_decref(o);
}

static void quotes_and_lists_fit(void **state)
{
    static const char *const words[] = {"one", "two", "three", NULL};
    json_t *o = json_pack("{s:s}", "k", "0123456789");
    json_t *text = json_string("0123456789012345");
    char out[14];

    (void)state;
    json_check_quote(o, out, sizeof(out));
    assert_string_equal(out, "an object");
    json_check_quote(text, out, sizeof(out));
    assert_string_equal(out, "a long string");
    json_check_quote(json_object_get(o, "k"), out, sizeof(out));
    assert_string_equal(out, "\"0123456789\"");
    json_check_join(words, out, sizeof(out));
    assert_string_equal(out, "one, two, thr");
    json_decref(o);
    json_decref(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_members_are_refused),
        cmocka_unit_test(types_and_ranges_are_checked),
        cmocka_unit_test(quotes_and_lists_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
