/*
 * HTTP around the routes: who may ask, what was asked, and how it is answered.
 * evhttp does the protocol itself; it is used for this API only.
 */
#include <event2/buffer.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "responders/control/control_internal.h"

static const char *method_name(enum evhttp_cmd_type command)
{
    switch (command) {
    case EVHTTP_REQ_GET:
    case EVHTTP_REQ_HEAD: /* the same without the body */
        return "GET";
    case EVHTTP_REQ_POST:
        return "POST";
    case EVHTTP_REQ_PUT:
        return "PUT";
    case EVHTTP_REQ_DELETE:
        return "DELETE";
    case EVHTTP_REQ_OPTIONS:
        return "OPTIONS";
    case EVHTTP_REQ_PATCH:
        return "PATCH";
    default:
        return "this method";
    }
}

void control_http_send(struct evhttp_request *request, int status, const char *type,
                       struct evbuffer *body)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    char length[24];

    evhttp_add_header(headers, "Content-Type", type);
    evhttp_add_header(headers, "Cache-Control", "no-store");
    if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD) {
        /* evhttp 2.1 would send the body all the same, without saying how long it is. */
        snprintf(length, sizeof(length), "%zu", evbuffer_get_length(body));
        evhttp_add_header(headers, "Content-Length", length);
        evbuffer_drain(body, evbuffer_get_length(body));
    }
    evhttp_send_reply(request, status, NULL, body);
    evbuffer_free(body);
}

static void send_json(struct evhttp_request *request, int status, const char *type, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(15));
    struct evbuffer *out = evbuffer_new();

    json_decref(body);
    if (text == NULL || out == NULL) {
        if (out != NULL) {
            evbuffer_free(out);
        }
        free(text);
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
        return;
    }
    evbuffer_add_printf(out, "%s\n", text);
    free(text);
    control_http_send(request, status, type, out);
}

void control_http_answer(struct evhttp_request *request, int status, json_t *body)
{
    send_json(request, status, "application/json", body);
}

void control_http_problem(struct evhttp_request *request, const problem *p, json_t *more)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    json_t *body = problem_to_json(p);

    if (more != NULL) {
        json_object_update(body, more);
        json_decref(more);
    }
    if (p->status == 401) {
        evhttp_add_header(headers, "WWW-Authenticate", "Bearer realm=\"staplelab\"");
    }
    if (p->status == 405) {
        evhttp_add_header(headers, "Allow", p->allow);
    }
    send_json(request, p->status, "application/problem+json", body);
}

/* Takes as long whatever was sent, so that a token cannot be guessed octet by octet. */
static bool same_token(const char *wanted, const char *given)
{
    const size_t nwanted = strlen(wanted), ngiven = strlen(given);
    unsigned char differs = nwanted == ngiven ? 0 : 1;

    for (size_t i = 0; i < nwanted; i++) {
        unsigned char octet = ngiven == 0 ? 0 : (unsigned char)given[i % ngiven];

        differs |= (unsigned char)wanted[i] ^ octet;
    }
    return differs == 0;
}

static bool authorised(const control *c, struct evhttp_request *request)
{
    const char *value =
        evhttp_find_header(evhttp_request_get_input_headers(request), "Authorization");

    if (c->token == NULL) {
        return true;
    }
    if (value == NULL || strncasecmp(value, "Bearer ", 7) != 0) {
        return false;
    }
    return same_token(c->token, value + 7 + strspn(value + 7, " "));
}

static int read_body(exchange *x, problem *p)
{
    struct evbuffer *in = evhttp_request_get_input_buffer(x->http);
    const size_t length = evbuffer_get_length(in);
    json_error_t error;

    if (length == 0) {
        return 0;
    }
    if (length > CONTROL_BODY_MAX) {
        problem_set(p, 413, "", "a body has at most %d octets, this one has %zu", CONTROL_BODY_MAX,
                    length);
        return -1;
    }
    if (strcmp(x->method, "POST") != 0 && strcmp(x->method, "PUT") != 0) {
        problem_set(p, 400, "", "%s takes no body", x->method);
        return -1;
    }
    x->body = json_loadb((const char *)evbuffer_pullup(in, -1), length,
                         JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (x->body == NULL) {
        problem_set(p, 400, "", "the body is not JSON: line %d, column %d: %s", error.line,
                    error.column, error.text);
        return -1;
    }
    return 0;
}

static int read_target(exchange *x, problem *p)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(x->http);
    const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);
    const char *query = uri == NULL ? NULL : evhttp_uri_get_query(uri);
    size_t length = 0;

    x->path = path == NULL ? NULL : evhttp_uridecode(path, 0, &length);
    if (x->path == NULL || strlen(x->path) != length) {
        problem_set(p, 400, "", "the request target has no usable path");
        return -1;
    }
    if (query != NULL && evhttp_parse_query_str(query, &x->query) != 0) {
        problem_set(p, 400, "", "the query is not NAME=VALUE pairs joined by \"&\"");
        return -1;
    }
    return 0;
}

void control_http_handle(struct evhttp_request *request, void *arg)
{
    control *c = arg;
    exchange x = {.http = request, .method = method_name(evhttp_request_get_command(request))};
    problem p = {0};
    json_t *answer = NULL;
    outcome o = OUTCOME_PROBLEM;

    TAILQ_INIT(&x.query);
    if (!authorised(c, request)) {
        problem_set(&p, 401, "", "this API needs \"Authorization: Bearer TOKEN\"");
    } else if (read_target(&x, &p) == 0 && read_body(&x, &p) == 0) {
        o = control_route(c, &x, &answer, &p);
    }

    if (o == OUTCOME_ANSWER) {
        control_http_answer(request, 200, answer);
    } else if (o == OUTCOME_PROBLEM) {
        control_http_problem(request, &p, NULL);
    }
    evhttp_clear_headers(&x.query);
    free(x.path);
    json_decref(x.body);
}
