/*
 * Handshakes that stop on their way, requests, and servers that do not like them: servers in this
 * process, and a pipe for a leash.
 */
#include "harness/clients/handshake.h"
#include "harness/clients/tests/identities.h"
#include "harness/clients/tests/servers.h"
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static identity root, leaf, own;

/* A server's end of the last connection, and what it does once TLS is there. */
typedef struct {
    SSL_CTX *context;
    void (*respond)(SSL *ssl);
    int version;    /* 0 for either */
    bool demanding; /* wants a certificate */
    char request[512];
    char client[64]; /* the common name in the client's certificate */
} tls_server;

static void serve_tls(int fd, void *arg)
{
    tls_server *tls = arg;
    SSL *ssl = SSL_new(tls->context);
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) {
        X509 *client = SSL_get1_peer_certificate(ssl);
        if (client != NULL) {
            X509_NAME_get_text_by_NID(X509_get_subject_name(client), NID_commonName, tls->client,
                                      sizeof(tls->client));
        }
        X509_free(client);
        int n = SSL_read(ssl, tls->request, sizeof(tls->request) - 1);
        tls->request[n < 0 ? 0 : n] = '\0';
        if (n > 0 && tls->respond != NULL) {
            tls->respond(ssl);
        }
        SSL_shutdown(ssl);
        shutdown(fd, SHUT_WR);
        char rest[512];
        while (read(fd, rest, sizeof(rest)) > 0) {
        }
    }
    ERR_clear_error();
    SSL_free(ssl);
}

/* The test's certificates are of another time. */
static int accept_any(int verified, X509_STORE_CTX *context)
{
    (void)verified;
    (void)context;
    return 1;
}

static void start_tls(server *s, tls_server *tls)
{
    tls->context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(tls->context, leaf.certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(tls->context, leaf.key), 1);
    if (tls->version != 0) {
        SSL_CTX_set_max_proto_version(tls->context, tls->version);
    }
    if (tls->demanding) {
        SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           accept_any);
    }
    s->connections = 1;
    s->serve = serve_tls;
    s->arg = tls;
    start(s);
}

/* The stages of the last handshake, "connected hello "; where it stops, `at_stop` happens. */
static char stages[256];
static stage act_at;
static void (*act)(void);
static int leash[2] = {-1, -1};

static int on_stage(void *arg, stage reached, problem *p)
{
    (void)p;
    assert_ptr_equal(arg, stages);
    strcat(stages, stage_words[reached]);
    strcat(stages, " ");
    if (act != NULL && reached == act_at) {
        act();
    }
    return 0;
}

static void go_on(void)
{
    assert_int_equal(write(leash[1], "\n", 1), 1);
}

static void let_go(void)
{
    close(leash[1]);
    leash[1] = -1;
}

static handshake seen;
static problem last;

/* One handshake with `s`, under these options; 0 or -1 with `last`. */
static int shake(const server *s, handshake_options options)
{
    SSL_CTX *context = NULL;
    last = (problem){0};
    stages[0] = '\0';
    options.host = "127.0.0.1";
    options.port = s->port;
    options.timeout_ms = options.timeout_ms == 0 ? 20000 : options.timeout_ms;
    options.reached = on_stage;
    options.arg = stages;
    options.leashed = true;
    options.leash = leash[0];
    assert_int_equal(handshake_context(&options, &context, &last), 0);
    int rc = handshake_run(context, &options, NULL, &seen, &last);
    SSL_CTX_free(context);
    return rc;
}

static int make_all(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    root = make_identity(&(identity_plan){.name = "Root", .serial = 1});
    leaf = make_identity(&(identity_plan){.name = "www", .serial = 2, .issuer = &root});
    own = make_identity(&(identity_plan){.name = "me", .serial = 3, .issuer = &root});
    return 0;
}

static int free_all(void **state)
{
    (void)state;
    free_identity(&own);
    free_identity(&leaf);
    free_identity(&root);
    return 0;
}

static int make_leash(void **state)
{
    (void)state;
    act = NULL;
    act_at = STAGE_NONE;
    return pipe(leash);
}

static int free_leash(void **state)
{
    (void)state;
    handshake_free(&seen);
    close(leash[0]);
    if (leash[1] != -1) {
        close(leash[1]);
    }
    return 0;
}

static void respond_well(SSL *ssl)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    must(SSL_write(ssl, text, sizeof(text) - 1) > 0);
}

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

static SSL *silent; /* the server's side of a connection that it leaves alone */

