/* A value is checked once, where it is read, so that no primitive doubts it. */
#include "harness/base/tests/cm.h"

#include "responders/engine/tests/engine_fixture.h"

typedef struct {
    int64_t number;
    bool flag;
    int choice;
    char *text, *word;
} all;

static const char *const colours[] = {"red", "green", "blue", NULL};

static const param number = {.name = "number",
                             .type = &param_integer,
                             .offset = offsetof(all, number),
                             .unit = "s",
                             .min = -5,
                             .max = 600};
static const param flag = {.name = "flag", .type = &param_boolean, .offset = offsetof(all, flag)};
static const param choice = {
    .name = "colour", .type = &param_choice, .offset = offsetof(all, choice), .choices = colours};
static const param text = {
    .name = "text", .type = &param_text, .offset = offsetof(all, text), .fallback = "null"};
static const param word = {.name = "wo/rd", .type = &fixture_word, .offset = offsetof(all, word)};

static int take(const param *p, const char *value, const void *store, all *out, problem *why)
{
    json_t *parsed = json_loads(value, JSON_DECODE_ANY, NULL);
    int rc;

    assert_non_null(parsed);
    memset(out, 0, sizeof(*out));
    rc = param_read(p, parsed, store, "thing", "/do/0", out, why);
    json_decref(parsed);
    return rc;
}

static all taken(const param *p, const char *value, const void *store)
{
    problem why = {0};
    all out;

    if (take(p, value, store, &out, &why) != 0) {
        fail_msg("%s: %s", value, why.detail);
    }
    return out;
}

static void refused(const param *p, const char *value, const void *store, const char *detail)
{
    problem why = {0};
    all out;

    assert_int_equal(take(p, value, store, &out, &why), -1);
    assert_string_equal(why.detail, detail);
    assert_int_equal(why.status, 400);
}

static void integers_have_a_range(void **state)
{
    (void)state;
    assert_int_equal(taken(&number, "600", NULL).number, 600);
    assert_int_equal(taken(&number, "-5", NULL).number, -5);
    refused(&number, "601", NULL,
            "\"number\" of thing must be an integer from -5 to 600 (s), not 601");
    refused(&number, "-6", NULL,
            "\"number\" of thing must be an integer from -5 to 600 (s), not -6");
    refused(&number, "1.0", NULL,
            "\"number\" of thing must be an integer from -5 to 600 (s), not 1.0");
    refused(&number, "\"1\"", NULL,
            "\"number\" of thing must be an integer from -5 to 600 (s), not \"1\"");
    refused(&number, "null", NULL,
            "\"number\" of thing must be an integer from -5 to 600 (s), not null");
}

static void booleans_are_true_or_false(void **state)
{
    (void)state;
    assert_true(taken(&flag, "true", NULL).flag);
    assert_false(taken(&flag, "false", NULL).flag);
    refused(&flag, "1", NULL, "\"flag\" of thing must be true or false, not 1");
}

static void a_choice_is_one_of_its_words(void **state)
{
    (void)state;
    assert_int_equal(taken(&choice, "\"red\"", NULL).choice, 0);
    assert_int_equal(taken(&choice, "\"blue\"", NULL).choice, 2);
    refused(&choice, "\"Red\"", NULL,
            "\"colour\" of thing must be one of red, green, blue, not \"Red\"");
    refused(&choice, "0", NULL, "\"colour\" of thing must be one of red, green, blue, not 0");
}

static void a_text_is_copied_and_freed(void **state)
{
    all got = taken(&text, "\"abc\"", NULL);

    (void)state;
    assert_string_equal(got.text, "abc");
    param_clear(&text, &got);
    refused(&text, "[]", NULL, "\"text\" of thing must be a string, or null, not []");
}

/* Where null is the default, it may be given; the member says so by staying zero. */
static void null_is_taken_where_it_is_the_default(void **state)
{
    all got = taken(&text, "null", NULL);

    (void)state;
    assert_null(got.text);
    param_clear(&text, &got);
}

/* A type of the program's own is asked with its store, and without it for the form alone. */
static void a_type_may_ask_what_exists(void **state)
{
    static const char *const known[] = {"one", "two", NULL};
    all got = taken(&word, "\"two\"", known);
    problem why = {0};

    (void)state;
    assert_string_equal(got.word, "two");
    param_clear(&word, &got);
    refused(&word, "\"three\"", known,
            "\"wo/rd\" of thing must be a word that is known, not \"three\"");
    got = taken(&word, "\"three\"", NULL);
    param_clear(&word, &got);
    refused(&word, "3", NULL, "\"wo/rd\" of thing must be a word that is known, not 3");
    assert_int_equal(take(&word, "3", NULL, &got, &why), -1);
    assert_string_equal(why.pointer, "/do/0/wo~1rd");
}

static void fallbacks_are_json(void **state)
{
    const param listed = {.name = "n", .type = &param_integer, .fallback = "7"};
    const param broken = {.name = "n", .type = &param_integer, .fallback = "seven"};
    json_t *value = param_fallback(&listed);

    (void)state;
    assert_int_equal(json_integer_value(value), 7);
    json_decref(value);
    assert_null(param_fallback(&broken));
    assert_null(param_fallback(&number));
}

static void what_is_accepted_is_said(void **state)
{
    const param seconds = {
        .name = "n", .type = &param_integer, .fallback = "null", .unit = "s", .min = 1, .max = 600};
    char out[64];

    (void)state;
    param_accepts(&seconds, out, sizeof(out));
    assert_string_equal(out, "an integer from 1 to 600 (s), or null");
    param_accepts(&flag, out, sizeof(out));
    assert_string_equal(out, "true or false");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_have_a_range),
        cmocka_unit_test(booleans_are_true_or_false),
        cmocka_unit_test(a_choice_is_one_of_its_words),
        cmocka_unit_test(a_text_is_copied_and_freed),
        cmocka_unit_test(null_is_taken_where_it_is_the_default),
        cmocka_unit_test(a_type_may_ask_what_exists),
        cmocka_unit_test(fallbacks_are_json),
        cmocka_unit_test(what_is_accepted_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
