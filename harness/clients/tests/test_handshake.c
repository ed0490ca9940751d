/*
 * The observer against servers in this process: libssl in a thread, and plain sockets for what
 * no TLS library would send.
 */
#include "harness/clients/handshake.h"
#include "harness/clients/tests/identities.h"
#include "harness/clients/tests/servers.h"
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static identity root, leaf;
static const unsigned char STAPLE[] = "any octets at all \0\1\2";

/* What a TLS server does, and what it saw of its last client. */
typedef struct {
    SSL_CTX *context;
    char servername[64];
    bool status_asked;
    bool resumed;
    bool talkative; /* never stops to send */
} tls_server;

static int on_status(SSL *ssl, void *arg)
{
    tls_server *tls = arg;
    tls->status_asked = true;
    unsigned char *copy = OPENSSL_memdup(STAPLE, sizeof(STAPLE));
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, sizeof(STAPLE));
    return SSL_TLSEXT_ERR_OK;
}

static void serve_tls(int fd, void *arg)
{
    tls_server *tls = arg;
    SSL *ssl = SSL_new(tls->context);
    SSL_set_fd(ssl, fd);
    tls->status_asked = false;
    tls->servername[0] = '\0';
    char octets[512] = "";
    if (SSL_accept(ssl) == 1) {
        const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        snprintf(tls->servername, sizeof(tls->servername), "%s", name == NULL ? "" : name);
        tls->resumed = SSL_session_reused(ssl) == 1;
        while (tls->talkative && SSL_write(ssl, octets, sizeof(octets)) > 0) {
        }
        while (SSL_read(ssl, octets, sizeof(octets)) > 0) {
        }
        SSL_shutdown(ssl);
    }
    ERR_clear_error();
    SSL_free(ssl);
}

static void start_tls(server *s, tls_server *tls)
{
    tls->context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(tls->context, leaf.certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(tls->context, leaf.key), 1);
    X509_up_ref(root.certificate);
    SSL_CTX_add_extra_chain_cert(tls->context, root.certificate);
    SSL_CTX_set_session_id_context(tls->context, (const unsigned char *)"t", 1);
    SSL_CTX_set_tlsext_status_cb(tls->context, on_status);
    SSL_CTX_set_tlsext_status_arg(tls->context, tls);
    s->serve = serve_tls;
    s->arg = tls;
    start(s);
}

static handshake_options options_for(const server *s)
{
    return (handshake_options){
        .host = "127.0.0.1", .port = s->port, .status = true, .timeout_ms = 20000};
}

static SSL_CTX *context_for(const handshake_options *options)
{
    problem p = {0};
    SSL_CTX *context = NULL;
    assert_int_equal(handshake_context(options, &context, &p), 0);
    assert_non_null(context);
    return context;
}

static problem last; /* of the last handshake; empty when it was completed */

static void shake(SSL_CTX *context, const handshake_options *options, SSL_SESSION *resume,
                  handshake *out)
{
    last = (problem){0};
    int rc = handshake_run(context, options, resume, out, &last);
    assert_int_equal(rc, last.detail[0] == '\0' ? 0 : -1);
}

static int make_all(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    root = make_identity(&(identity_plan){.name = "Root", .serial = 1});
    leaf = make_identity(&(identity_plan){.name = "www", .serial = 2, .issuer = &root});
    return 0;
}

static int free_all(void **state)
{
    (void)state;
    free_identity(&leaf);
    free_identity(&root);
    return 0;
}

static void full_and_resumed(int version, const char *protocol)
{
    tls_server tls = {0};
    server s = {.connections = 3};
    start_tls(&s, &tls);
    handshake_options options = options_for(&s);
    options.version = version;
    options.servername = "www.staplelab.test";
    SSL_CTX *context = context_for(&options);

    handshake full, resumed, unasked;
    shake(context, &options, NULL, &full);
    assert_string_equal(last.detail, "");
    assert_string_equal(full.protocol, protocol);
    assert_false(full.resumed);
    assert_true(full.stapled);
    assert_int_equal(full.staple_length, sizeof(STAPLE));
    assert_memory_equal(full.staple, STAPLE, sizeof(STAPLE));
    assert_int_equal(X509_cmp(full.leaf, leaf.certificate), 0);
    assert_int_equal(sk_X509_num(full.chain), 2);
    assert_int_equal(X509_cmp(sk_X509_value(full.chain, 0), leaf.certificate), 0);
    assert_int_equal(X509_cmp(sk_X509_value(full.chain, 1), root.certificate), 0);
    assert_non_null(full.session);

    shake(context, &options, full.session, &resumed);
    assert_string_equal(last.detail, "");
    assert_true(resumed.resumed);
    assert_false(resumed.stapled);
    assert_null(resumed.staple);
    assert_int_equal(X509_cmp(resumed.leaf, leaf.certificate), 0);
    assert_int_equal(sk_X509_num(resumed.chain), 0);
    handshake_free(&resumed);
    handshake_free(&full);

    options.status = false;
    options.servername = NULL;
    shake(context, &options, NULL, &unasked);
    stop(&s);
    assert_string_equal(last.detail, "");
    assert_false(unasked.resumed);
    assert_false(unasked.stapled);
    assert_false(tls.status_asked);
    assert_string_equal(tls.servername, "");
    handshake_free(&unasked);
    SSL_CTX_free(context);
    SSL_CTX_free(tls.context);
}

