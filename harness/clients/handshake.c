/*
 * libssl on a non-blocking socket, each wait under the one bound of the handshake.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/memory.h"
#include "harness/clients/certificate.h"
#include "harness/clients/connect.h"
#include "harness/clients/handshake.h"
#include "harness/clients/wire_status.h"

enum { PARTING_OCTETS_MAX = 256 * 1024 };

/* What the callbacks of one connection fill in. */
typedef struct {
    wire_status status;
    SSL_SESSION *session;
} observation;

static int library_problem(problem *p, const char *what)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    problem_fail(p, "%s: %s", what, reason == NULL ? "no reason given" : reason);
    ERR_clear_error();
    return -1;
}

static void on_message(int sent, int version, int content, const void *data, size_t length,
                       SSL *ssl, void *arg)
{
    (void)version;
    observation *seen = arg;
    if (!sent && content == SSL3_RT_HANDSHAKE) {
        wire_status_observe(&seen->status, SSL_version(ssl) == TLS1_3_VERSION, data, length);
    }
}

/* TLS 1.3 servers send several tickets; the first one serves. A copy is kept: below TLS 1.3 the
 * session is the connection's own, and a connection that does not end well makes it useless. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
    observation *seen = SSL_get_app_data(ssl);
    if (seen->session == NULL) {
        seen->session = SSL_SESSION_dup(session);
    }
    return 0;
}

static int make_context(const handshake_options *options, SSL_CTX **out, problem *p)
{
    /* openssl.cnf is the machine's business, and reading it takes longer than a handshake; so does
     * freeing at exit, one by one, what the kernel frees at once */
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        return library_problem(p, "libssl does not start");
    }

    int lowest = options->version == 0 ? TLS1_2_VERSION : options->version;
    int highest = options->version == 0 ? TLS1_3_VERSION : options->version;
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, on_session);
    SSL_CTX_set_msg_callback(context, on_message);
    if (SSL_CTX_set_min_proto_version(context, lowest) != 1 ||
        SSL_CTX_set_max_proto_version(context, highest) != 1) {
        library_problem(p, "the TLS version cannot be set");
        goto failed;
    }
    if (options->sigalgs != NULL && SSL_CTX_set1_sigalgs_list(context, options->sigalgs) != 1) {
        problem_refuse(p, "",
                       "'%s' is no list of signature algorithms; names joined by colons are "
                       "accepted, such as ECDSA+SHA256:rsa_pss_rsae_sha256",
                       options->sigalgs);
        goto failed;
    }
    *out = context;
    return 0;

failed:
    ERR_clear_error();
    SSL_CTX_free(context);
    return -1;
}

int handshake_context(const handshake_options *options, SSL_CTX **out, problem *p)
{
    static SSL_CTX *last;
    static int last_version;
    static char *last_sigalgs;

    const char *sigalgs = options->sigalgs == NULL ? "" : options->sigalgs;
    if (last == NULL || options->version != last_version || strcmp(sigalgs, last_sigalgs) != 0) {
        SSL_CTX *context = NULL;
        if (make_context(options, &context, p) != 0) {
            return -1;
        }
        SSL_CTX_free(last);
        free(last_sigalgs);
        last = context;
        last_version = options->version;
        last_sigalgs = memory_text(sigalgs);
    }
    SSL_CTX_up_ref(last);
    *out = last;
    return 0;
}

/* What SSL_get_error wants to be waited for, as poll's events; 0 for nothing. */
static short wanted(int ssl_error)
{
    switch (ssl_error) {
    case SSL_ERROR_WANT_READ:
        return POLLIN;
    case SSL_ERROR_WANT_WRITE:
        return POLLOUT;
    default:
        return 0;
    }
}

