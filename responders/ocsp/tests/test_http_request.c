/* HTTP requests, whole and octet by octet; the wrong ones get the status that fits. */
#include "harness/base/tests/cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responders/ocsp/codec/http_request.h"

#define TEXT(t) t, sizeof(t) - 1

/* Feeds `step` octets at a time, each from memory of exactly that size. */
static http_request_state feed(http_request *r, const char *text, size_t length, size_t step)
{
    http_request_state state = r->state;
    for (size_t at = 0; at < length; at += step) {
        size_t n = length - at < step ? length - at : step;
        uint8_t *piece = malloc(n);
        memcpy(piece, text + at, n);
        state = http_request_feed(r, piece, n);
        free(piece);
    }
    return state;
}

static void a_get_is_read_in_any_pieces(void **state)
{
    static const char text[] =
        "GET /MEUwQ%3D HTTP/1.0\r\nHost: ocsp.test\r\nX:  a b \t\r\n\r\nmore";
    (void)state;
    for (size_t step = 1; step < sizeof(text); step++) {
        http_request r = {0};
        assert_int_equal(feed(&r, TEXT(text), step), HTTP_REQUEST_DONE);
        assert_string_equal(r.method, "GET");
        assert_string_equal(r.path, "/MEUwQ%3D");
        assert_string_equal(r.version, "1.0");
        assert_string_equal(r.host, "ocsp.test");
        assert_int_equal(r.nheaders, 2);
        assert_int_equal(r.body.length, 0);
        http_request_free(&r);
    }
}

static void a_post_is_read_in_any_pieces(void **state)
{
    static const char text[] =
        "POST / HTTP/1.1\r\ncontent-length: 5\r\nHOST:h\r\n\r\n\x30\x03\x00\r\n++";
    (void)state;
    for (size_t step = 1; step < sizeof(text); step++) {
        http_request r = {0};
        assert_int_equal(feed(&r, TEXT(text), step), HTTP_REQUEST_DONE);
        assert_string_equal(r.method, "POST");
        assert_string_equal(r.version, "1.1");
        assert_int_equal(r.body.length, 5);
        assert_memory_equal(r.body.data, "\x30\x03\x00\r\n", 5);
        http_request_free(&r);
    }
}

#define CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n"

static void incomplete_requests_wait(void **state)
{
    static const char *const cases[] = {
        "",
        "GET / HTTP/1.0",
        "GET / HTTP/1.0\r\n",
        "GET / HTTP/1.0\r\nHost: x\r\n\r",
        "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nab",
        "\r\n\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        http_request r = {0};
        assert_int_equal(feed(&r, cases[i], strlen(cases[i]), 7), HTTP_REQUEST_MORE);
        http_request_free(&r);
    }
}

static void lone_line_feeds_and_empty_lines_before_are_accepted(void **state)
{
    (void)state;
    http_request r = {0};
    assert_int_equal(feed(&r, TEXT("\r\n\nGET / HTTP/1.0\nHost: x\n\n"), 3), HTTP_REQUEST_DONE);
    assert_string_equal(r.host, "x");
    http_request_free(&r);
}

