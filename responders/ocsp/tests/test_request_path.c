/* OCSPRequests in the paths of GETs. */
#include "harness/base/tests/cm.h"

#include "responders/ocsp/codec/request_path.h"

/* Base64 with "/" and "+" in it, to be found in paths of every kind. */
static void paths_are_read(void **state)
{
    static const uint8_t der[] = {0x30, 0x07, 0x04, 0x05, 0xff, 0xff, 0xfe, 0xfb, 0xef};
    static const struct {
        const char *path;
        long prefix;
    } cases[] = {
        {"/MAcEBf///vvv", 1},
        {"/MAcEBf%2F%2F%2Fvvv", 1},
        {"/MAcEBf%2f%2f%2fvvv", 1},
        {"/ocsp/MAcEBf///vvv", 6},
        {"/a?b=c/MAcEBf%2F%2F%2Fvvv", 7},
        {"//MAcEBf%2F%2F%2Fvvv", 2},
        {"/M/MAcEBf%2F%2F%2Fvvv", 3},
        {"/%4dAcEBf%2F%2F%2Fvvv", 1},
        {"http://host/MAcEBf%2F%2F%2Fvvv", 12},
        {"/", -1},
        {"/ocsp", -1},
        {"", -1},
        {"MAcEBf///vvv", -1},
        {"/MAcEBf%2F%2F%2Fvv", -1},
        {"/MAcEBf%2F%2F%2Fvvv=", -1},
        {"/MAcEBf%2F%2F%2Fvvv%", -1},
        {"/MAcEBf%2F%2F%2Fvvv%3", -1},
        {"/MAcEBf%2F%2F%2Fvvv%00", -1},
        {"/MAcEBf%2F%2F%2Fvvv/", -1},
        {"/MAcEBf%2F%2F%2Fvvv?", -1},
        {"/MAcEBf%2F%2F%2F", -1},
        {"/MAAA", -1}, /* an octet behind the SEQUENCE */
        {"/x/MAAA/MAcEBf%2F%2F%2Fvvv", 8},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        octets o = {0};
        size_t length = 0;
        long prefix = request_path_decode(cases[i].path, &o, &length) ? (long)length : -1;
        if (prefix != cases[i].prefix) {
            fail_msg("%s: prefix %ld, not %ld", cases[i].path, prefix, cases[i].prefix);
        }
        assert_int_equal(o.length, prefix < 0 ? 0 : sizeof(der));
        if (prefix >= 0) {
            assert_memory_equal(o.data, der, sizeof(der));
        }
        octets_free(&o);
    }
}

static void padding_is_needed_and_checked(void **state)
{
    static const struct {
        const char *path;
        bool good;
    } cases[] = {
        {"/MAA=", true}, {"/MAA%3D", true},   {"/MAA", false},     {"/MAA==", false},
        {"/MAEF", true}, {"/MAIFAA==", true}, {"/MAIFAA=", false}, {"/MA=A", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        octets o = {0};
        size_t prefix;
        if (request_path_decode(cases[i].path, &o, &prefix) != cases[i].good) {
            fail_msg("%s", cases[i].path);
        }
        octets_free(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_read),
        cmocka_unit_test(padding_is_needed_and_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
