/*
 * Under TLS 1.3 the client is done before the server has judged its certificate: the refusal comes
 * as an alert in the place of a response.
 */
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "harness/base/octets.h"
#include "harness/clients/get.h"
#include "harness/clients/get_response.h"

static const char failed[] = "the request failed";

void get_not_sent(get_outcome *out, const problem *why)
{
    *out = (get_outcome){.wanted = true, .alert = TLS_NO_ALERT};
    problem_fail(&out->failure, "no request was sent: %s", why->detail);
}

/* A request of an IPv6 address has brackets around it (RFC 3986 section 3.2.2). */
static void make_request(const get_options *options, octets *out)
{
    bool bare = strchr(options->host, ':') != NULL;
    bool usual = strcmp(options->port, "443") == 0;
    octets_append_format(out, "GET %s HTTP/1.1\r\nHost: %s%s%s%s%s\r\nConnection: close\r\n\r\n",
                         options->path, bare ? "[" : "", options->host, bare ? "]" : "",
                         usual ? "" : ":", usual ? "" : options->port);
}

/* Reads more of the response. 1 when there is some, 0 at its end, -1 with out->failure. */
static int read_more(SSL *ssl, bound *b, octets *into, get_outcome *out)
{
    for (;;) {
        uint8_t *room = octets_reserve(into, SSL3_RT_MAX_PLAIN_LENGTH);
        ERR_clear_error();
        errno = 0;
        int rc = SSL_read(ssl, room, SSL3_RT_MAX_PLAIN_LENGTH);
        if (rc > 0) {
            into->length += (size_t)rc;
            return 1;
        }
        if (SSL_get_error(ssl, rc) == SSL_ERROR_ZERO_RETURN) {
            return 0;
        }
        if (tls_wait(ssl, rc, b, failed, &out->alert, &out->failure) != 0) {
            return -1;
        }
    }
}

/* A server that refuses the client may have closed before the request came: that it cannot be sent
 * is known, why stands in an alert that is still to be read. */
static void look_for_alert(SSL *ssl, bound *b, get_outcome *out)
{
    octets rest = {0};
    get_outcome seen = {.alert = TLS_NO_ALERT};
    if (read_more(ssl, b, &rest, &seen) == -1 && seen.alert != TLS_NO_ALERT) {
        out->failure = seen.failure;
        out->alert = seen.alert;
    }
    octets_free(&rest);
}

bool get_send(SSL *ssl, const get_options *options, bound *b, get_outcome *out)
{
    octets request = {0};
    *out = (get_outcome){.wanted = true, .alert = TLS_NO_ALERT};
    make_request(options, &request);
    for (;;) {
        ERR_clear_error();
        errno = 0;
        int rc = SSL_write(ssl, request.data, (int)request.length);
        if (rc > 0) {
            out->sent = true;
            break;
        }
        if (tls_wait(ssl, rc, b, failed, &out->alert, &out->failure) != 0) {
            look_for_alert(ssl, b, out);
            break;
        }
    }
    octets_free(&request);
    return out->sent;
}

bool get_receive(SSL *ssl, bound *b, get_outcome *out)
{
    octets all = {0};
    get_response seen = {0};
    problem why;
    int more = 1;
    int whole = 0;
    while (more == 1 && whole == 0) {
        more = read_more(ssl, b, &all, out);
        if (more == -1) {
            break;
        }
        whole = get_response_read(octets_span(&all), more == 0, &seen, &why);
        if (whole == -1) {
            problem_fail(&out->failure, "%s: %s", failed, why.detail);
        } else if (whole == 0 && all.length > GET_OCTETS_MAX) {
            whole = problem_fail(&out->failure, "%s: the response has more than %d octets", failed,
                                 GET_OCTETS_MAX);
        }
    }
    out->status = seen.status;
    out->coded = seen.coded;
    if (whole == 1) {
        out->body_length = seen.body.length;
        out->body = memory_array(seen.body.length + 1, 1);
        memcpy(out->body, seen.body.data, seen.body.length);
    }
    octets_free(&all);
    return whole == 1;
}

void get_free(get_outcome *out)
{
    free(out->body);
    *out = (get_outcome){0};
}
