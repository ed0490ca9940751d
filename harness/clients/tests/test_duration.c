/*
 * Times of a command line.
 */
#include "harness/clients/duration.h"
#include "harness/clients/tests/identities.h"

static void how_long(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t milliseconds; /* -1: refused */
    } cases[] = {
        {"500ms", 500}, {"2s", 2000},  {"2", 2000},  {"3m", 180000}, {"24h", 86400000},
        {"0", 0},       {"25h", -1},   {"", -1},     {"s", -1},      {"1d", -1},
        {"-1s", -1},    {"1.5s", -1},  {" 1s", -1},  {"1s ", -1},    {"9999999999ms", -1},
        {"1S", -1},     {"86401", -1}, {"0x10", -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        problem p = {0};
        int64_t found = -1;
        int rc = duration_option("--interval", cases[i].text, 0, &found, &p);
        if (found != cases[i].milliseconds || rc != (found == -1 ? -1 : 0)) {
            fail_msg("'%s': %d", cases[i].text, (int)found);
        }
        assert_int_equal(strstr(p.detail, "--interval '") != NULL, rc == -1);
    }
    problem p;
    int64_t found;
    assert_int_equal(duration_option("--within", "0s", 1, &found, &p), -1);
    assert_non_null(strstr(p.detail, "1ms to 24h is accepted"));
}

static void when(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds; /* -1: refused */
    } cases[] = {
        {"1900000000", NOW},
        {"2030-03-17T17:46:40Z", NOW},
        {"0", 0},
        {"2030-03-17T17:46:40", -1},
        {"2030-03-17", -1},
        {"2030-03-17T17:46:40Zx", -1},
        {"2030-13-17T17:46:40Z", -1},
        {"yesterday", -1},
        {"", -1},
        {"9999999999999", -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        problem p;
        int64_t found = -1;
        int rc = duration_instant("--at", cases[i].text, &found, &p);
        if (found != cases[i].seconds || rc != (found == -1 ? -1 : 0)) {
            fail_msg("'%s': %d", cases[i].text, (int)found);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(how_long), cmocka_unit_test(when)};
    return cmocka_run_group_tests_name("duration", tests, NULL, NULL);
}