static void tls12(void **state)
{
    (void)state;
    full_and_resumed(TLS1_2_VERSION, "TLSv1.2");
}

static void tls13(void **state)
{
    (void)state;
    full_and_resumed(TLS1_3_VERSION, "TLSv1.3");
}

static void what_the_server_sees(void **state)
{
    (void)state;
    tls_server tls = {0};
    server s = {.connections = 1};
    start_tls(&s, &tls);
    handshake_options options = options_for(&s);
    options.servername = "a.staplelab.test";
    SSL_CTX *context = context_for(&options);
    handshake seen;
    shake(context, &options, NULL, &seen);
    stop(&s);
    assert_true(tls.status_asked);
    assert_string_equal(tls.servername, "a.staplelab.test");
    handshake_free(&seen);
    SSL_CTX_free(context);
    SSL_CTX_free(tls.context);
}

/* A server that has no ticket to give, and one that never stops to talk: both end in time. */
static void servers_that_give_no_session(void **state)
{
    (void)state;
    tls_server tls = {0};
    server s = {.connections = 1};
    start_tls(&s, &tls);
    SSL_CTX_set_num_tickets(tls.context, 0);
    handshake_options options = options_for(&s);
    SSL_CTX *context = context_for(&options);
    handshake seen;
    shake(context, &options, NULL, &seen);
    stop(&s);
    assert_string_equal(last.detail, "");
    assert_true(seen.stapled);
    assert_null(seen.session);
    handshake_free(&seen);
    SSL_CTX_free(tls.context);

    tls = (tls_server){.talkative = true};
    s = (server){.connections = 1};
    start_tls(&s, &tls);
    options.port = s.port;
    options.timeout_ms = 3600 * 1000; /* not the bound is to end this */
    shake(context, &options, NULL, &seen);
    stop(&s);
    assert_string_equal(last.detail, "");
    assert_true(seen.stapled);
    handshake_free(&seen);
    SSL_CTX_free(tls.context);
    SSL_CTX_free(context);
}

static void expect_failure(const handshake_options *options, const char *error)
{
    SSL_CTX *context = context_for(options);
    handshake seen;
    shake(context, options, NULL, &seen);
    assert_string_equal(last.detail, error);
    assert_false(seen.stapled);
    assert_null(seen.session);
    handshake_free(&seen);
    SSL_CTX_free(context);
}

static void nobody_listens(void **state)
{
    (void)state;
    server s = {0};
    open_listener(&s);
    close(s.listener);
    handshake_options options = options_for(&s);
    expect_failure(&options, "no connection: Connection refused");
    options.host = "no such name";
    SSL_CTX *context = context_for(&options);
    handshake seen;
    shake(context, &options, NULL, &seen);
    assert_non_null(strstr(last.detail, "the host name cannot be resolved: "));
    handshake_free(&seen);
    SSL_CTX_free(context);
}

/* The kernel accepts, and nobody responds: only the bound ends this. */
static void silence(void **state)
{
    (void)state;
    server s = {0};
    open_listener(&s);
    handshake_options options = options_for(&s);
    options.timeout_ms = 30;
    expect_failure(&options, "the handshake failed: the time allowed is over");
    assert_int_equal(last.status, 408);
    close(s.listener);
}

static void serve_hello_and_close(int fd, void *arg)
{
    (void)arg;
    unsigned char hello[4096];
    must(read(fd, hello, sizeof(hello)) > 0);
}

static void serve_alert(int fd, void *arg)
{
    unsigned char hello[4096];
    must(read(fd, hello, sizeof(hello)) > 0);
    /* fatal, unrecognized_name */
    must(write(fd, "\x15\x03\x03\0\2\2\x70", 7) == 7);
    (void)arg;
}

static void serve_http(int fd, void *arg)
{
    unsigned char hello[4096];
    must(read(fd, hello, sizeof(hello)) > 0);
    must(write(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28) == 28);
    (void)arg;
}

