/*
 * Servers that fail after their staple, that talk for ever, that send more than libssl takes, and
 * that give a ticket late. All of them have a staple; not all of them have the certificate's key.
 */
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/param_build.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#include "harness/clients/handshake.h"
#include "harness/clients/tests/identities.h"
#include "harness/clients/tests/servers.h"

enum { STAPLE_MAX = 300000 };

static identity leaf;
static EVP_PKEY *wrong_key; /* says that it is the leaf's */
static unsigned char staple[STAPLE_MAX];

typedef enum { STAYS, CLOSES, RESETS, ALERTS } ending;

/* What a server does. */
typedef struct {
    SSL_CTX *context;
    size_t staple_length;
    int records; /* of its first flight that are sent; 0: all, and so on to the end */
    ending then;
    void (*talk)(SSL *ssl); /* after the handshake */
} plan;

static int on_status(SSL *ssl, void *arg)
{
    plan *does = arg;
    SSL_set_tlsext_status_ocsp_resp(ssl, OPENSSL_memdup(staple, does->staple_length),
                                    (long)does->staple_length);
    return SSL_TLSEXT_ERR_OK;
}

/* The octets of the first `records` records. */
static size_t cut_after(const unsigned char *data, size_t length, int records)
{
    size_t at = 0;
    for (int i = 0; i < records; i++) {
        must(at + 5 <= length);
        at += 5u + ((size_t)data[at + 3] << 8 | data[at + 4]);
    }
    must(at <= length);
    return at;
}

static void serve_beginning(int fd, const plan *does)
{
    unsigned char octets[4096];
    ssize_t n = read(fd, octets, sizeof(octets));
    must(n > 0);
    SSL *ssl = SSL_new(does->context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, in, out);
    BIO_write(in, octets, (int)n);
    must(SSL_accept(ssl) == -1);
    char *said;
    size_t length = (size_t)BIO_get_mem_data(out, &said);
    length = cut_after((const unsigned char *)said, length, does->records);
    must(write(fd, said, length) == (ssize_t)length);
    if (does->then == ALERTS) {
        must(write(fd, "\x15\x03\x03\0\2\2\x28", 7) == 7);
    }
    if (does->then == RESETS) {
        struct linger none = {.l_onoff = 1};
        /* not before the client has read all of it */
        struct pollfd gone = {.fd = fd, .events = POLLIN};
        poll(&gone, 1, 200);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    } else if (does->then == STAYS) {
        while (read(fd, octets, sizeof(octets)) > 0) {
        }
    } else {
        shutdown(fd, SHUT_WR);
        while (read(fd, octets, sizeof(octets)) > 0) {
        }
    }
    ERR_clear_error();
    SSL_free(ssl);
}

static void serve(int fd, void *arg)
{
    plan *does = arg;
    if (does->records > 0) {
        serve_beginning(fd, does);
        return;
    }
    SSL *ssl = SSL_new(does->context);
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1 && does->talk != NULL) {
        does->talk(ssl);
    }
    char octets[512];
    while (SSL_read(ssl, octets, sizeof(octets)) > 0) {
    }
    SSL_shutdown(ssl);
    ERR_clear_error();
    SSL_free(ssl);
}

static void start_plan(server *s, plan *does, EVP_PKEY *key)
{
    does->context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(does->context, leaf.certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(does->context, key), 1);
    SSL_CTX_set_session_id_context(does->context, (const unsigned char *)"t", 1);
    SSL_CTX_set_tlsext_status_cb(does->context, on_status);
    SSL_CTX_set_tlsext_status_arg(does->context, does);
    SSL_CTX_set_num_tickets(does->context, 0);
    s->serve = serve;
    s->arg = does;
    start(s);
}

static problem last;

static int shake(const server *s, int version, int timeout_ms, SSL_SESSION *resume, handshake *out)
{
    SSL_CTX *context;
    handshake_options options = {.host = "127.0.0.1",
                                 .port = s->port,
                                 .status = true,
                                 .version = version,
                                 .timeout_ms = timeout_ms};
    last = (problem){0};
    assert_int_equal(handshake_context(&options, &context, &last), 0);
    int rc = handshake_run(context, &options, resume, out, &last);
    SSL_CTX_free(context);
    return rc;
}

/* The public half of `of`, and the private half of another one. */
static EVP_PKEY *mixed_key(EVP_PKEY *of)
{
    EVP_PKEY *other = EVP_EC_gen("P-256"), *made = NULL;
    BIGNUM *private_half = NULL;
    unsigned char public_half[200];
    size_t length;
    assert_int_equal(EVP_PKEY_get_bn_param(other, OSSL_PKEY_PARAM_PRIV_KEY, &private_half), 1);
    assert_int_equal(EVP_PKEY_get_octet_string_param(of, OSSL_PKEY_PARAM_PUB_KEY, public_half,
                                                     sizeof(public_half), &length),
                     1);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, private_half);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, public_half, length);
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    assert_int_equal(EVP_PKEY_fromdata_init(context), 1);
    assert_int_equal(EVP_PKEY_fromdata(context, &made, EVP_PKEY_KEYPAIR, parameters), 1);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    BN_free(private_half);
    EVP_PKEY_free(other);
    return made;
}

