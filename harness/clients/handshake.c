/*
 * libssl on a non-blocking socket, each wait under the one bound of the handshake.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/memory.h"
#include "harness/base/octets.h"
#include "harness/clients/bound.h"
#include "harness/clients/certificate.h"
#include "harness/clients/connect.h"
#include "harness/clients/handshake.h"
#include "harness/clients/observation.h"
#include "harness/clients/tls.h"

#define FAILED "the handshake failed"

enum { PARTING_OCTETS_MAX = 256 * 1024 };

/* Somebody asks whether the client still waits for the server. */
static void say_waiting(void *arg)
{
    const handshake_options *options = arg;
    problem unheard; /* when nobody reads any more, the next stage finds that out */
    options->reached(options->arg, STAGE_WAITING, &unheard);
}

/* Tells of a stage, and stops there when that is wanted. 0 to go on, or -1 with *p. */
static int pass(const handshake_options *options, stage reached, bound *b, int fd, problem *p)
{
    problem why;
    if (options->reached != NULL && options->reached(options->arg, reached, p) != 0) {
        return -1;
    }
    if (options->stop_at != reached) {
        return 0;
    }
    if (bound_hold(b, fd, &why) == 0) {
        return bound_restart(b, options->timeout_ms, p);
    }
    if (why.status == BOUND_CLOSED && options->reached != NULL &&
        options->reached(options->arg, STAGE_CLOSED, p) != 0) {
        return -1;
    }
    *p = why;
    return -1;
}