static void broken_handshakes(void **state)
{
    (void)state;
    const struct {
        void (*serve)(int fd, void *arg);
        const char *error;
    } cases[] = {
        {serve_hello_and_close, "the handshake failed: the server closed the connection"},
        {serve_alert, "the handshake failed: tlsv1 unrecognized name"},
        {serve_http, "the handshake failed: wrong version number"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        server s = {.connections = 1, .serve = cases[i].serve};
        start(&s);
        handshake_options options = options_for(&s);
        expect_failure(&options, cases[i].error);
        stop(&s);
    }
}

/* Writes a handshake message in a record of its own. */
static void write_message(int fd, unsigned char type, const unsigned char *body, size_t length)
{
    unsigned char out[2048] = {0x16,
                               3,
                               3,
                               (unsigned char)((length + 4) >> 8),
                               (unsigned char)(length + 4),
                               type,
                               0,
                               (unsigned char)(length >> 8),
                               (unsigned char)length};
    memcpy(out + 9, body, length);
    must(write(fd, out, length + 9) == (ssize_t)length + 9);
}

/* TLS 1.2 as far as an empty CertificateStatus, which comes before anything secret. */
static void serve_empty_status(int fd, void *arg)
{
    (void)arg;
    unsigned char body[1024] = {3, 3};
    must(read(fd, body + 512, 512) > 0);

    /* ECDHE-ECDSA-AES128-GCM-SHA256, and an empty status_request */
    static const unsigned char hello[] = {0, 0xc0, 0x2b, 0, 0, 4, 0, 5, 0, 0};
    memset(body + 2, 7, 32);
    memcpy(body + 34, hello, sizeof(hello));
    write_message(fd, 2, body, 34 + sizeof(hello));

    unsigned char *at = body + 6;
    int size = i2d_X509(leaf.certificate, &at);
    must(size > 0 && size < 1000);
    const unsigned char lengths[] = {0, (unsigned char)((size + 3) >> 8), (unsigned char)(size + 3),
                                     0, (unsigned char)(size >> 8),       (unsigned char)size};
    memcpy(body, lengths, sizeof(lengths));
    write_message(fd, 11, body, (size_t)size + 6);

    write_message(fd, 22, (const unsigned char *)"\1\0\0\0", 4);
    /* the client's alert, then its end */
    while (read(fd, body, sizeof(body)) > 0) {
    }
}

static void empty_certificate_status(void **state)
{
    (void)state;
    server s = {.connections = 1, .serve = serve_empty_status};
    start(&s);
    handshake_options options = options_for(&s);
    SSL_CTX *context = context_for(&options);
    handshake seen;
    shake(context, &options, NULL, &seen);
    assert_true(seen.stapled);
    assert_int_equal(seen.staple_length, 0);
    assert_non_null(seen.leaf);
    handshake_free(&seen);
    stop(&s);
    SSL_CTX_free(context);
}

static void signature_algorithms(void **state)
{
    (void)state;
    problem p = {0};
    SSL_CTX *context;
    handshake_options options = {.sigalgs = "ECDSA+SHA256:RSA+SHA256"};
    SSL_CTX_free(context_for(&options));
    options.sigalgs = "CAESAR+SHA256";
    assert_int_equal(handshake_context(&options, &context, &p), -1);
    assert_int_equal(p.status, 400);
    assert_non_null(strstr(p.detail, "'CAESAR+SHA256' is no list of signature algorithms"));
}

static void equal_options_share_a_context(void **state)
{
    (void)state;
    char algorithms[] = "ECDSA+SHA256";
    handshake_options with = {.sigalgs = algorithms}, other = with;
    SSL_CTX *first = context_for(&with);
    SSL_CTX *again = context_for(&(handshake_options){.sigalgs = "ECDSA+SHA256", .host = "h"});
    assert_ptr_equal(again, first);

    memcpy(algorithms, "RSA+SHA256", sizeof("RSA+SHA256")); /* what is kept is not the caller's */
    other.version = TLS1_3_VERSION;
    SSL_CTX *newer = context_for(&with), *newest = context_for(&other);
    assert_ptr_not_equal(newer, first);
    assert_ptr_not_equal(newest, newer);
    assert_int_equal(SSL_CTX_get_min_proto_version(newest), TLS1_3_VERSION);
    SSL_CTX_free(first);
    SSL_CTX_free(again);
    SSL_CTX_free(newer);
    SSL_CTX_free(newest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls12),
        cmocka_unit_test(tls13),
        cmocka_unit_test(what_the_server_sees),
        cmocka_unit_test(servers_that_give_no_session),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(silence),
        cmocka_unit_test(broken_handshakes),
        cmocka_unit_test(empty_certificate_status),
        cmocka_unit_test(signature_algorithms),
        cmocka_unit_test(equal_options_share_a_context),
    };
    return cmocka_run_group_tests_name("handshake", tests, make_all, free_all);
}
