/* Serial numbers as people, rules and DER write them. */
#include "harness/base/tests/cm.h"

#include <stdlib.h>
#include <string.h>

#include "responders/ocsp/codec/serial.h"

static void serials_become_hex(void **state)
{
    static const struct {
        const char *value;
        size_t length;
        const char *hex;
    } cases[] = {
        {"\x10\x01", 2, "1001"}, {"\x00", 1, "0"},        {"\x00\x80", 2, "80"},
        {"\x0a", 1, "a"},        {"\xff", 1, "-1"},       {"\x80\x00", 2, "-8000"},
        {"\xfe\xff", 2, "-101"}, {"\xff\x00", 2, "-100"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *hex = serial_to_hex((span){(const uint8_t *)cases[i].value, cases[i].length});
        assert_string_equal(hex, cases[i].hex);
        free(hex);
    }
}

static void hex_is_normalised(void **state)
{
    static const char *const cases[][2] = {
        {"1001", "1001"}, {"0x1001", "1001"}, {"00:0A:Ff", "aff"}, {"0", "0"},
        {"000", "0"},     {"", NULL},         {"0x", NULL},        {"12g4", NULL},
        {"-1", NULL},     {":", NULL},        {"0x10 01", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *hex = serial_normalise(cases[i][0]);
        if (cases[i][1] == NULL) {
            assert_null(hex);
        } else {
            assert_non_null(hex);
            assert_string_equal(hex, cases[i][1]);
        }
        free(hex);
    }
    char *endless = malloc(200);
    memset(endless, '1', 199);
    endless[199] = '\0';
    assert_null(serial_normalise(endless));
    free(endless);
}

static void hex_becomes_a_positive_integer(void **state)
{
    static const struct {
        const char *hex;
        const char *value;
        size_t length;
    } cases[] = {
        {"1001", "\x10\x01", 2},
        {"0", "\x00", 1},
        {"80", "\x00\x80", 2},
        {"a", "\x0a", 1},
        {"7fffffff", "\x7f\xff\xff\xff", 4},
        {"f00", "\x0f\x00", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        octets o = {0};
        serial_from_hex(&o, cases[i].hex);
        assert_int_equal(o.length, cases[i].length);
        assert_memory_equal(o.data, cases[i].value, o.length);
        octets_free(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serials_become_hex),
        cmocka_unit_test(hex_is_normalised),
        cmocka_unit_test(hex_becomes_a_positive_integer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
