/*
 * Servers that speak TLS in this process, and a client of theirs whose stages are written down and
 * whose leash is a pipe.
 */
#ifndef STAPLELAB_SHAKING_H
#define STAPLELAB_SHAKING_H

#include "harness/clients/handshake.h"
#include "harness/clients/tests/identities.h"
#include "harness/clients/tests/servers.h"
#include <openssl/crypto.h>
#include <openssl/ssl.h>
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

static inline void serve_tls(int fd, void *arg)
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
static inline int accept_any(int verified, X509_STORE_CTX *context)
{
    (void)verified;
    (void)context;
    return 1;
}

static inline void start_tls(server *s, tls_server *tls)
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

static inline int on_stage(void *arg, stage reached, problem *p)
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

static inline void go_on(void)
{
    assert_int_equal(write(leash[1], "\n", 1), 1);
}

static inline void let_go(void)
{
    close(leash[1]);
    leash[1] = -1;
}

static handshake seen;
static problem last;

/* One handshake with `s`, under these options; 0 or -1 with `last`. */
static inline int shake(const server *s, handshake_options options)
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

static inline int make_all(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    root = make_identity(&(identity_plan){.name = "Root", .serial = 1});
    leaf = make_identity(&(identity_plan){.name = "www", .serial = 2, .issuer = &root});
    own = make_identity(&(identity_plan){.name = "me", .serial = 3, .issuer = &root});
    return 0;
}

static inline int free_all(void **state)
{
    (void)state;
    free_identity(&own);
    free_identity(&leaf);
    free_identity(&root);
    return 0;
}

static inline int make_leash(void **state)
{
    (void)state;
    act = NULL;
    act_at = STAGE_NONE;
    return pipe(leash);
}

static inline int free_leash(void **state)
{
    (void)state;
    handshake_free(&seen);
    close(leash[0]);
    if (leash[1] != -1) {
        close(leash[1]);
    }
    return 0;
}

static inline void respond_well(SSL *ssl)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    must(SSL_write(ssl, text, sizeof(text) - 1) > 0);
}

static SSL *silent; /* the server's side of a connection that it leaves alone */

static inline void stay_silent(SSL *ssl)
{
    char octet;
    silent = ssl;
    must(SSL_read(ssl, &octet, 1) <= 0); /* until the client has gone */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_leash, free_leash)

#endif
