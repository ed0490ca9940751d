/* See reply.h. */
#include "responders/control/reply.h"

#include <event2/keyvalq_struct.h>
#include <stdio.h>

#include "harness/base/memory.h"

void control_reply(struct evhttp_request *request, int status, const char *type,
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

static int add(const char *octets, size_t length, void *arg)
{
    return evbuffer_add(arg, octets, length);
}

/* Written out piece by piece: a list of events is large, and twice would be too much. */
static void send_json(struct evhttp_request *request, int status, const char *type, json_t *body)
{
    struct evbuffer *out = memory_made(evbuffer_new());

    json_dump_callback(body, add, out, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(body);
    evbuffer_add(out, "\n", 1);
    control_reply(request, status, type, out);
}

void control_reply_json(struct evhttp_request *request, int status, json_t *body)
{
    send_json(request, status, "application/json", body);
}

void control_reply_problem(struct evhttp_request *request, const problem *p, json_t *more)
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