/* 0, or -1 with *p. */
static int shake(SSL *ssl, int bound, problem *p)
{
    for (;;) {
        ERR_clear_error();
        errno = 0;
        int rc = SSL_connect(ssl);
        if (rc == 1) {
            return 0;
        }
        int failure = errno;
        int ssl_error = SSL_get_error(ssl, rc);
        short events = wanted(ssl_error);
        problem why;
        if (events == 0 && ssl_error == SSL_ERROR_SSL) {
            return library_problem(p, "the handshake failed");
        }
        if (events == 0) {
            return problem_fail(p, "the handshake failed: %s",
                                failure == 0 ? "the server closed the connection"
                                             : strerror(failure));
        }
        if (connect_wait(bound, SSL_get_fd(ssl), events, &why) != 0) {
            problem_set(p, why.status, "", "the handshake failed: %s", why.detail);
            return -1;
        }
    }
}

/* Says goodbye and reads until the server has closed too: by then it has processed all of this
 * connection, and a TLS 1.3 server's tickets have arrived. What happens here does not change
 * what was observed; the bound ends it, and so does a server that talks and talks. */
static void part(SSL *ssl, int bound)
{
    int fd = SSL_get_fd(ssl);
    SSL_shutdown(ssl);
    shutdown(fd, SHUT_WR);
    for (size_t octets = 0; octets < PARTING_OCTETS_MAX;) {
        unsigned char discarded[SSL3_RT_MAX_PLAIN_LENGTH];
        ERR_clear_error();
        int rc = SSL_read(ssl, discarded, sizeof(discarded));
        if (rc > 0) {
            octets += (size_t)rc;
            continue;
        }
        problem ignored;
        if (SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ ||
            connect_wait(bound, fd, POLLIN, &ignored) != 0) {
            break;
        }
    }
    ERR_clear_error();
}

static void keep(SSL *ssl, const observation *seen, handshake *out)
{
    out->protocol = SSL_get_version(ssl);
    out->resumed = SSL_session_reused(ssl) == 1;
    out->leaf = SSL_get1_peer_certificate(ssl);
    STACK_OF(X509) *sent = out->resumed ? NULL : SSL_get_peer_cert_chain(ssl);
    out->chain = memory_made(sent == NULL ? sk_X509_new_null() : X509_chain_up_ref(sent));

    const unsigned char *response;
    long length = SSL_get_tlsext_status_ocsp_resp(ssl, &response);
    if (response != NULL && length > 0) {
        out->staple = memory_array((size_t)length, 1);
        memcpy(out->staple, response, (size_t)length);
        out->staple_length = (size_t)length;
        out->stapled = true;
        return;
    }
    out->stapled = seen->status.seen && seen->status.length == 0;
}

static int prepare(SSL *ssl, const handshake_options *options, SSL_SESSION *resume, int fd,
                   observation *seen, problem *p)
{
    SSL_set_app_data(ssl, seen);
    SSL_set_msg_callback_arg(ssl, seen);
    if (SSL_set_fd(ssl, fd) != 1 ||
        (options->servername != NULL && SSL_set_tlsext_host_name(ssl, options->servername) != 1) ||
        (options->status && SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp) != 1) ||
        (resume != NULL && SSL_set_session(ssl, resume) != 1)) {
        return library_problem(p, "the handshake cannot be prepared");
    }
    return 0;
}

int handshake_run(SSL_CTX *context, const handshake_options *options, SSL_SESSION *resume,
                  handshake *out, problem *p)
{
    *out = (handshake){0};
    observation seen = {0};
    SSL *ssl = memory_made(SSL_new(context));
    int fd = -1;
    int bound = -1;
    int rc = -1;
    if (connect_bound(options->timeout_ms, &bound, p) != 0 ||
        connect_within(bound, options->host, options->port, &fd, p) != 0 ||
        prepare(ssl, options, resume, fd, &seen, p) != 0) {
        goto done;
    }

    rc = shake(ssl, bound, p);
    keep(ssl, &seen, out);
    if (rc == 0) {
        part(ssl, bound);
        out->session = seen.session;
        seen.session = NULL;
    }

done:
    SSL_SESSION_free(seen.session);
    SSL_free(ssl);
    if (fd != -1) {
        close(fd);
    }
    if (bound != -1) {
        close(bound);
    }
    return rc;
}

void handshake_free(handshake *h)
{
    X509_free(h->leaf);
    certificate_stack_free(h->chain);
    free(h->staple);
    SSL_SESSION_free(h->session);
    *h = (handshake){0};
}
