/* The octets of an HTTP response, to the last one. */
#include "harness/base/tests/cm.h"

#include <stdio.h>
#include <string.h>

#include "responders/ocsp/codec/http_response.h"

#define NOW 1893456000 /* Tue, 01 Jan 2030 */

static http_response made(const char *body)
{
    http_response h;
    octets o = {0};
    octets_append_text(&o, body);
    http_response_init(&h, &o, NOW);
    assert_null(o.data);
    return h;
}

static void assert_encoded(http_response *h, const char *expected, size_t expected_head)
{
    octets o = {0};
    size_t head = http_response_encode(h, &o);
    octets_append(&o, "", 1);
    assert_string_equal((const char *)o.data, expected);
    assert_int_equal(head, expected_head);
    octets_free(&o);
    http_response_free(h);
}

static void healthy(void **state)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nDate: Tue, 01 Jan 2030 00:00:00 GMT\r\n"
                               "Content-Type: application/ocsp-response\r\nContent-Length: 4\r\n"
                               "Connection: close\r\n\r\nbody";
    (void)state;
    http_response h = made("body");
    assert_encoded(&h, text, sizeof(text) - 1 - 4);
}

static void changed(void **state)
{
    static const char text[] = "HTTP/1.1 503 Service Unavailable\r\n"
                               "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\nContent-Length: 0\r\n"
                               "Connection: keep-alive\r\nX: 1\r\n\r\n";
    (void)state;
    http_response h = made("body");
    assert_string_equal(http_response_get(&h, "content-type"), "application/ocsp-response");
    h.code = 503;
    http_response_drop_body(&h);
    assert_null(http_response_get(&h, "Content-Type"));
    http_response_set(&h, "connection", "keep-alive");
    http_response_set(&h, "X", "1");
    http_response_remove(&h, "Never-There");
    assert_encoded(&h, text, sizeof(text) - 1);
}

static void content_length_follows_the_body(void **state)
{
    static const struct {
        const char *body;
        int64_t off;
        const char *line;
    } cases[] = {
        {"0123456789", 0, "\r\nContent-Length: 10\r\n"},
        {"0123456789", 5, "\r\nContent-Length: 15\r\n"},
        {"0123456789", -4, "\r\nContent-Length: 6\r\n"},
        {"0123456789", -11, "\r\nContent-Length: 0\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        http_response h = made("another");
        octets o = {0};
        http_response_set_body(&h, cases[i].body, strlen(cases[i].body));
        h.length_off = cases[i].off;
        http_response_encode(&h, &o);
        octets_append(&o, "", 1);
        assert_non_null(strstr((const char *)o.data, cases[i].line));
        assert_non_null(strstr((const char *)o.data, "\r\n\r\n0123456789"));
        octets_free(&o);
        http_response_free(&h);
    }
}

static void an_unknown_code_has_no_phrase(void **state)
{
    (void)state;
    http_response h = made("");
    octets o = {0};
    h.code = 499;
    http_response_encode(&h, &o);
    assert_memory_equal(o.data, "HTTP/1.1 499 \r\n", 15);
    octets_free(&o);
    http_response_free(&h);
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
        http_response h = made(cases[i].body);
        octets o = {0};
        h.chunks = cases[i].chunks;
        size_t head = http_response_encode(&h, &o);
        octets_append(&o, "", 1);
        assert_string_equal((const char *)o.data + head, cases[i].expected);
        octets_free(&o);
        http_response_free(&h);
    }
}

static void raw(void **state)
{
    (void)state;
    http_response h = made("body");
    h.raw = true;
    assert_encoded(&h, "body", 0);
}

static void there_is_no_limit_of_headers(void **state)
{
    (void)state;
    http_response h = made("");
    char name[16];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "X-%d", i);
        http_response_set(&h, name, "1");
    }
    assert_int_equal(h.nheaders, 104);
    assert_string_equal(http_response_get(&h, "X-99"), "1");
    http_response_remove(&h, "Date");
    assert_null(http_response_get(&h, "Date"));
    assert_string_equal(h.headers[102].name, "X-99");
    http_response_free(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(healthy),
        cmocka_unit_test(changed),
        cmocka_unit_test(content_length_follows_the_body),
        cmocka_unit_test(an_unknown_code_has_no_phrase),
        cmocka_unit_test(chunks),
        cmocka_unit_test(raw),
        cmocka_unit_test(there_is_no_limit_of_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
