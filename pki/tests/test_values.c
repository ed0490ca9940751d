/* The small grammars, at their edges. */
#include "pki/tests/scratch.h"

#include "pki/values.h"

static char *repeat(char c, size_t n)
{
    static char text[9000];
    memset(text, c, n);
    text[n] = '\0';
    return text;
}

static void ids_are_file_names(void **state)
{
    (void)state;
    assert_true(values_id_is_valid("www-rsa_2"));
    assert_true(values_id_is_valid("7"));
    assert_true(values_id_is_valid(repeat('a', 64)));
    assert_false(values_id_is_valid(repeat('a', 65)));
    static const char *const bad[] = {"", "-x", "_x", "a/b", "..", "a.chain", "a b", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_false(values_id_is_valid(bad[i]));
    }
}

static void serials_lose_leading_zeros_and_capitals(void **state)
{
    (void)state;
    char out[VALUES_SERIAL_SIZE];
    static const char *const pairs[][2] = {{"1001", "1001"},
                                           {"0a", "a"},
                                           {"FF01", "ff01"},
                                           {"0000000000000000000000000000000000000000001", "1"}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        assert_true(values_serial_normalise(pairs[i][0], out));
        assert_string_equal(out, pairs[i][1]);
    }
}

static void serials_fit_twenty_octets_of_der(void **state)
{
    (void)state;
    char out[VALUES_SERIAL_SIZE];
    assert_true(values_serial_normalise("7fffffffffffffffffffffffffffffffffffffff", out));
    assert_false(values_serial_normalise("8000000000000000000000000000000000000000", out));
    assert_false(values_serial_normalise(repeat('1', 41), out));
    static const char *const bad[] = {"",    "0",  "000", "-1", "+1", " 1", "1 ",
                                      "0x1", "1g", "/",   ":",  "@",  "G",  "`"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_false(values_serial_normalise(bad[i], out));
    }
}

static void times_have_a_sign_a_number_and_a_unit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {{"-1d", -86400},   {"+90d", 7776000},
                {"-3600s", -3600}, {"+2h", 7200},
                {"+5m", 300},      {"-0s", 0},
                {"+007s", 7},      {"+999999999d", INT64_C(86399999913600)}};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        int64_t seconds = 1;
        assert_true(values_time_parse(good[i].text, &seconds));
        assert_true(seconds == good[i].seconds);
    }
    static const char *const bad[] = {"",     "1d",   "+d",    "+1",  "+1w", "+1dd",
                                      "+ 1d", "+-1d", "+1.5d", "-1D", "now", "+1000000000s"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        int64_t seconds;
        assert_false(values_time_parse(bad[i], &seconds));
    }
}

static void dns_names_are_host_names_or_wildcards(void **state)
{
    (void)state;
    static const char *const good[] = {"www.staplelab.test", "localhost",
                                       "*.staplelab.test",   "_443._tcp.x",
                                       "xn--bcher-kva.test", "127.0.0.1"};
    static const char *const bad[] = {"",    ".", "a.", ".a",    "a..b", "-a.b", "a-.b",
                                      "a b", "*", "*.", "a.*.b", "w*.a", "a/b",  "b\xc3\xbc.test"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        assert_true(values_dns_name_is_valid(good[i]));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_false(values_dns_name_is_valid(bad[i]));
    }
    assert_true(values_dns_name_is_valid(repeat('a', 63)));
    assert_false(values_dns_name_is_valid(repeat('a', 64)));

    char *name = repeat('a', 254);
    for (size_t i = 50; i < 254; i += 51) {
        name[i] = '.';
    }
    assert_false(values_dns_name_is_valid(name));
    name[253] = '\0';
    assert_true(values_dns_name_is_valid(name));
}

static void common_names_count_characters_not_octets(void **state)
{
    (void)state;
    char text[200] = "";
    for (int i = 0; i < 64; i++) {
        strcat(text, "\xc3\xa9");
    }
    assert_true(values_common_name_is_valid(text));
    strcat(text, "x");
    assert_false(values_common_name_is_valid(text));
    assert_true(values_common_name_is_valid("Staplelab, Root/CA = 1"));
    assert_false(values_common_name_is_valid(""));
    assert_false(values_common_name_is_valid("a\nb"));
    assert_false(values_common_name_is_valid("a\x7f"));
}

static void urls_may_be_wrong_but_not_beyond_ascii(void **state)
{
    (void)state;
    static const char *const good[] = {"http://a/", "no scheme", "://", "ldap://x,y:z?a#b", "\n"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        assert_true(values_url_is_valid(good[i]));
    }
    assert_false(values_url_is_valid(""));
    assert_false(values_url_is_valid("http://\xc3\xa9/"));
    assert_true(values_url_is_valid(repeat('a', 8192)));
    assert_false(values_url_is_valid(repeat('a', 8193)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_file_names),
        cmocka_unit_test(serials_lose_leading_zeros_and_capitals),
        cmocka_unit_test(serials_fit_twenty_octets_of_der),
        cmocka_unit_test(times_have_a_sign_a_number_and_a_unit),
        cmocka_unit_test(dns_names_are_host_names_or_wildcards),
        cmocka_unit_test(common_names_count_characters_not_octets),
        cmocka_unit_test(urls_may_be_wrong_but_not_beyond_ascii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
