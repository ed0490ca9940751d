/* The language of a catalogue line, word by word. */
#include "harness/base/tests/cm.h"

#include <stdlib.h>
#include <string.h>

#include "responders/engine/recipe.h"

static recipe read_recipe(const char *text)
{
    recipe r;
    problem p = {0};

    if (recipe_parse(text, &r, &p) != 0) {
        fail_msg("%s: %s", text, p.detail);
    }
    return r;
}

static void refused(const char *text, const char *detail)
{
    recipe r;
    problem p = {0};

    if (recipe_parse(text, &r, &p) == 0) {
        fail_msg("%s was accepted", text);
    }
    assert_string_equal(p.detail, detail);
    recipe_clear(&r);
}

static void a_name_alone_is_a_recipe(void **state)
{
    recipe r = read_recipe("accept-rst");

    (void)state;
    assert_int_equal(r.nparts, 1);
    assert_string_equal(r.parts[0].primitive, "accept-rst");
    assert_int_equal(r.parts[0].nsettings, 0);
    recipe_clear(&r);
    assert_int_equal(r.nparts, 0);
}

/* The values as JSON, in their order. */
static void values_are_json_or_words(void **state)
{
    static const char *const wanted[] = {"3",         "-1",           "true",       "null",
                                         "\"a b\"",   "\"by/Key.x\"", "[1,\"; \"]", "{\"a\":1}",
                                         "\"truth\"", "\"\xc3\xa9\""};
    recipe r = read_recipe("p a=3 b=-1 c=true d=null e=\"a b\" f=by/Key.x g=[1, \"; \"] "
                           "h={\"a\": 1} i=truth j=\"\xc3\xa9\"");

    (void)state;
    assert_int_equal(r.parts[0].nsettings, sizeof(wanted) / sizeof(wanted[0]));
    for (size_t i = 0; i < r.parts[0].nsettings; i++) {
        char *text = json_dumps(r.parts[0].settings[i].value, JSON_ENCODE_ANY | JSON_COMPACT);

        assert_string_equal(text, wanted[i]);
        assert_true(r.parts[0].settings[i].fixed);
        assert_false(r.parts[0].settings[i].ranged);
        free(text);
    }
    recipe_clear(&r);
}

static void open_settings_have_a_default_and_a_range(void **state)
{
    recipe r = read_recipe("p_2 a?1 b?-3[-5..9]");
    const recipe_setting *one = &r.parts[0].settings[0], *other = &r.parts[0].settings[1];

    (void)state;
    assert_string_equal(r.parts[0].primitive, "p_2");
    assert_string_equal(one->name, "a");
    assert_false(one->fixed);
    assert_false(one->ranged);
    assert_string_equal(other->name, "b");
    assert_false(other->fixed);
    assert_true(other->ranged);
    assert_int_equal(json_integer_value(other->value), -3);
    assert_int_equal(other->min, -5);
    assert_int_equal(other->max, 9);
    recipe_clear(&r);
}

static void parts_follow_each_other(void **state)
{
    recipe r = read_recipe("one a=\"; \"; two; three b=1");

    (void)state;
    assert_int_equal(r.nparts, 3);
    assert_string_equal(r.parts[0].primitive, "one");
    assert_string_equal(json_string_value(r.parts[0].settings[0].value), "; ");
    assert_string_equal(r.parts[1].primitive, "two");
    assert_string_equal(r.parts[2].primitive, "three");
    assert_string_equal(r.parts[2].settings[0].name, "b");
    recipe_clear(&r);
}

static void what_is_wrong_is_quoted(void **state)
{
    (void)state;
    refused("", "at \"\": expected the name of a primitive");
    refused("Big", "at \"Big\": expected the name of a primitive");
    refused("one; ", "at \"\": expected the name of a primitive");
    refused("one;two", "at \";two\": expected \"; \" and another primitive, or the end");
    refused("one  a=1", "at \" a=1\": expected the name of a parameter");
    refused("one a", "at \"\": expected \"=\" or \"?\"");
    refused("one a:1", "at \":1\": expected \"=\" or \"?\"");
    refused("one a=", "at \"\": expected a value: JSON or a word");
    refused("one a=[1", "at \"[1\": expected a value: JSON or a word");
    refused("one a=1x", "at \"x\": expected \"; \" and another primitive, or the end");
    refused("one a=1 ", "at \"\": expected the name of a parameter");
    refused("one a=1[0..2]", "at \"0..2]\": expected a range [MIN..MAX] behind NAME?VALUE");
    refused("one a?1[0.2]", "at \".2]\": expected a range [MIN..MAX] behind NAME?VALUE");
    refused("one a?1[..2]", "at \"..2]\": expected a range [MIN..MAX] behind NAME?VALUE");
    refused("one a?1[0..]", "at \"]\": expected a range [MIN..MAX] behind NAME?VALUE");
    refused("one a?1[0..2", "at \"\": expected a range [MIN..MAX] behind NAME?VALUE");
    refused("one a?1[ 0..2]", "at \" 0..2]\": expected a range [MIN..MAX] behind NAME?VALUE");
    refused("one a?1[0..99999999999999999999]",
            "at \"99999999999999999999]\": expected a range [MIN..MAX] behind NAME?VALUE");
    refused("one a=1; two b=2; 0123456789012345678901234567890123456789X",
            "at \"X\": expected \"; \" and another primitive, or the end");
    refused("one Xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1",
            "at \"Xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\": expected the name of a parameter");
}

static void sequences_are_of_three_forms(void **state)
{
    static const struct {
        const char *text;
        bool healthy, faulty;
    } forms[] = {{NULL, false, false},
                 {"healthy n", true, false},
                 {"faulty n", false, true},
                 {"healthy n, faulty m", true, true}};
    recipe_sequence s;
    problem p = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        assert_int_equal(recipe_sequence_parse(forms[i].text, &s, &p), 0);
        assert_int_equal(s.healthy, forms[i].healthy);
        assert_int_equal(s.faulty, forms[i].faulty);
    }
    assert_int_equal(recipe_sequence_parse("faulty m", &s, &p), -1);
    assert_string_equal(p.detail, "at \"faulty m\": expected \"healthy n\", \"faulty n\" or "
                                  "\"healthy n, faulty m\"");
    assert_int_equal(recipe_sequence_parse("", &s, &p), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_alone_is_a_recipe),
        cmocka_unit_test(values_are_json_or_words),
        cmocka_unit_test(open_settings_have_a_default_and_a_range),
        cmocka_unit_test(parts_follow_each_other),
        cmocka_unit_test(what_is_wrong_is_quoted),
        cmocka_unit_test(sequences_are_of_three_forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
