/*
 * Handshakes and requests that stop on their way: servers in this process, and a pipe for a leash.
 */
#include "harness/clients/tests/shaking.h"
#include <poll.h>

static void every_stage(void **state)
{
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        tls_server tls = {.respond = respond_well, .version = version};
        server s;
        start_tls(&s, &tls);
        assert_int_equal(shake(&s, (handshake_options){.get = "/a", .servername = "b.test"}), 0);
        stop(&s);
        assert_string_equal(stages, "connected hello handshake request response ");
        assert_string_equal(seen.get.failure.detail, "");
        assert_int_equal(seen.get.status, 200);
        assert_int_equal(seen.get.body_length, 2);
        assert_memory_equal(seen.get.body, "ok", 2);
        char request[128];
        snprintf(request, sizeof(request),
                 "GET /a HTTP/1.1\r\nHost: b.test:%s\r\nConnection: close\r\n\r\n", s.port);
        assert_string_equal(tls.request, request);
        handshake_free(&seen);
        SSL_CTX_free(tls.context);
    }
}

/* It stops where it was told to, goes on by a line, and the handshake is a whole one. */
static void stops(void **state)
{
    (void)state;
    static const char *const expected[] = {
        [STAGE_CONNECTED] = "connected hello handshake ",
        [STAGE_HALF_HELLO] = "connected half-hello hello handshake ",
        [STAGE_HELLO] = "connected hello handshake ",
        [STAGE_HANDSHAKE] = "connected hello handshake ",
    };
    for (stage at = STAGE_CONNECTED; at <= STAGE_LAST_STOP; at++) {
        tls_server tls = {0};
        server s;
        start_tls(&s, &tls);
        act_at = at;
        act = go_on;
        assert_int_equal(shake(&s, (handshake_options){.stop_at = at}), 0);
        stop(&s);
        assert_string_equal(stages, expected[at]);
        assert_false(seen.get.wanted);
        handshake_free(&seen);
        SSL_CTX_free(tls.context);
    }
}

/* What has come of the ClientHello by the time the client has stopped. */
static size_t arrived;

static void serve_what_arrives(int fd, void *arg)
{
    (void)arg;
    char hello[4096];
    struct pollfd closed = {.fd = fd, .events = POLLRDHUP};
    must(poll(&closed, 1, 20000) == 1);
    ssize_t n = recv(fd, hello, sizeof(hello), 0);
    must(n >= 0);
    arrived = (size_t)n;
}

static void let_go_on_the_way(void **state)
{
    (void)state;
    size_t octets[STAGE_LAST_STOP + 1];
    for (stage at = STAGE_CONNECTED; at <= STAGE_HELLO; at++) {
        server s = {.connections = 1, .serve = serve_what_arrives};
        start(&s);
        act_at = at;
        act = let_go;
        assert_int_equal(shake(&s, (handshake_options){.stop_at = at, .get = "/"}), -1);
        stop(&s);
        assert_string_equal(last.detail, "the handshake failed: standard input has ended");
        assert_false(seen.get.wanted);
        octets[at] = arrived;
        handshake_free(&seen);
        close(leash[0]);
        assert_int_equal(pipe(leash), 0);
    }
    assert_int_equal(octets[STAGE_CONNECTED], 0);
    assert_true(octets[STAGE_HALF_HELLO] > 50);
    assert_true(octets[STAGE_HELLO] - octets[STAGE_HALF_HELLO] - octets[STAGE_HALF_HELLO] <= 1);
}

static void let_go_while_open(void **state)
{
    (void)state;
    tls_server tls = {0};
    server s;
    start_tls(&s, &tls);
    act_at = STAGE_HANDSHAKE;
    act = let_go;
    assert_int_equal(shake(&s, (handshake_options){.stop_at = STAGE_HANDSHAKE, .get = "/"}), 0);
    stop(&s);
    assert_string_equal(seen.get.failure.detail, "no request was sent: standard input has ended");
    assert_false(seen.get.sent);
    assert_string_equal(tls.request, "");
    SSL_CTX_free(tls.context);
}

static void serve_end(int fd, void *arg)
{
    (void)fd;
    (void)arg;
}

static void the_server_does_not_wait(void **state)
{
    (void)state;
    server s = {.connections = 1, .serve = serve_end};
    start(&s);
    assert_int_equal(shake(&s, (handshake_options){.stop_at = STAGE_CONNECTED}), -1);
    stop(&s);
    assert_string_equal(stages, "connected closed ");
    assert_string_equal(last.detail, "the handshake failed: the server closed the connection");
}

static void ask_and_let_go(void)
{
    go_on();
    let_go();
}

/* A line while there is nothing to read is responded to; the end of the leash ends it. */
static void asked_while_it_waits(void **state)
{
    (void)state;
    tls_server tls = {.respond = stay_silent};
    server s;
    start_tls(&s, &tls);
    act_at = STAGE_REQUEST;
    act = ask_and_let_go;
    assert_int_equal(shake(&s, (handshake_options){.get = "/"}), 0);
    stop(&s);
    assert_string_equal(stages, "connected hello handshake request waiting ");
    assert_string_equal(seen.get.failure.detail, "the request failed: standard input has ended");
    SSL_CTX_free(tls.context);
}

static void let_go_while_it_waits(void **state)
{
    (void)state;
    tls_server tls = {.respond = stay_silent};
    server s;
    start_tls(&s, &tls);
    act_at = STAGE_REQUEST;
    act = let_go;
    assert_int_equal(shake(&s, (handshake_options){.get = "/"}), 0);
    stop(&s);
    assert_string_equal(stages, "connected hello handshake request ");
    assert_string_equal(seen.get.failure.detail, "the request failed: standard input has ended");
    SSL_CTX_free(tls.context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_stage),
        TEST(stops),
        TEST(let_go_on_the_way),
        TEST(let_go_while_open),
        TEST(the_server_does_not_wait),
        TEST(asked_while_it_waits),
        TEST(let_go_while_it_waits),
    };
    return cmocka_run_group_tests_name("half way", tests, make_all, free_all);
}
