/*
 * libssl on a non-blocking socket, each wait under the one bound of the handshake.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

static void library_error(char *error, size_t size, const char *what)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    snprintf(error, size, "%s: %s", what, reason == NULL ? "no reason given" : reason);
    ERR_clear_error();
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

static SSL_CTX *make_context(const handshake_options *options, char *error, size_t size)
{
    /* openssl.cnf is the machine's business, and reading it takes longer than a handshake; so does
     * freeing at exit, one by one, what the kernel frees at once */
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        library_error(error, size, "libssl does not start");
        return NULL;
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
        library_error(error, size, "the TLS version cannot be set");
        goto failed;
    }
    if (options->sigalgs != NULL && SSL_CTX_set1_sigalgs_list(context, options->sigalgs) != 1) {
        snprintf(error, size,
                 "'%s' is no list of signature algorithms; names joined by colons are accepted, "
                 "such as ECDSA+SHA256:rsa_pss_rsae_sha256",
                 options->sigalgs);
        goto failed;
    }
    return context;

failed:
    ERR_clear_error();
    SSL_CTX_free(context);
    return NULL;
}

SSL_CTX *handshake_context(const handshake_options *options, char *error, size_t size)
{
    static SSL_CTX *last;
    static int last_version;
    static char *last_sigalgs;

    const char *sigalgs = options->sigalgs == NULL ? "" : options->sigalgs;
    if (last != NULL && options->version == last_version && strcmp(sigalgs, last_sigalgs) == 0) {
        SSL_CTX_up_ref(last);
        return last;
    }

    SSL_CTX *context = make_context(options, error, size);
    char *copy = OPENSSL_strdup(sigalgs);
    if (context == NULL || copy == NULL) {
        OPENSSL_free(copy);
        return context;
    }
    SSL_CTX_free(last);
    OPENSSL_free(last_sigalgs);
    last = context;
    last_version = options->version;
    last_sigalgs = copy;
    SSL_CTX_up_ref(last);
    return last;
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

/* False with the sentence in `error`. */
static bool shake(SSL *ssl, int bound, char *error, size_t size)
{
    for (;;) {
        ERR_clear_error();
        errno = 0;
        int rc = SSL_connect(ssl);
        if (rc == 1) {
            return true;
        }
        int failure = errno;
        int ssl_error = SSL_get_error(ssl, rc);
        short events = wanted(ssl_error);
        if (events == 0) {
            if (ssl_error == SSL_ERROR_SSL) {
                library_error(error, size, "the handshake failed");
            } else {
                snprintf(error, size, "the handshake failed: %s",
                         failure == 0 ? "the server closed the connection" : strerror(failure));
            }
            return false;
        }
        int ready = bound_wait(bound, SSL_get_fd(ssl), events);
        if (ready != 1) {
            snprintf(error, size, "the handshake failed: %s",
                     ready == 0 ? "the time allowed is over" : strerror(errno));
            return false;
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
        unsigned char ignored[SSL3_RT_MAX_PLAIN_LENGTH];
        ERR_clear_error();
        int rc = SSL_read(ssl, ignored, sizeof(ignored));
        if (rc > 0) {
            octets += (size_t)rc;
            continue;
        }
        if (SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ || bound_wait(bound, fd, POLLIN) != 1) {
            break;
        }
    }
    ERR_clear_error();
}

/* False when out of memory. */
static bool keep(SSL *ssl, const observation *seen, handshake *out)
{
    out->protocol = SSL_get_version(ssl);
    out->resumed = SSL_session_reused(ssl) == 1;
    out->leaf = SSL_get1_peer_certificate(ssl);
    STACK_OF(X509) *sent = out->resumed ? NULL : SSL_get_peer_cert_chain(ssl);
    out->chain = sent == NULL ? sk_X509_new_null() : X509_chain_up_ref(sent);
    if (out->chain == NULL) {
        return false;
    }

    const unsigned char *response;
    long length = SSL_get_tlsext_status_ocsp_resp(ssl, &response);
    if (response != NULL && length > 0) {
        out->staple = OPENSSL_memdup(response, (size_t)length);
        out->staple_length = (size_t)length;
        out->stapled = true;
        return out->staple != NULL;
    }
    out->stapled = seen->status.seen && seen->status.length == 0;
    return true;
}

static SSL *prepare(SSL_CTX *context, const handshake_options *options, SSL_SESSION *resume, int fd,
                    observation *seen)
{
    SSL *ssl = SSL_new(context);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        goto failed;
    }
    SSL_set_app_data(ssl, seen);
    SSL_set_msg_callback_arg(ssl, seen);
    if (options->servername != NULL && SSL_set_tlsext_host_name(ssl, options->servername) != 1) {
        goto failed;
    }
    if (options->status && SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp) != 1) {
        goto failed;
    }
    if (resume != NULL && SSL_set_session(ssl, resume) != 1) {
        goto failed;
    }
    return ssl;

failed:
    SSL_free(ssl);
    return NULL;
}

void handshake_run(SSL_CTX *context, const handshake_options *options, SSL_SESSION *resume,
                   handshake *out)
{
    *out = (handshake){0};
    observation seen = {0};
    SSL *ssl = NULL;
    int fd = -1;
    int bound = bound_start(options->timeout_ms);
    if (bound == -1) {
        snprintf(out->error, sizeof(out->error), "no timer: %s", strerror(errno));
        goto done;
    }
    fd = connect_within(bound, options->host, options->port, out->error, sizeof(out->error));
    if (fd == -1) {
        goto done;
    }
    ssl = prepare(context, options, resume, fd, &seen);
    if (ssl == NULL) {
        library_error(out->error, sizeof(out->error), "the handshake cannot be prepared");
        goto done;
    }

    bool completed = shake(ssl, bound, out->error, sizeof(out->error));
    if (!keep(ssl, &seen, out)) {
        snprintf(out->error, sizeof(out->error), "out of memory");
        goto done;
    }
    if (completed) {
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
}

void handshake_free(handshake *h)
{
    X509_free(h->leaf);
    certificates_free(h->chain);
    OPENSSL_free(h->staple);
    SSL_SESSION_free(h->session);
    *h = (handshake){0};
}
