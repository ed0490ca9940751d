#include "harness/base/options.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/tests/cm.h"

/* What the rows below have been called with. */
typedef struct {
    uint64_t seed;
    const char *form;
    int quiet;
    int forms;
    const char *pair[4];
    size_t words;
} taken;

static int take_seed(void *arg, const char *value, problem *p)
{
    return options_number("--seed", value, 1, 100, &((taken *)arg)->seed, p);
}

static int take_quiet(void *arg, const char *value, problem *p)
{
    (void)p;
    assert_null(value);
    ((taken *)arg)->quiet++;
    return 0;
}

static int take_form(void *arg, const char *value, problem *p)
{
    taken *t = arg;

    (void)p;
    t->form = value;
    t->forms++;
    return 0;
}

static int take_pair(void *arg, const char *value, problem *p)
{
    taken *t = arg;

    if (strcmp(value, "bad") == 0) {
        return problem_refuse(p, "", "bad");
    }
    t->pair[t->words++] = value;
    return 0;
}

static int take_done(void *arg, const char *value, problem *p)
{
    (void)arg;
    (void)value;
    (void)p;
    return 1;
}

static const options_row own[] = {
    {"seed", "N", "the seed", take_seed},
    {"quiet", NULL, "says less", take_quiet},
    {"pair", "CERT KEY", "two words", take_pair},
    {0},
};

static const options_row shared[] = {
    {"list-faults", "[=json]",
     "one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, "
     "fourteen",
     take_form},
    {"control-with-a-long-name", "unix:PATH|tcp:ADDRESS:PORT", "where", take_form},
    {"help", NULL, "prints this", take_done},
    {0},
};

static taken first, second;
static const options_group groups[] = {{own, &first}, {shared, &second}, {0}};

static int operand;
static problem p;

/* getopt_long reorders the words; these are new ones for each call. */
static int parse(const char *const *words, char **argv)
{
    int argc = 1;

    first = second = (taken){0};
    memset(&p, 0, sizeof(p));
    argv[0] = (char *)"program";
    for (; words[argc - 1] != NULL; argc++) {
        argv[argc] = (char *)words[argc - 1];
    }
    argv[argc] = NULL;
    return options_parse(groups, argc, argv, &operand, &p);
}

static char *words[16];

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL}, words)

static void each_row_gets_its_value_and_its_group(void **state)
{
    (void)state;
    assert_int_equal(PARSE("a", "--seed", "7", "--list-faults=json", "b", "--quiet"), 0);
    assert_int_equal(first.seed, 7);
    assert_int_equal(first.quiet, 1);
    assert_int_equal(second.quiet, 0);
    assert_string_equal(second.form, "json");
    assert_int_equal(operand, 5);
    assert_string_equal(words[5], "a");
    assert_string_equal(words[6], "b");
    assert_null(words[7]);
}

static void no_operands_and_what_follows_two_dashes(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--quiet"), 0);
    assert_int_equal(operand, 2);
    assert_int_equal(PARSE("--", "--quiet"), 0);
    assert_int_equal(first.quiet, 0);
    assert_int_equal(operand, 2);
}

static void a_value_may_be_left_out(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--list-faults", "json"), 0);
    assert_int_equal(second.forms, 1);
    assert_null(second.form);
    assert_string_equal(words[operand], "json");
}

static void an_option_may_take_two_words(void **state)
{
    (void)state;
    assert_int_equal(PARSE("a", "--pair", "c", "k", "b", "--quiet", "--pair=d", "-"), 0);
    assert_int_equal(first.words, 4);
    assert_string_equal(first.pair[0], "c");
    assert_string_equal(first.pair[1], "k");
    assert_string_equal(first.pair[2], "d");
    assert_string_equal(first.pair[3], "-");
    assert_int_equal(first.quiet, 1);
    assert_string_equal(words[operand], "a");
    assert_string_equal(words[operand + 1], "b");
    assert_null(words[operand + 2]);
    assert_int_equal(PARSE("--pair", "bad", "k"), -1);
    assert_int_equal(PARSE("--pair", "k", "bad"), -1);
}

