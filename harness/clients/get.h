/*
 * One HTTP/1.1 GET over a TLS connection that is there.
 */
#ifndef STAPLELAB_GET_H
#define STAPLELAB_GET_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/clients/bound.h"
#include "harness/clients/tls.h"

/* More than that of a response is not read. */
#define GET_OCTETS_MAX 65536

typedef struct {
    const char *path;
    const char *host; /* for the field Host */
    const char *port;
} get_options;

typedef struct {
    bool wanted; /* the rest is set */
    bool sent;
    int status;    /* 0 when none came */
    bool coded;    /* the body has a Transfer-Encoding */
    uint8_t *body; /* when it is whole; else NULL */
    size_t body_length;
    int alert;       /* TLS_NO_ALERT, or the one that the server sent */
    problem failure; /* its detail is empty when the response is whole */
} get_outcome;

/* Says that no request could be sent. */
void get_not_sent(get_outcome *out, const problem *why);

/* Sends the request; what goes wrong is in out->failure, as it is with get_receive. True when it
 * was sent. The caller frees *out with get_free in any case. */
bool get_send(SSL *ssl, const get_options *options, bound *b, get_outcome *out);

/* Reads the response. True when it is whole. */
bool get_receive(SSL *ssl, bound *b, get_outcome *out);

void get_free(get_outcome *out);

#endif
