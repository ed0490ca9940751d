/* Whatever a peer sent, what we say about it is one clean line. */
#include "harness/base/tests/cm.h"

#include <string.h>

#include "harness/base/problem.h"

static void says_what_was_wrong(void **state)
{
    problem p;
    json_t *o, *wanted;

    (void)state;
    problem_set(&p, 404, "/a/0", "no %s has %d", "rule", 3);
    o = problem_to_json(&p);
    wanted = json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", "about:blank", "title", "Not Found",
                       "status", 404, "detail", "no rule has 3", "pointer", "/a/0");
    assert_true(json_equal(o, wanted));
    json_decref(o);
    json_decref(wanted);
}

static void a_wrong_method_names_the_right_ones(void **state)
{
    problem p;

    (void)state;
    problem_set_method(&p, "PATCH", "GET, PUT");
    assert_int_equal(p.status, 405);
    assert_string_equal(p.allow, "GET, PUT");
    assert_string_equal(p.detail, "PATCH is not accepted here; accepted: GET, PUT");
}

/* A cut in the middle of a character would make the response no JSON at all. */
static void a_long_text_is_cut_between_characters(void **state)
{
    problem p;
    json_t *o;

    (void)state;
    for (size_t before = 470; before < sizeof(p.detail); before++) {
        char text[700];

        memset(text, 'x', before);
        strcpy(text + before, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"); /* euro signs */
        problem_set(&p, 400, text, "%s", text);
        o = problem_to_json(&p);
        assert_non_null(o);
        assert_null(strchr(p.detail, '?'));
        assert_null(strchr(p.pointer, '?'));
        json_decref(o);
    }
}

static void a_text_is_one_valid_line(void **state)
{
    problem p;
    json_t *o;

    (void)state;
    problem_set(&p, 400, "", "two\nlines and \x7f");
    assert_string_equal(p.detail, "two?lines and ?");

    problem_set(&p, 400, "/\xff", "not \xff\xc3 UTF-8");
    assert_string_equal(p.detail, "not ?? UTF-8");
    o = problem_to_json(&p);
    assert_string_equal(json_string_value(json_object_get(o, "pointer")), "/?");
    json_decref(o);

    problem_set(&p, 400, "", "\xc2\x80 and \xc2\x9f, not \xc2\xa0");
    assert_string_equal(p.detail, "?? and ??, not \xc2\xa0");

    problem_set(&p, 400, NULL, "gr\xc3\xbc\xc3\x9f");
    assert_string_equal(p.detail, "gr\xc3\xbc\xc3\x9f");
    assert_string_equal(p.pointer, "");
}

static void a_function_can_end_with_its_problem(void **state)
{
    problem p;

    (void)state;
    memset(&p, 0xff, sizeof(p));
    assert_int_equal(problem_refuse(&p, "/a", "no %s", "b"), -1);
    assert_int_equal(p.status, 400);
    assert_string_equal(p.pointer, "/a");
    assert_string_equal(p.detail, "no b");
    assert_string_equal(p.allow, "");
    assert_int_equal(problem_fail(&p, "disk %d", 7), -1);
    assert_int_equal(p.status, 500);
    assert_string_equal(p.pointer, "");
    assert_string_equal(p.detail, "disk 7");
}

static void pointers_are_escaped(void **state)
{
    char out[16];

    (void)state;
    problem_pointer(out, sizeof(out), "/match", "a/b~c");
    assert_string_equal(out, "/match/a~1b~0c");
    problem_pointer(out, sizeof(out), "", "0123456789abcdefgh");
    assert_true(strlen(out) < sizeof(out));
    problem_pointer(out, sizeof(out), "/0123456789abcdefgh", "x");
    assert_string_equal(out, "/0123456789abcd");
}

static void the_nearest_words_are_named(void **state)
{
    static const char *const words[] = {
        "status-try-later", "status-unauthorized", "cert-status-revoked", "good-then-revoked",
        "slow-body",        "revoked-then-good",   "unrevoked",           NULL};
    static const char *const swapped[] = {"slwoxx", "slow", NULL};
    char out[128], small[12];

    (void)state;
    problem_nearest("status-try-latr", words, out, sizeof(out));
    assert_string_equal(out, "status-try-later");
    problem_nearest("slwo-body", words, out, sizeof(out));
    assert_string_equal(out, "slow-body");
    problem_nearest("slwo", swapped, out, sizeof(out));
    assert_string_equal(out, "slow, slwoxx"); /* one swap is nearer than two letters more */
    problem_nearest("revoked", words, out, sizeof(out));
    assert_string_equal(out, "unrevoked, cert-status-revoked, good-then-revoked");
    problem_nearest("zzzzzz", words, out, sizeof(out));
    assert_string_equal(out, "");
    problem_nearest("", words, out, sizeof(out));
    assert_string_equal(out, "");
    problem_nearest("revoked", words, small, sizeof(small));
    assert_string_equal(small, "unrevoked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_was_wrong),
        cmocka_unit_test(a_wrong_method_names_the_right_ones),
        cmocka_unit_test(a_long_text_is_cut_between_characters),
        cmocka_unit_test(a_text_is_one_valid_line),
        cmocka_unit_test(a_function_can_end_with_its_problem),
        cmocka_unit_test(pointers_are_escaped),
        cmocka_unit_test(the_nearest_words_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
