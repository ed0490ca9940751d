/* The octets of an HTTP answer, to the last one. */
#include "harness/base/tests/cm.h"

#include <string.h>

#include "responders/ocsp/codec/http_response.h"

#define NOW 1893456000 /* Tue, 01 Jan 2030 */

static http_answer made(const char *body)
{
    http_answer h;
    octets o = {0};
    octets_append_text(&o, body);
    http_answer_init(&h, &o, NOW);
    assert_null(o.data);
    return h;
}

static void assert_encoded(http_answer *h, const char *expected, size_t expected_head)
{
    octets o = {0};
    size_t head = http_answer_encode(h, &o);
    octets_append(&o, "", 1);
    assert_string_equal((const char *)o.data, expected);
    assert_int_equal(head, expected_head);
    octets_free(&o);
    http_answer_free(h);
}

static void healthy(void **state)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nDate: Tue, 01 Jan 2030 00:00:00 GMT\r\n"
                               "Content-Type: application/ocsp-response\r\nContent-Length: 4\r\n"
                               "Connection: close\r\n\r\nbody";
    (void)state;
    http_answer h = made("body");
    assert_encoded(&h, text, sizeof(text) - 1 - 4);
}

static void changed(void **state)
{
    static const char text[] = "HTTP/1.1 503 Service Unavailable\r\n"
                               "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\nContent-Length: 0\r\n"
                               "Connection: keep-alive\r\nX: 1\r\n\r\n";
    (void)state;
    http_answer h = made("body");
    http_answer_set_plain(&h, 503);
    http_answer_set_header(&h, "connection", "keep-alive");
    http_answer_set_header(&h, "X", "1");
    http_answer_remove_header(&h, "Never-There");
    assert_encoded(&h, text, sizeof(text) - 1);
}

static void an_unknown_code_has_no_phrase(void **state)
{
    (void)state;
    http_answer h = made("");
    octets o = {0};
    h.code = 499;
    http_answer_encode(&h, &o);
    assert_memory_equal(o.data, "HTTP/1.1 499 \r\n", 15);
    octets_free(&o);
    http_answer_free(&h);
}

static void chunks(void **state)
{
    static const struct {
        size_t chunks;
        const char *body, *expected;
    } cases[] = {
        {1, "0123456789abcdefgh", "12\r\n0123456789abcdefgh\r\n0\r\n\r\n"},
        {4, "abcdefghij", "3\r\nabc\r\n3\r\ndef\r\n3\r\nghi\r\n1\r\nj\r\n0\r\n\r\n"},
        {9, "ab", "1\r\na\r\n1\r\nb\r\n0\r\n\r\n"},
        {3, "", "0\r\n\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        http_answer h = made(cases[i].body);
        octets o = {0};
        h.chunks = cases[i].chunks;
        size_t head = http_answer_encode(&h, &o);
        octets_append(&o, "", 1);
        assert_string_equal((const char *)o.data + head, cases[i].expected);
        octets_free(&o);
        http_answer_free(&h);
    }
}

static void raw(void **state)
{
    (void)state;
    http_answer h = made("body");
    h.raw = true;
    assert_encoded(&h, "body", 0);
}

static void too_many_headers_are_not_written(void **state)
{
    static const char *const names[] = {"A", "B", "C", "D", "E", "F", "G", "H", "I",
                                        "J", "K", "L", "M", "N", "O", "P", "Q"};
    (void)state;
    http_answer h = made("");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        http_answer_set_header(&h, names[i], "1");
    }
    assert_int_equal(h.nheaders, HTTP_ANSWER_HEADERS_MAX);
    http_answer_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(healthy),
        cmocka_unit_test(changed),
        cmocka_unit_test(an_unknown_code_has_no_phrase),
        cmocka_unit_test(chunks),
        cmocka_unit_test(raw),
        cmocka_unit_test(too_many_headers_are_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
