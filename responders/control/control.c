/* The control API as a whole: from an address to a served socket, and back. */
#include "responders/control/control.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "responders/control/control_internal.h"

#define HEADERS_MAX (16 * 1024)

/* More than we take, so that a body too large gets a problem and not only a closed connection. */
#define HTTP_BODY_MAX (16 * CONTROL_BODY_MAX)

static void on_append(void *arg)
{
    control *c = arg;

    /* Not judged here: the program is in the middle of what it reports. */
    if (c->waits != NULL) {
        event_active(c->appended, EV_TIMEOUT, 0);
        event_active(c->settled, EV_TIMEOUT, 0);
    }
}

static void on_appended(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    control_waits_appended(arg);
}

static void on_settled(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    control_waits_settled(arg);
}

/* RFC 6750 section 2.1, b64token. */
static int check_token(const char *token, problem *p)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=";

    if (strlen(token) < CONTROL_TOKEN_MIN || strspn(token, letters) != strlen(token)) {
        problem_set(p, 400, "",
                    "a control token is at least %d letters, digits or any of -._~+/= "
                    "(RFC 6750)",
                    CONTROL_TOKEN_MIN);
        return -1;
    }
    return 0;
}

static int make_events(control *c)
{
    if (event_base_get_npriorities(c->base) < CONTROL_PRIORITIES &&
        event_base_priority_init(c->base, CONTROL_PRIORITIES) != 0) {
        return -1;
    }
    c->appended = event_new(c->base, -1, 0, on_appended, c);
    c->settled = event_new(c->base, -1, 0, on_settled, c);
    if (c->appended == NULL || c->settled == NULL) {
        return -1;
    }
    return event_priority_set(c->settled, event_base_get_npriorities(c->base) - 1);
}

control *control_new(struct event_base *base, const char *where, const char *token,
                     const control_ops *ops, problem *p)
{
    control *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        problem_set(p, 500, "", "out of memory");
        return NULL;
    }
    c->base = base;
    c->ops = ops;
    c->socket.fd = -1;
    if (token != NULL) {
        if (check_token(token, p) != 0) {
            goto failed;
        }
        c->token = strdup(token);
    } else if (strncmp(where, "tcp:", 4) == 0) {
        problem_set(p, 400, "", "a control API on TCP needs a token: give --control-token-file");
        goto failed;
    }
    if (control_socket_open(&c->socket, where, p) != 0) {
        goto failed;
    }
    c->http = evhttp_new(base);
    if (c->http == NULL || make_events(c) != 0) {
        problem_set(p, 500, "", "cannot set up the control API on its event loop");
        goto failed;
    }
    evhttp_set_max_headers_size(c->http, HEADERS_MAX);
    evhttp_set_max_body_size(c->http, HTTP_BODY_MAX);
    evhttp_set_allowed_methods(c->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
                                            EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
                                            EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
    /* Any timer of evhttp's would run on the program's clock: a step must not cut off a caller
     * that keeps its connection. */
    evhttp_set_timeout(c->http, INT_MAX);
    evhttp_set_gencb(c->http, control_http_handle, c);
    if (evhttp_accept_socket(c->http, c->socket.fd) != 0) {
        problem_set(p, 500, "", "cannot accept on %s", c->socket.where);
        goto failed;
    }
    c->socket.fd = -1; /* evhttp owns it now */
    event_log_on_append(ops->events, on_append, c);
    return c;

failed:
    control_free(c);
    return NULL;
}

void control_free(control *c)
{
    if (c == NULL) {
        return;
    }
    event_log_on_append(c->ops->events, NULL, NULL);
    control_waits_free(c);
    if (c->http != NULL) {
        evhttp_free(c->http);
    }
    if (c->socket.fd >= 0) {
        close(c->socket.fd);
    }
    control_socket_close(&c->socket);
    if (c->appended != NULL) {
        event_free(c->appended);
    }
    if (c->settled != NULL) {
        event_free(c->settled);
    }
    free(c->token);
    free(c);
}

const char *control_where(const control *c)
{
    return c->socket.where;
}

void control_poke(control *c)
{
    if (c != NULL && c->waits != NULL) {
        event_active(c->settled, EV_TIMEOUT, 0);
    }
}