static void a_beginning_is_enough_where_it_is_the_only_one(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--se=9"), 0);
    assert_int_equal(first.seed, 9);
}

static void what_is_done_ends_the_parsing(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--quiet", "--help", "--quiet", "--nonsense"), 1);
    assert_int_equal(first.quiet, 1);
}

static void refused(const char *const *given, const char *expected)
{
    assert_int_equal(parse(given, words), -1);
    assert_int_equal(p.status, 400);
    assert_string_equal(p.pointer, "");
    assert_string_equal(p.detail, expected);
}

#define REFUSED(expected, ...) refused((const char *const[]){__VA_ARGS__, NULL}, expected)

static void refusals_say_what_is_wrong(void **state)
{
    (void)state;
    REFUSED("unknown option \"--sede\"; the nearest are: seed; see --help", "--sede=1");
    REFUSED("unknown option \"--zzzzzz\"; see --help", "--quiet", "--zzzzzz");
    REFUSED("unknown option \"-x\"; see --help", "--quiet", "-xq");
    REFUSED("--seed needs a value; see --help", "--quiet", "--seed");
    REFUSED("--quiet takes no value; see --help", "--quiet=1");
    REFUSED("--seed \"x\": expected a number from 1 to 100", "--seed", "x", "--quiet");
    assert_int_equal(first.quiet, 0);
}

static void a_line_can_be_parsed_again_after_a_refusal(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--quiet", "-xyz"), -1);
    assert_int_equal(PARSE("--quiet"), 0);
    assert_int_equal(first.quiet, 1);
}

static void help_is_aligned_and_wrapped(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    options_help(groups, out);
    fclose(out);
    assert_string_equal(
        text, "  --seed N              the seed\n"
              "  --quiet               says less\n"
              "  --pair CERT KEY       two words\n"
              "  --list-faults[=json]  one, two, three, four, five, six, seven, eight, nine, ten, "
              "eleven, twelve,\n"
              "                        thirteen, fourteen\n"
              "  --control-with-a-long-name unix:PATH|tcp:ADDRESS:PORT\n"
              "                        where\n"
              "  --help                prints this\n");
    free(text);
}

static void numbers_have_bounds_and_no_sign(void **state)
{
    static const char *const bad[] = {"",   "-1",  "+1", " 1", "1 ",
                                      "1x", "0x1", "4",  "11", "18446744073709551616"};
    uint64_t number = 77;

    (void)state;
    assert_int_equal(options_number("--n", "5", 5, 10, &number, &p), 0);
    assert_int_equal(number, 5);
    assert_int_equal(options_number("--n", "010", 5, 10, &number, &p), 0);
    assert_int_equal(number, 10);
    assert_int_equal(options_number("--n", "18446744073709551615", 0, UINT64_MAX, &number, &p), 0);
    assert_true(number == UINT64_MAX);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        number = 77;
        assert_int_equal(options_number("--n", bad[i], 5, 10, &number, &p), -1);
        assert_int_equal(number, 77);
        assert_non_null(strstr(p.detail, "expected a number from 5 to 10"));
    }
    assert_string_equal(p.detail, "--n \"18446744073709551616\": expected a number from 5 to 10");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_gets_its_value_and_its_group),
        cmocka_unit_test(no_operands_and_what_follows_two_dashes),
        cmocka_unit_test(a_value_may_be_left_out),
        cmocka_unit_test(an_option_may_take_two_words),
        cmocka_unit_test(a_beginning_is_enough_where_it_is_the_only_one),
        cmocka_unit_test(what_is_done_ends_the_parsing),
        cmocka_unit_test(refusals_say_what_is_wrong),
        cmocka_unit_test(a_line_can_be_parsed_again_after_a_refusal),
        cmocka_unit_test(help_is_aligned_and_wrapped),
        cmocka_unit_test(numbers_have_bounds_and_no_sign),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