static int make_leaf(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    leaf = make_identity(&(identity_plan){.name = "www", .serial = 2});
    wrong_key = mixed_key(leaf.key);
    for (size_t i = 0; i < sizeof(staple); i++) {
        staple[i] = (unsigned char)(i * 31 >> 3);
    }
    return 0;
}

static int free_leaf(void **state)
{
    (void)state;
    EVP_PKEY_free(wrong_key);
    free_identity(&leaf);
    return 0;
}

/* A failure, and what was seen until then. */
static void expect_failure_after_staple(const server *s, int version, int timeout_ms,
                                        const char *words)
{
    handshake seen;
    assert_int_equal(shake(s, version, timeout_ms, NULL, &seen), -1);
    if (strstr(last.detail, words) == NULL) {
        fail_msg("\"%s\" is not in: %s", words, last.detail);
    }
    assert_true(seen.stapled);
    assert_int_equal(seen.staple_length, 1000);
    assert_memory_equal(seen.staple, staple, 1000);
    assert_int_equal(X509_cmp(seen.leaf, leaf.certificate), 0);
    assert_int_equal(sk_X509_num(seen.chain), 1);
    assert_null(seen.session);
    handshake_free(&seen);
}

/* Somebody's certificate and captured staple, and no key. TLS 1.2: ServerHello, Certificate,
 * CertificateStatus. TLS 1.3: ServerHello, ChangeCipherSpec, EncryptedExtensions, Certificate. */
static void a_staple_and_then_nothing_good(void **state)
{
    (void)state;
    const struct {
        ending then;
        int timeout_ms;
        const char *words;
    } cases[] = {
        {STAYS, 100, "the time allowed is over"},
        {CLOSES, 20000, "the handshake failed"},
        {RESETS, 20000, "the handshake failed"},
        {ALERTS, 20000, "the handshake failed"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int tls13 = 0; tls13 < 2; tls13++) {
            plan does = {.staple_length = 1000, .records = tls13 ? 4 : 3, .then = cases[i].then};
            server s = {.connections = 1};
            start_plan(&s, &does, leaf.key);
            expect_failure_after_staple(&s, tls13 ? TLS1_3_VERSION : TLS1_2_VERSION,
                                        cases[i].timeout_ms, cases[i].words);
            stop(&s);
            SSL_CTX_free(does.context);
        }
    }
}

static void a_signature_by_another_key(void **state)
{
    (void)state;
    for (int tls13 = 0; tls13 < 2; tls13++) {
        plan does = {.staple_length = 1000};
        server s = {.connections = 1};
        start_plan(&s, &does, wrong_key);
        expect_failure_after_staple(&s, tls13 ? TLS1_3_VERSION : TLS1_2_VERSION, 20000,
                                    "bad signature");
        stop(&s);
        SSL_CTX_free(does.context);
    }
}

static void serve_hello_requests(int fd, void *arg)
{
    /* many in one record, for ever */
    unsigned char octets[5 + 4000] = {22, 3, 3, 4000 >> 8, 4000 & 255};
    (void)arg;
    while (write(fd, octets, sizeof(octets)) > 0) {
    }
}

/* libssl does not always tell. */
static bool is_there(SSL *ssl)
{
    struct pollfd peer = {.fd = SSL_get_fd(ssl)};
    return poll(&peer, 1, 0) == 0;
}

static void talk_key_updates(SSL *ssl)
{
    while (is_there(ssl) && SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
           SSL_do_handshake(ssl) == 1) {
    }
}

