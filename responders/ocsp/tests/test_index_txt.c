/* OpenSSL's index.txt is read whole, or refused with a line that says where and what is accepted.
 */
#include "harness/base/tests/cm.h"

#include <stdio.h>
#include <string.h>

#include "responders/ocsp/index_txt.h"

static int read_text(const char *text, index_txt *out, problem *p)
{
    return index_txt_read("index.txt", (span){(const uint8_t *)text, strlen(text)}, out, p);
}

static void assert_entry(const index_txt *index, size_t i, const char *serial,
                         ocsp_standing standing)
{
    assert_string_equal(index->all[i].serial, serial);
    assert_int_equal(index->all[i].standing.status, standing.status);
    assert_int_equal(index->all[i].standing.reason, standing.reason);
    assert_int_equal(index->all[i].standing.revocation_time, standing.revocation_time);
}

static void lines_of_all_kinds_are_read(void **state)
{
    (void)state;
    index_txt index;
    problem p;
    assert_int_equal(
        read_text("# a comment\n"
                  "V\t301231235959Z\t\t1000\tunknown\t/CN=a\n"
                  "\n"
                  "R\t20501231235959Z\t300101000000Z,keyCompromise\t0A\tunknown\t/CN=b\r\n"
                  "R\t301231235959Z\t991231235959Z\t0B\tunknown\t/CN=c\n"
                  "R\t301231235959Z\t300101000000Z,CAkeyTime,20291231000000Z\t0C\tunknown\t/\n"
                  "E\t191231235959Z\t\t00ff\ta\\\tb\t/CN=without a line break",
                  &index, &p),
        0);
    assert_int_equal(index.count, 5);
    assert_entry(&index, 0, "1000", (ocsp_standing){OCSP_GOOD, OCSP_NO_REASON, 0});
    assert_entry(&index, 1, "a", (ocsp_standing){OCSP_REVOKED, 1, 1893456000});
    assert_entry(&index, 2, "b", (ocsp_standing){OCSP_REVOKED, OCSP_NO_REASON, 946684799});
    assert_entry(&index, 3, "c", (ocsp_standing){OCSP_REVOKED, 2, 1893456000});
    assert_entry(&index, 4, "ff", (ocsp_standing){OCSP_GOOD, OCSP_NO_REASON, 0});
    index_txt_free(&index);
    assert_int_equal(read_text("", &index, &p), 0);
    assert_int_equal(index.count, 0);
}

static void every_reason_has_its_number(void **state)
{
    static const struct {
        const char *word;
        int reason;
    } cases[] = {
        {"unspecified", 0},           {"KEYCOMPROMISE", 1}, {"CACompromise", 2},
        {"affiliationChanged", 3},    {"superseded", 4},    {"cessationOfOperation", 5},
        {"certificateHold", 6},       {"removeFromCRL", 8}, {"keyTime,20300101000000Z", 1},
        {"holdInstruction,1.2.3", 6},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[128];
        index_txt index;
        problem p;
        snprintf(text, sizeof(text), "R\t301231235959Z\t300101000000Z,%s\t01\tunknown\t/CN=a\n",
                 cases[i].word);
        assert_int_equal(read_text(text, &index, &p), 0);
        assert_int_equal(index.all[0].standing.reason, cases[i].reason);
        index_txt_free(&index);
    }
}

static void what_is_wrong_is_named(void **state)
{
    static const char *const cases[][2] = {
        {"V\t301231235959Z\t\t01\tunknown\t/CN=a\nno line\n", "index.txt: line 2: 1 fields"},
        {"V\t301231235959Z\t\t01\tunknown\t/CN=a\tmore\n", "line 1: 7 fields"},
        {"X\t301231235959Z\t\t01\tunknown\t/CN=a\n", "begins with \"X\""},
        {"\t301231235959Z\t\t01\tunknown\t/CN=a\n", "begins with \"\""},
        {"VR\t301231235959Z\t\t01\tunknown\t/CN=a\n", "begins with \"VR\""},
        {"V\t\t\t01\tunknown\t/CN=a\n", "\"\" is not a time"},
        {"V\t301331235959Z\t\t01\tunknown\t/CN=a\n", "\"301331235959Z\" is not a time"},
        {"V\t301231235959\t\t01\tunknown\t/CN=a\n", "is not a time"},
        {"V\t3012312359590\t\t01\tunknown\t/CN=a\n", "is not a time"},
        {"V\t301231235959Z\t300101000000Z\t01\tunknown\t/CN=a\n", "not revoked (V)"},
        {"E\t301231235959Z\t300101000000Z\t01\tunknown\t/CN=a\n", "not revoked (E)"},
        {"R\t301231235959Z\t\t01\tunknown\t/CN=a\n", "\"\" is not the time of a revocation"},
        {"R\t301231235959Z\tsoon,keyCompromise\t01\tunknown\t/CN=a\n", "\"soon\""},
        {"R\t301231235959Z\t300101000000Z,\t01\tunknown\t/CN=a\n", "\"\" is not a reason"},
        {"R\t301231235959Z\t300101000000Z,stolen\t01\tunknown\t/CN=a\n", "\"stolen\""},
        {"V\t301231235959Z\t\t\tunknown\t/CN=a\n", "\"\" is not a serial number"},
        {"V\t301231235959Z\t\t0x1g\tunknown\t/CN=a\n", "\"0x1g\" is not a serial number"},
        {"V\t301231235959Z\t\t0F\tunknown\t/CN=a\nV\t301231235959Z\t\tf\tunknown\t/CN=a\n",
         "line 2: the serial number f stands in line 1 already"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        index_txt index;
        problem p = {0};
        assert_int_equal(read_text(cases[i][0], &index, &p), -1);
        if (strstr(p.detail, cases[i][1]) == NULL) {
            fail_msg("\"%s\" does not name %s", p.detail, cases[i][1]);
        }
        index_txt_free(&index);
    }
    index_txt index;
    problem p = {0};
    assert_int_equal(index_txt_read("index.txt", (span){(const uint8_t *)"V\t\0\n", 4}, &index, &p),
                     -1);
    assert_non_null(strstr(p.detail, "NUL"));
    index_txt_free(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_all_kinds_are_read),
        cmocka_unit_test(every_reason_has_its_number),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