static void stay_silent(SSL *ssl)
{
    char octet;
    silent = ssl;
    must(SSL_read(ssl, &octet, 1) <= 0); /* until the client has gone */
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

static void no_response_in_time(void **state)
{
    (void)state;
    tls_server tls = {.respond = stay_silent};
    server s;
    start_tls(&s, &tls);
    assert_int_equal(shake(&s, (handshake_options){.get = "/", .timeout_ms = 300}), 0);
    stop(&s);
    assert_string_equal(seen.get.failure.detail, "the request failed: the time allowed is over");
    SSL_CTX_free(tls.context);
}

static void respond_for_ever(SSL *ssl)
{
    char octets[512];
    memset(octets, 'a', sizeof(octets));
    must(SSL_write(ssl, "HTTP/1.1 200 OK\r\n\r\n", 19) > 0);
    while (SSL_write(ssl, octets, sizeof(octets)) > 0) {
    }
}

static void respond_with_an_endless_head(SSL *ssl)
{
    must(SSL_write(ssl, "HTTP/1.1 200 OK\r\n", 17) > 0);
    while (SSL_write(ssl, "X: y\r\n", 6) > 0) {
    }
}

static void respond_with_half_a_head(SSL *ssl)
{
    must(SSL_write(ssl, "HTTP/1.1 200 OK\r\nContent-Le", 27) > 0);
}

static void respond_with_half_a_body(SSL *ssl)
{
    must(SSL_write(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", 40) > 0);
}

static void respond_with_rubbish(SSL *ssl)
{
    must(SSL_write(ssl, "\0\1\2\3", 4) > 0);
}

static void respond_octet_by_octet(SSL *ssl)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        must(SSL_write(ssl, text + i, 1) == 1);
    }
}

static void hostile_responses(void **state)
{
    (void)state;
    static const struct {
        void (*respond)(SSL *ssl);
        int status;
        const char *failure;
    } cases[] = {
        {NULL, 0, "the request failed: the server closed the connection"},
        {respond_for_ever, 200, "the request failed: the response has more than 65536 octets"},
        {respond_with_an_endless_head, 0,
         "the request failed: the response has more than 65536 octets"},
        {respond_with_half_a_head, 0,
         "the request failed: the response was cut short within its head"},
        {respond_with_half_a_body, 200,
         "the request failed: the response was cut short: 2 of 3 octets of its body came"},
        {respond_with_rubbish, 0, "the request failed: what came is no HTTP/1 response"},
        {respond_octet_by_octet, 200, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tls_server tls = {.respond = cases[i].respond};
        server s;
        start_tls(&s, &tls);
        assert_int_equal(shake(&s, (handshake_options){.get = "/"}), 0);
        stop(&s);
        assert_string_equal(seen.get.failure.detail, cases[i].failure);
        assert_int_equal(seen.get.status, cases[i].status);
        assert_int_equal(seen.get.alert, TLS_NO_ALERT);
        handshake_free(&seen);
        SSL_CTX_free(tls.context);
    }
}

/* Under TLS 1.3 the client has a completed handshake in hand when the server refuses it. */
static void client_certificates(void **state)
{
    (void)state;
    enum { CERTIFICATE_REQUIRED = 116 };
    client_identity mine = {.certificate = own.certificate, .key = own.key};
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        tls_server tls = {.version = version, .demanding = true, .respond = respond_well};
        server s;
        start_tls(&s, &tls);
        assert_int_equal(shake(&s, (handshake_options){.get = "/", .identity = mine}), 0);
        stop(&s);
        assert_string_equal(seen.get.failure.detail, "");
        assert_string_equal(tls.client, "me");
        handshake_free(&seen);
        SSL_CTX_free(tls.context);

        start_tls(&s, &tls);
        int rc = shake(&s, (handshake_options){.get = "/"});
        stop(&s);
        if (version == TLS1_3_VERSION) {
            assert_int_equal(rc, 0);
            assert_int_equal(seen.get.alert, CERTIFICATE_REQUIRED);
            assert_non_null(strstr(seen.get.failure.detail, "alert certificate required"));
            assert_int_equal(seen.get.status, 0);
        } else {
            assert_int_equal(rc, -1);
            assert_non_null(strstr(last.detail, "the handshake failed: "));
        }
        handshake_free(&seen);
        SSL_CTX_free(tls.context);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_leash, free_leash)

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
        TEST(no_response_in_time),
        TEST(hostile_responses),
        TEST(client_certificates),
    };
    return cmocka_run_group_tests_name("half way", tests, make_all, free_all);
}
