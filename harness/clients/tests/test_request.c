/*
 * Requests to servers that do not like them, and to servers that ask for a certificate.
 */
#include "harness/clients/tests/shaking.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_response_in_time),
        TEST(hostile_responses),
        TEST(client_certificates),
    };
    return cmocka_run_group_tests_name("request", tests, make_all, free_all);
}
