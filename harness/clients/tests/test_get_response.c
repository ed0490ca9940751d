/*
 * Responses of every kind, whole and in pieces.
 */
#include "harness/clients/get_response.h"
#include "harness/clients/tests/identities.h"
#include <string.h>

static problem wrong;

static span of(const char *text)
{
    return (span){(const uint8_t *)text, strlen(text)};
}

static int read_text(const char *text, bool ended, get_response *out)
{
    wrong = (problem){0};
    return get_response_read(of(text), ended, out, &wrong);
}

#define OK "HTTP/1.1 200 OK\r\n"

static void whole_ones(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ended;
        int status;
        const char *body;
        bool coded;
    } cases[] = {
        {OK "Content-Length: 2\r\n\r\nab", false, 200, "ab", false},
        {OK "content-LENGTH:\t 2 \r\nX: y\r\n\r\nab and more", false, 200, "ab", false},
        {OK "Content-Length: 0\r\n\r\n", false, 200, "", false},
        {OK "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", false, 200, "a", false},
        {OK "X-Content-Length: 9\r\n\r\nto the end", true, 200, "to the end", false},
        {OK "\r\n", true, 200, "", false},
        {OK "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true, 200, "0\r\n\r\n", true},
        {OK "Transfer-Encoding: x\r\nContent-Length: 1\r\n\r\nabc", true, 200, "abc", true},
        {"HTTP/1.0 204\r\n\r\n", false, 204, "", false},
        {"HTTP/1.1 204 \r\nContent-Length: 5\r\n\r\nab", false, 204, "", false},
        {"HTTP/1.1 304 Not Modified\r\n\r\n", false, 304, "", false},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nContent-Length: 7\r\n\r\n" OK
         "Content-Length: 1\r\n\r\na",
         false, 200, "a", false},
        {"HTTP/1.9 999 ?\r\nContent-Length: 1\r\n\r\na", false, 999, "a", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        get_response seen;
        if (read_text(cases[i].text, cases[i].ended, &seen) != 1) {
            fail_msg("%s: %s", cases[i].text, wrong.detail);
        }
        assert_int_equal(seen.status, cases[i].status);
        assert_int_equal(seen.coded, cases[i].coded);
        assert_int_equal(seen.body.length, strlen(cases[i].body));
        assert_memory_equal(seen.body.data, cases[i].body, seen.body.length);
    }
}

/* Each beginning of a response wants more, and none of them is taken for something else. */
static void every_beginning(void **state)
{
    (void)state;
    static const char text[] = "HTTP/1.1 100 C\r\n\r\n" OK "Content-Length: 2\r\n\r\nab";
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        get_response seen;
        assert_int_equal(get_response_read((span){(const uint8_t *)text, i}, false, &seen, &wrong),
                         0);
        assert_int_equal(get_response_read((span){(const uint8_t *)text, i}, true, &seen, &wrong),
                         -1);
    }
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ended;
        int status;
        const char *why;
    } cases[] = {
        {"", true, 0, "the server closed the connection"},
        {"HTTP/1.1 2", true, 0, "the response was cut short within its head"},
        {OK "A: b\r\n", true, 0, "the response was cut short within its head"},
        {OK "Content-Length: 3\r\n\r\nab", true, 200,
         "the response was cut short: 2 of 3 octets of its body came"},
        {"SSH-2.0", false, 0, "what came is no HTTP/1 response"},
        {"H2", false, 0, "what came is no HTTP/1 response"},
        {"HTTP/2 200\r\n\r\n", false, 0, "what came is no HTTP/1 response"},
        {"HTTP/1.1 2000\r\n\r\n", false, 0, "what came is no HTTP/1 response"},
        {"HTTP/1.1 099 x\r\n\r\n", false, 0, "what came is no HTTP/1 response"},
        {"HTTP/1.1 20\r\n\r\n", false, 0, "what came is no HTTP/1 response"},
        {"HTTP/1.1  200 OK\r\n\r\n", false, 0, "what came is no HTTP/1 response"},
        {"HTTP/1.1 100 C\r\n\r\nrubbish", false, 0, "what came is no HTTP/1 response"},
        {OK "Content-Length: 1x\r\n\r\na", false, 200, "Content-Length"},
        {"HTTP/1.1 152 ?\r\nContent-Length: \r\n\r\n", false, 0, "Content-Length"},
        {OK "Content-Length: -1\r\n\r\na", false, 200, "Content-Length"},
        {OK "Content-Length:\r\n\r\na", false, 200, "Content-Length"},
        {OK "Content-Length: 1000000000\r\n\r\na", false, 200, "Content-Length"},
        {OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\na", false, 200, "Content-Length"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        get_response seen;
        if (read_text(cases[i].text, cases[i].ended, &seen) != -1 ||
            strstr(wrong.detail, cases[i].why) == NULL) {
            fail_msg("%s: %s", cases[i].text, wrong.detail);
        }
        assert_int_equal(seen.status, cases[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_ones),
        cmocka_unit_test(every_beginning),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests_name("get_response", tests, NULL, NULL);
}
