/*
 * One TLS handshake as an observer makes it: it asks for a staple, accepts whatever certificate
 * comes, and keeps what the server sent. Nothing is judged here. It can stop half-way, and send a
 * request when it is done.
 */
#ifndef STAPLELAB_HANDSHAKE_H
#define STAPLELAB_HANDSHAKE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/base/problem.h"
#include "harness/clients/client_identity.h"
#include "harness/clients/get.h"
#include "harness/clients/stage.h"

/* Told of each stage that is reached. 0 to go on, or -1 with *p. */
typedef int (*handshake_reached)(void *arg, stage reached, problem *p);

typedef struct {
    const char *host;
    const char *port;
    const char *servername; /* SNI; NULL for none */
    int version;            /* TLS1_2_VERSION, TLS1_3_VERSION, or 0 for either */
    const char *sigalgs;    /* as SSL_CTX_set1_sigalgs_list takes them; NULL for the default */
    bool status;            /* ask for a staple */
    int timeout_ms;         /* kernel time for all of it, without the time at `stop_at` */
    client_identity identity;
    const char *get; /* the path of a GET after the handshake; NULL for none */
    stage stop_at;   /* wait here for a line on `leash`; STAGE_NONE for nowhere */
    bool leashed;
    int leash;                 /* its end ends the client (bound.h) */
    handshake_reached reached; /* NULL when nobody wants to know */
    void *arg;                 /* for it */
} handshake_options;

typedef struct {
    const char *protocol; /* "TLSv1.3"; static */
    bool resumed;
    X509 *leaf;             /* NULL when not known; after a resumption the session's */
    STACK_OF(X509) * chain; /* as sent, leaf first; empty when none was sent */
    bool stapled;           /* a CertificateStatus was there, and be it empty */
    unsigned char *staple;  /* its OCSP response, octet for octet */
    size_t staple_length;
    bool too_large;       /* libssl does not take it, so that the handshake has no end */
    SSL_SESSION *session; /* to resume with; NULL when there is none */
    get_outcome get;
} handshake;

/* A context for the handshakes of one run, without the machine's configuration or trust, and
 * permissive towards odd servers. The caller frees it with SSL_CTX_free; calls in a row with the
 * same version and signature algorithms share one. 0 with *out, or -1 with *p. */
int handshake_context(const handshake_options *options, SSL_CTX **out, problem *p);

/* Makes one handshake, offers the session `resume` unless it is NULL, and ends the connection
 * orderly: what the server sends after its handshake, session tickets above all, is read until
 * it closes, unless the leash has ended. 0 when the handshake was completed, or -1 with *p; the
 * caller frees *out with handshake_free in any case, and finds in it what was seen until then. An
 * empty CertificateStatus makes libssl give up: a problem, and a staple of no octets. So does one
 * that is too large for libssl, but this is no problem when the server has proven its key. SIGPIPE
 * must be ignored. */
int handshake_run(SSL_CTX *context, const handshake_options *options, SSL_SESSION *resume,
                  handshake *out, problem *p);

/* For a TLS 1.3 server that sends its tickets with its first data only (AWS-LC does): makes one
 * more connection with a GET of "/", and looks at nothing but the session. NULL when there is none;
 * the caller frees it. */
SSL_SESSION *handshake_ask_session(SSL_CTX *context, const handshake_options *options);

void handshake_free(handshake *h);

#endif