static void talk_tickets(SSL *ssl)
{
    while (is_there(ssl) && SSL_new_session_ticket(ssl) == 1 && SSL_do_handshake(ssl) == 1) {
    }
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void talking_for_ever(void **state)
{
    (void)state;
    handshake seen;
    server s = {.connections = 1, .serve = serve_hello_requests};
    start(&s);
    int64_t begun = now_ms();
    assert_int_equal(shake(&s, TLS1_2_VERSION, 200, NULL, &seen), -1);
    assert_string_equal(last.detail, "the handshake failed: the time allowed is over");
    assert_int_equal(last.status, BOUND_OVER);
    assert_true(now_ms() - begun >= 200);
    handshake_free(&seen);
    stop(&s);

    void (*const talks[])(SSL *) = {talk_key_updates, talk_tickets};
    for (size_t i = 0; i < 2; i++) {
        plan does = {.staple_length = 1000, .talk = talks[i]};
        s = (server){.connections = 1};
        start_plan(&s, &does, leaf.key);
        begun = now_ms();
        assert_int_equal(shake(&s, TLS1_3_VERSION, 500, NULL, &seen), 0);
        assert_true(now_ms() - begun < 20000);
        assert_true(seen.stapled);
        handshake_free(&seen);
        stop(&s);
        SSL_CTX_free(does.context);
    }
}

/* A certificate that is larger than all that libssl takes of a chain by itself (100 KiB). */
static X509 *make_large_certificate(void)
{
    static char comment[110000];
    memset(comment, 'a', sizeof(comment) - 1);
    identity large = make_identity(&(identity_plan){.name = "large", .serial = 9});
    add_extension(large.certificate, large.certificate, NID_netscape_comment, comment);
    assert_true(X509_sign(large.certificate, large.key, EVP_sha256()) > 0);
    X509_up_ref(large.certificate);
    X509 *out = large.certificate;
    free_identity(&large);
    return out;
}

/* All sizes, in many records; libssl's own limit is 16384 with four octets around the response. An
 * extension of TLS 1.3 has 65535 at most. */
static void large_staples(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {
        {16380, 16380}, {16381, 16381}, {40000, 65000}, {STAPLE_MAX, 65000}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (int tls13 = 0; tls13 < 2; tls13++) {
            handshake seen;
            size_t size = sizes[i][tls13];
            plan does = {.staple_length = size};
            server s = {.connections = 1};
            start_plan(&s, &does, leaf.key);
            if (i == 3) {
                SSL_CTX_add_extra_chain_cert(does.context, make_large_certificate());
            }
            shake(&s, tls13 ? TLS1_3_VERSION : TLS1_2_VERSION, 20000, NULL, &seen);
            if (last.detail[0] != '\0') {
                fail_msg("%zu octets, TLS 1.%d: %s", size, 2 + tls13, last.detail);
            }
            assert_string_equal(seen.protocol, tls13 ? "TLSv1.3" : "TLSv1.2");
            assert_int_equal(seen.too_large, !tls13 && size > 16380);
            assert_int_equal(seen.staple_length, size);
            assert_memory_equal(seen.staple, staple, size);
            handshake_free(&seen);
            stop(&s);
            SSL_CTX_free(does.context);
        }
    }
}

/* Without the key, or without its proof, a large staple is worth as little as another one. */
static void large_staples_without_a_key(void **state)
{
    (void)state;
    plan plans[] = {{.staple_length = 40000}, {.staple_length = 40000, .records = 5}};
    for (size_t i = 0; i < 2; i++) {
        handshake seen;
        server s = {.connections = 1};
        plans[i].then = CLOSES;
        start_plan(&s, &plans[i], i == 0 ? wrong_key : leaf.key);
        assert_int_equal(shake(&s, TLS1_2_VERSION, 20000, NULL, &seen), -1);
        assert_string_equal(last.detail,
                            "the handshake failed: OpenSSL takes no CertificateStatus of more than "
                            "16384 octets under TLS 1.2, and the server has not proven its key");
        assert_int_equal(seen.staple_length, 40000);
        handshake_free(&seen);
        stop(&s);
        SSL_CTX_free(plans[i].context);
    }
}

static void talk_late_ticket(SSL *ssl)
{
    char octets[512];
    if (SSL_read(ssl, octets, sizeof(octets)) > 0) {
        SSL_new_session_ticket(ssl);
        SSL_write(ssl, "HTTP/1.1 204 x\r\n\r\n", 18);
    }
}

static void tickets_with_the_first_data(void **state)
{
    (void)state;
    handshake seen;
    plan does = {.staple_length = 1000, .talk = talk_late_ticket};
    server s = {.connections = 3};
    start_plan(&s, &does, leaf.key);
    assert_int_equal(shake(&s, TLS1_3_VERSION, 20000, NULL, &seen), 0);
    assert_null(seen.session);
    handshake_free(&seen);

    SSL_CTX *context;
    handshake_options options = {.host = "127.0.0.1",
                                 .port = s.port,
                                 .status = true,
                                 .version = TLS1_3_VERSION,
                                 .timeout_ms = 20000};
    assert_int_equal(handshake_context(&options, &context, &last), 0);
    SSL_SESSION *session = handshake_ask_session(context, &options);
    assert_non_null(session);
    SSL_CTX_free(context);
    assert_int_equal(shake(&s, TLS1_3_VERSION, 20000, session, &seen), 0);
    assert_true(seen.resumed);
    handshake_free(&seen);
    SSL_SESSION_free(session);
    stop(&s);
    SSL_CTX_free(does.context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_staple_and_then_nothing_good),
        cmocka_unit_test(a_signature_by_another_key),
        cmocka_unit_test(talking_for_ever),
        cmocka_unit_test(large_staples),
        cmocka_unit_test(large_staples_without_a_key),
        cmocka_unit_test(tickets_with_the_first_data),
    };
    return cmocka_run_group_tests_name("failing servers", tests, make_leaf, free_leaf);
}
