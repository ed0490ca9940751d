/* The control API as a whole: from an address to a served socket, and back. */
#include "responders/control/control.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/control/accept.h"
#include "responders/control/gate.h"
#include "responders/control/http.h"
#include "responders/control/reply.h"
#include "responders/control/routes.h"
#include "responders/control/socket.h"
#include "responders/control/waits.h"

/* More than we take, so that a body too large gets a problem and not only a closed connection. */
#define HTTP_BODY_MAX (16 * CONTROL_BODY_MAX)

struct control {
    struct evhttp *http;
    char *token; /* NULL: none needed */
    gate *gate;  /* NULL where no token is needed */
    control_accept *accept;
    bool on_tcp;
    control_socket socket;
    control_routes routes;
};

static void on_request(struct evhttp_request *request, void *arg)
{
    control *c = arg;
    control_request x;
    problem p = {0};
    json_t *body = NULL;
    int rc;

    control_accept_refill(c->accept);
    if (c->on_tcp && control_http_is_of_a_page(request, &p)) {
        control_reply_problem(request, &p, NULL);
        return;
    }
    if (!control_http_authorised(c->token, request)) {
        problem_set(&p, 401, "", "this API needs \"Authorization: Bearer TOKEN\"");
        control_reply_problem(request, &p, NULL);
        return;
    }
    rc = control_request_read(request, &x, &p);
    if (rc == 0) {
        rc = control_route(&c->routes, &x, &body, &p);
    }
    if (rc != 0) {
        control_reply_problem(request, &p, NULL);
    } else if (body != NULL) {
        control_reply_json(request, 200, body);
    }
    control_request_clear(&x);
}

static int check_access(const char *where, const char *token, problem *p)
{
    if (token != NULL) {
        return control_http_check_token(token, p);
    }
    if (strncmp(where, "tcp:", 4) == 0) {
        return problem_refuse(p, "",
                              "a control API on TCP needs a token: give --control-token-file");
    }
    return 0;
}

static struct evhttp *http_new(struct event_base *base, control *c)
{
    struct evhttp *http = memory_made(evhttp_new(base));

    evhttp_set_max_headers_size(http, CONTROL_HEAD_MAX);
    evhttp_set_max_body_size(http, HTTP_BODY_MAX);
    evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
                                         EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
                                         EVHTTP_REQ_PATCH);
    /* Any timer of evhttp's would run on the program's clock: a step must not cut off a caller
     * that keeps its connection. */
    evhttp_set_timeout(http, INT_MAX);
    evhttp_set_gencb(http, on_request, c);
    if (c->token != NULL) {
        c->gate = gate_new(base, c->token);
        evhttp_set_bevcb(http, gate_bufferevent, c->gate);
    }
    return http;
}

int control_new(struct event_base *base, const char *where, const char *token,
                const control_ops *ops, control **out, problem *p)
{
    control *c;

    if (check_access(where, token, p) != 0) {
        return -1;
    }
    if (event_base_get_npriorities(base) < CONTROL_PRIORITIES &&
        event_base_priority_init(base, CONTROL_PRIORITIES) != 0) {
        return problem_fail(p, "cannot set up the control API on its event loop");
    }
    c = memory_new(sizeof(*c));
    c->token = token == NULL ? NULL : memory_text(token);
    if (control_socket_open(&c->socket, where, p) != 0) {
        control_free(c);
        return -1;
    }
    c->routes = (control_routes){
        .ops = ops, .waits = control_waits_new(base, ops), .where = c->socket.where};
    c->on_tcp = c->socket.path[0] == '\0';
    c->http = http_new(base, c);
    c->accept = control_accept_new(base, c->http, c->socket.fd);
    if (c->accept == NULL) {
        problem_set(p, 500, "", "cannot accept on %s", c->socket.where);
        control_free(c);
        return -1;
    }
    *out = c;
    return 0;
}

void control_free(control *c)
{
    if (c == NULL) {
        return;
    }
    control_waits_free(c->routes.waits);
    control_accept_free(c->accept);
    if (c->http != NULL) {
        evhttp_free(c->http); /* and the socket */
    }
    gate_free(c->gate);
    control_socket_remove(&c->socket);
    free(c->token);
    free(c);
}

const char *control_where(const control *c)
{
    return c->socket.where;
}

void control_poke(control *c)
{
    if (c != NULL) {
        control_waits_poke(c->routes.waits);
    }
}
