/* See responder.h. */
#include "responders/ocsp/responder.h"

#include <event2/buffer.h>
#include <time.h>

#include "responders/ocsp/resource.h"

static json_t *ready(void *arg)
{
    const ocsp_responder *r = arg;
    return json_pack("{s:o, s:I}", "listeners", listeners_to_json(r->listeners), "certificates",
                     (json_int_t)r->store.count);
}

static size_t owed(void *arg)
{
    const ocsp_responder *r = arg;
    return ocsp_connections_owed(&r->connections);
}

static int apply(void *arg, const rule_list *rules, problem *p)
{
    const ocsp_responder *r = arg;
    return listeners_follow(r->listeners, rules, p);
}

static void reset(void *arg)
{
    ocsp_responder *r = arg;
    ocsp_connections_close(&r->connections);
    ocsp_store_reset(&r->store);
    listeners_resume(r->listeners);
}

static int serve_certificates(void *arg, const char *method, const char *rest, json_t *body,
                              json_t **response, problem *p)
{
    const ocsp_responder *r = arg;

    (void)rest;
    (void)body;
    return ocsp_resource_all(&r->store, method, response, p);
}

static int serve_certificate(void *arg, const char *method, const char *serial, json_t *body,
                             json_t **response, problem *p)
{
    ocsp_responder *r = arg;

    return ocsp_resource_one(&r->store, method, serial, body, time(NULL), response, p);
}

static const control_resource resources[] = {
    {"/v1/certificates", serve_certificates},
    {"/v1/certificates/", serve_certificate},
    {0},
};

static void metrics(void *arg, struct evbuffer *out)
{
    const ocsp_responder *r = arg;
    const ocsp_connections *c = &r->connections;
    evbuffer_add_printf(out,
                        "# HELP faulty_ocspd_connections_total Connections accepted.\n"
                        "# TYPE faulty_ocspd_connections_total counter\n"
                        "faulty_ocspd_connections_total %llu\n"
                        "# HELP faulty_ocspd_requests_total Requests read.\n"
                        "# TYPE faulty_ocspd_requests_total counter\n"
                        "faulty_ocspd_requests_total %llu\n"
                        "# HELP faulty_ocspd_responses_total Responses written.\n"
                        "# TYPE faulty_ocspd_responses_total counter\n"
                        "faulty_ocspd_responses_total %llu\n"
                        "# HELP faulty_ocspd_connections_open Connections open now.\n"
                        "# TYPE faulty_ocspd_connections_open gauge\n"
                        "faulty_ocspd_connections_open %zu\n",
                        (unsigned long long)c->accepted, (unsigned long long)c->requests,
                        (unsigned long long)c->responses, c->open);
}

static void on_accept(void *arg, listener *l, int fd, const struct sockaddr_storage *peer)
{
    ocsp_responder *r = arg;
    char client[INET6_ADDRSTRLEN];
    endpoint_ip(peer, client, sizeof(client));
    ocsp_connections_add(&r->connections, listener_endpoint(l)->name, client, fd);
}

static void on_change(void *arg, bool ended)
{
    ocsp_responder *r = arg;
    if (ended) {
        listeners_resume(r->listeners);
    }
    control_poke(r->control);
}

int ocsp_responder_start(ocsp_responder *r, struct event_base *base, const endpoint *endpoints,
                         size_t count, rule_set *rules, event_log *events, control_ops *ops,
                         problem *p)
{
    r->timers = timers_new(base);
    r->listeners = listeners_new(base, events, NULL, on_accept, r);
    r->connections = (ocsp_connections){
        .base = base,
        .timers = r->timers,
        .terms = {.store = &r->store, .rules = rules, .events = events},
        .on_change = on_change,
        .arg = r,
    };
    for (size_t i = 0; i < count; i++) {
        endpoint one = endpoints[i];
        int fd = endpoint_bind(&one, SOCK_STREAM, p);
        if (fd < 0) {
            ocsp_responder_stop(r);
            return -1;
        }
        listeners_add(r->listeners, &one, fd);
    }
    ops->arg = r;
    ops->ready = ready;
    ops->owed = owed;
    ops->apply = apply;
    ops->reset = reset;
    ops->resources = resources;
    ops->metrics = metrics;
    return 0;
}

void ocsp_responder_stop(ocsp_responder *r)
{
    r->control = NULL;
    ocsp_connections_close(&r->connections);
    listeners_free(r->listeners);
    timers_free(r->timers);
}