static void wrong_requests_are_refused(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        int status;
    } cases[] = {
        {TEXT("GET\r\n\r\n"), 400},
        {TEXT("GET /\r\n\r\n"), 400},
        {TEXT("GET  HTTP/1.0\r\n\r\n"), 400},
        {TEXT(" / HTTP/1.0\r\n\r\n"), 400},
        {TEXT("G(T / HTTP/1.0\r\n\r\n"), 400},
        {TEXT("GET /a b HTTP/1.0\r\n\r\n"), 400},
        {TEXT("GET /\xc3\xa4 HTTP/1.0\r\n\r\n"), 400},
        {TEXT("GET / FTP/1.0\r\n\r\n"), 400},
        {TEXT("GET / HTTP/2.0\r\n\r\n"), 505},
        {TEXT("GET / HTTP/1.10\r\n\r\n"), 505},
        {TEXT("GET / HTTP/1.1\r\n\r\n"), 400},
        {TEXT("GET / HTTP/1.0\r\nno colon\r\n\r\n"), 400},
        {TEXT("GET / HTTP/1.0\r\nA : b\r\n\r\n"), 400},
        {TEXT("GET / HTTP/1.0\r\n folded: b\r\n\r\n"), 400},
        {TEXT("GET / HTTP/1.0\r\n: b\r\n\r\n"), 400},
        {TEXT("GET / HTTP/1.0\r\nA: b\rc\r\n\r\n"), 400},
        {TEXT("GET / HTTP/1.0\r\nA: b\0c\r\n\r\n"), 400},
        {TEXT("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), 400},
        {TEXT("POST / HTTP/1.0\r\nContent-Length: -1\r\n\r\n"), 400},
        {TEXT("POST / HTTP/1.0\r\nContent-Length: \r\n\r\n"), 400},
        {TEXT("POST / HTTP/1.0\r\nContent-Length: 1x\r\n\r\n"), 400},
        {TEXT("POST / HTTP/1.0\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"), 400},
        {TEXT("POST / HTTP/1.0\r\nContent-Length: 65537\r\n\r\n"), 413},
        {TEXT("POST / HTTP/1.0\r\nContent-Length: 99999999999999999999999\r\n\r\n"), 413},
        {TEXT("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
        {TEXT(CHUNKED "Content-Length: 1\r\n\r\n"), 400},
        {TEXT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), 501},
        {TEXT(CHUNKED "Transfer-Encoding: chunked\r\n\r\n"), 501},
        {TEXT(CHUNKED "\r\n\r\n"), 400},
        {TEXT(CHUNKED "\r\nx\r\n"), 400},
        {TEXT(CHUNKED "\r\n-1\r\n"), 400},
        {TEXT(CHUNKED "\r\n;a\r\n"), 400},
        {TEXT(CHUNKED "\r\n1\r\nabc"), 400},
        {TEXT(CHUNKED "\r\n1\r\na\r\r"), 400},
        {TEXT(CHUNKED "\r\n10001\r\n"), 413},
        {TEXT(CHUNKED "\r\nffffffffffffffffffffffff\r\n"), 413},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        http_request r = {0};
        if (feed(&r, cases[i].text, cases[i].length, 1000) != HTTP_REQUEST_BAD ||
            r.wrong.status != cases[i].status) {
            fail_msg("%s: status %d", cases[i].text, r.wrong.status);
        }
        assert_true(r.wrong.detail[0] != '\0');
        http_request_free(&r);
    }
}

static void chunks_are_read_in_any_pieces(void **state)
{
    static const char text[] = CHUNKED "\r\n3\r\nabc\r\n2;a=\"b\"\r\n\r\n\r\n00a \r\n0123456789\n"
                                       "0\r\nTrailer: x\r\n\r\n";

    (void)state;
    for (size_t piece = 1; piece < sizeof(text); piece++) {
        http_request r = {0};

        assert_int_equal(feed(&r, text, sizeof(text) - 1, piece), HTTP_REQUEST_DONE);
        assert_int_equal(r.body.length, 15);
        assert_memory_equal(r.body.data, "abc\r\n0123456789", 15);
        http_request_free(&r);
    }
    for (size_t cut = 1; cut < sizeof(text) - 1; cut++) {
        http_request r = {0};

        assert_int_equal(feed(&r, text, cut, 1000), HTTP_REQUEST_MORE);
        http_request_free(&r);
    }
}

static void chunks_without_end_are_bounded(void **state)
{
    static const char *const lines[] = {"1\r\na\r\n", "1;abcdefghijklmnopqrstuvwxyz\r\na\r\n",
                                        "0\r\n", "0000000000000000000000000000000"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        http_request r = {0};
        size_t fed = 0;

        feed(&r, CHUNKED "\r\n", sizeof(CHUNKED "\r\n") - 1, 1000);
        if (i == 2) {
            feed(&r, "0\r\n", 3, 1000);
        }
        while (http_request_feed(&r, (const uint8_t *)(i == 2 ? "a: b\r\n" : lines[i]),
                                 i == 2 ? 6 : strlen(lines[i])) == HTTP_REQUEST_MORE) {
            assert_true(++fed < 70000);
        }
        assert_int_equal(r.wrong.status, 413);
        http_request_free(&r);
    }
}

static void a_head_without_end_is_bounded(void **state)
{
    (void)state;
    http_request r = {0};
    char line[64];
    memset(line, 'a', sizeof(line));
    size_t fed = 0;
    while (http_request_feed(&r, (const uint8_t *)line, sizeof(line)) == HTTP_REQUEST_MORE) {
        fed += sizeof(line);
        assert_true(fed <= HTTP_REQUEST_HEAD_MAX);
    }
    assert_int_equal(r.wrong.status, 431);
    assert_int_equal(fed, HTTP_REQUEST_HEAD_MAX);
    http_request_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_is_read_in_any_pieces),
        cmocka_unit_test(a_post_is_read_in_any_pieces),
        cmocka_unit_test(incomplete_requests_wait),
        cmocka_unit_test(lone_line_feeds_and_empty_lines_before_are_accepted),
        cmocka_unit_test(wrong_requests_are_refused),
        cmocka_unit_test(chunks_are_read_in_any_pieces),
        cmocka_unit_test(chunks_without_end_are_bounded),
        cmocka_unit_test(a_head_without_end_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