/* 0, or -1 with *p. */
static int send_all(int fd, const uint8_t *data, size_t length, bound *b, problem *p)
{
    while (length > 0) {
        ssize_t n = send(fd, data, length, MSG_NOSIGNAL);
        if (n > 0) {
            data += n;
            length -= (size_t)n;
        } else if (errno != EAGAIN && errno != EINTR) {
            return problem_fail(p, "%s", strerror(errno));
        } else if (bound_wait(b, fd, POLLOUT, p) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Has libssl make its first message, for which it needs no server, into *out. 0, or -1 with *p. */
static int make_hello(SSL *ssl, octets *out, problem *p)
{
    BIO *written = memory_made(BIO_new(BIO_s_mem()));
    SSL_set_bio(ssl, memory_made(BIO_new(BIO_s_mem())), written);
    ERR_clear_error();
    int rc = SSL_connect(ssl);
    if (SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ) {
        return tls_problem(p, FAILED);
    }
    char *data;
    long length = BIO_get_mem_data(written, &data);
    octets_append(out, data, (size_t)length);
    return 0;
}

/* Sends the ClientHello, in two parts when half of it is where to stop. 0, or -1 with *p. */
static int say_hello(const handshake_options *options, const octets *hello, int fd, bound *b,
                     problem *p)
{
    size_t half = options->stop_at == STAGE_HALF_HELLO ? hello->length / 2 : 0;
    if (half > 0 && (send_all(fd, hello->data, half, b, p) != 0 ||
                     pass(options, STAGE_HALF_HELLO, b, fd, p) != 0)) {
        return -1;
    }
    return send_all(fd, hello->data + half, hello->length - half, b, p) != 0
               ? -1
               : pass(options, STAGE_HELLO, b, fd, p);
}

/* From the connection to the completed handshake. 0, or -1 with *p. */
static int shake(SSL *ssl, const handshake_options *options, int fd, bound *b, observation *seen,
                 problem *p)
{
    octets hello = {0};
    problem why;
    int rc = make_hello(ssl, &hello, p);
    if (rc == 0 && (pass(options, STAGE_CONNECTED, b, fd, &why) != 0 ||
                    say_hello(options, &hello, fd, b, &why) != 0)) {
        problem_set(p, why.status, "", FAILED ": %s", why.detail);
        rc = -1;
    }
    octets_free(&hello);
    if (rc != 0) {
        return -1;
    }
    if (SSL_set_fd(ssl, fd) != 1) {
        return tls_problem(p, FAILED);
    }
    observation_limit(ssl, seen, b);
    for (;;) {
        ERR_clear_error();
        errno = 0;
        rc = SSL_connect(ssl);
        if (rc == 1) {
            return 0;
        }
        if (tls_wait(ssl, rc, b, FAILED, NULL, p) != 0) {
            return -1;
        }
    }
}

/* What the client does with the open connection. 0, or -1 with *p when that cannot be told of. */
static int use(SSL *ssl, const handshake_options *options, int fd, bound *b, get_outcome *out,
               problem *p)
{
    problem why;
    int held = pass(options, STAGE_HANDSHAKE, b, fd, &why);
    if (held != 0 && why.status != BOUND_CLOSED && why.status != BOUND_LET_GO) {
        *p = why;
        return -1;
    }
    if (options->get == NULL) {
        return 0;
    }
    if (held != 0) {
        get_not_sent(out, &why);
        return 0;
    }
    get_options request = {.path = options->get,
                           .host =
                               options->servername == NULL ? options->host : options->servername,
                           .port = options->port};
    if (!get_send(ssl, &request, b, out)) {
        return 0;
    }
    if (pass(options, STAGE_REQUEST, b, fd, p) != 0) {
        return -1;
    }
    return get_receive(ssl, b, out) ? pass(options, STAGE_RESPONSE, b, fd, p) : 0;
}

/* Says goodbye and reads until the server has closed too: by then it has processed all of this
 * connection, and a TLS 1.3 server's tickets have arrived. What happens here does not change
 * what was observed; the bound ends it, and so does a server that talks and talks. When the leash
 * has ended, only what is there already is read: with octets unread the connection would be reset.
 */
static void part(SSL *ssl, bound *b)
{
    int fd = SSL_get_fd(ssl);
    b->asked = NULL;
    SSL_shutdown(ssl);
    shutdown(fd, SHUT_WR);
    for (size_t count = 0; count < PARTING_OCTETS_MAX;) {
        unsigned char discarded[SSL3_RT_MAX_PLAIN_LENGTH];
        ERR_clear_error();
        int rc = SSL_read(ssl, discarded, sizeof(discarded));
        if (rc > 0) {
            count += (size_t)rc;
            continue;
        }
        problem ignored;
        if (SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ ||
            bound_wait(b, fd, POLLIN, &ignored) != 0) {
            break;
        }
    }
    ERR_clear_error();
}

static void keep_staple(span response, handshake *out)
{
    out->staple = memory_array(response.length + 1, 1);
    memcpy(out->staple, response.data, response.length);
    out->staple_length = response.length;
    out->stapled = true;
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
        keep_staple((span){response, (size_t)length}, out);
        return;
    }
    out->stapled = seen->status.seen && seen->status.length == 0;
}

/* A staple that made libssl give up. The server has done all that it had to do, so this is no
 * failure of the handshake when the server has proven its key. 0, or -1 with *p. */
static int keep_large(SSL *ssl, const handshake_options *options, const observation *seen,
                      span response, handshake *out, problem *p)
{
    problem why;
    keep_staple(response, out);
    problem_fail(&why, "OpenSSL takes no CertificateStatus of more than %d octets under TLS 1.2",
                 CLEAR_FLIGHT_LIBSSL_MAX);
    out->too_large = true;
    if (!observation_proves_key(ssl, seen, out->leaf)) {
        return problem_fail(p, FAILED ": %s, and the server has not proven its key", why.detail);
    }
    if (options->get != NULL) {
        get_not_sent(&out->get, &why);
    }
    *p = (problem){0};
    return 0;
}

/* libssl's words for what is wrong with a CertificateStatus are about its own workings. */
static void blame_status(const wire_status *status, problem *p)
{
    if (p->status == BOUND_OVER || p->status == BOUND_LET_GO) {
        return;
    }
    if (status->malformed) {
        problem_fail(p, FAILED ": the CertificateStatus is malformed");
    } else if (status->seen && status->length == 0) {
        problem_fail(p, FAILED ": the CertificateStatus is empty");
    }
}

static int prepare(SSL *ssl, const handshake_options *options, SSL_SESSION *resume,
                   observation *seen, problem *p)
{
    const client_identity *own = &options->identity;
    observation_begin(ssl, seen);
    if ((options->servername != NULL && SSL_set_tlsext_host_name(ssl, options->servername) != 1) ||
        (options->status && SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp) != 1) ||
        (own->certificate != NULL &&
         SSL_use_cert_and_key(ssl, own->certificate, own->key, own->chain, 1) != 1) ||
        (resume != NULL && SSL_set_session(ssl, resume) != 1)) {
        return tls_problem(p, "the handshake cannot be prepared");
    }
    return 0;
}

int handshake_run(SSL_CTX *context, const handshake_options *options, SSL_SESSION *resume,
                  handshake *out, problem *p)
{
    *out = (handshake){0};
    observation seen = {0};
    span large;
    SSL *ssl = memory_made(SSL_new(context));
    bound b;
    int fd = -1;
    int rc = bound_make(options->timeout_ms, options->leashed ? options->leash : -1, &b, p);
    if (rc == 0 && options->reached != NULL) {
        b.asked = say_waiting;
        b.arg = (void *)options;
    }
    if (rc != 0 || connect_within(&b, options->host, options->port, &fd, p) != 0 ||
        prepare(ssl, options, resume, &seen, p) != 0) {
        rc = -1;
        goto done;
    }

    rc = shake(ssl, options, fd, &b, &seen, p);
    keep(ssl, &seen, out);
    if (rc != 0 && observation_large_staple(&seen, &large)) {
        rc = keep_large(ssl, options, &seen, large, out, p);
    } else if (rc != 0) {
        blame_status(&seen.status, p);
    } else {
        rc = use(ssl, options, fd, &b, &out->get, p);
        part(ssl, &b);
        out->session = seen.session;
        seen.session = NULL;
    }

done:
    SSL_free(ssl);
    observation_free(&seen);
    if (fd != -1) {
        close(fd);
    }
    bound_free(&b);
    return rc;
}

SSL_SESSION *handshake_ask_session(SSL_CTX *context, const handshake_options *options)
{
    handshake seen;
    problem ignored;
    handshake_options how = {.host = options->host,
                             .port = options->port,
                             .servername = options->servername,
                             .version = options->version,
                             .sigalgs = options->sigalgs,
                             .status = options->status,
                             .timeout_ms = options->timeout_ms,
                             .identity = options->identity,
                             .get = "/"};
    handshake_run(context, &how, NULL, &seen, &ignored);
    SSL_SESSION *session = seen.session;
    seen.session = NULL;
    handshake_free(&seen);
    return session;
}

void handshake_free(handshake *h)
{
    X509_free(h->leaf);
    certificate_stack_free(h->chain);
    free(h->staple);
    SSL_SESSION_free(h->session);
    get_free(&h->get);
    *h = (handshake){0};
}
