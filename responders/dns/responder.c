/* See responder.h. */
#include "responders/dns/responder.h"

#include <inttypes.h>
#include <stdlib.h>

#include "harness/base/memory.h"
#include "responders/dns/connection.h"
#include "responders/dns/datagrams.h"
#include "responders/dns/resource.h"

struct dns_responder {
    dns_store *store;
    dns_service service;
    dns_connections *connections;
    dns_datagrams *datagrams;
};

dns_responder *dns_responder_new(void)
{
    dns_responder *r = memory_new(sizeof(*r));

    r->store = dns_store_new();
    return r;
}

void dns_responder_free(dns_responder *r)
{
    dns_store_free(r->store);
    free(r);
}

dns_store *dns_responder_store(const dns_responder *r)
{
    return r->store;
}

static void on_accept(void *arg, listener *l, int fd, const struct sockaddr_storage *peer)
{
    const dns_responder *r = arg;

    dns_connections_accept(r->connections, l, fd, peer);
    control_poke(r->service.control);
}

static int open_listener(dns_responder *r, endpoint e, problem *p)
{
    int udp, tcp;
    listener *l;

    if (endpoint_bind_both(&e, &udp, &tcp, p) != 0) {
        return -1;
    }
    l = listeners_add(r->service.listeners, &e, tcp);
    return dns_datagrams_add(r->datagrams, &e, udp, l, p);
}

static json_t *ready(void *arg)
{
    const dns_responder *r = arg;

    return json_pack("{s:o}", "listeners", listeners_to_json(r->service.listeners));
}

/* A query over UDP is responded to as soon as it is read. */
static size_t owed(void *arg)
{
    const dns_responder *r = arg;

    return dns_connections_owed(r->connections);
}

static int apply(void *arg, const rule_list *rules, problem *p)
{
    dns_responder *r = arg;

    if (listeners_follow(r->service.listeners, rules, p) != 0) {
        return -1;
    }
    fault_state_clear(r->service.terms.state);
    return 0;
}

static void reset(void *arg)
{
    dns_responder *r = arg;

    dns_datagrams_drop(r->datagrams, "reset");
    dns_connections_close(r->connections, "reset");
    listeners_resume(r->service.listeners);
    dns_store_reset(r->store);
    fault_state_clear(r->service.terms.state);
}

static int serve_records(void *arg, const char *method, const char *rest, json_t *body,
                         json_t **response, problem *p)
{
    const dns_responder *r = arg;

    (void)rest;
    (void)body;
    return dns_resource_all(r->store, method, response, p);
}

static int serve_record_set(void *arg, const char *method, const char *set, json_t *body,
                            json_t **response, problem *p)
{
    const dns_responder *r = arg;

    return dns_resource_one(r->store, method, set, body, response, p);
}

static const control_resource resources[] = {
    {"/v1/records", serve_records},
    {"/v1/records/", serve_record_set},
    {0},
};

static void counter(struct evbuffer *out, const char *name, const char *summary, uint64_t value)
{
    evbuffer_add_printf(out,
                        "# HELP staplelab_dns_%s %s\n"
                        "# TYPE staplelab_dns_%s counter\n"
                        "staplelab_dns_%s %" PRIu64 "\n",
                        name, summary, name, name, value);
}

static void gauge(struct evbuffer *out, const char *name, const char *summary, size_t value)
{
    evbuffer_add_printf(out,
                        "# HELP staplelab_dns_%s %s\n"
                        "# TYPE staplelab_dns_%s gauge\n"
                        "staplelab_dns_%s %zu\n",
                        name, summary, name, name, value);
}

static void metrics(void *arg, struct evbuffer *out)
{
    const dns_responder *r = arg;
    const dns_service *s = &r->service;

    evbuffer_add_printf(out,
                        "# HELP staplelab_dns_queries_total Messages received, by transport.\n"
                        "# TYPE staplelab_dns_queries_total counter\n"
                        "staplelab_dns_queries_total{transport=\"udp\"} %" PRIu64 "\n"
                        "staplelab_dns_queries_total{transport=\"tcp\"} %" PRIu64 "\n",
                        s->counters.udp_queries, s->counters.tcp_queries);
    counter(out, "malformed_total", "Messages that were no proper query.", s->counters.malformed);
    counter(out, "responses_total", "Responses sent.", s->counters.responses);
    counter(out, "dropped_total", "Responses withheld.", s->counters.dropped);
    gauge(out, "connections", "Open TCP connections.", dns_connections_count(r->connections));
    gauge(out, "pending", "Responses that wait for the clock.", s->waiting);
}

void dns_responder_stop(void *arg)
{
    dns_responder *r = arg;
    dns_service *s = &r->service;

    s->control = NULL;
    dns_datagrams_free(r->datagrams);
    dns_connections_free(r->connections);
    listeners_free(s->listeners);
    timers_free(s->timers);
    fault_state_free(s->terms.state);
}

int dns_responder_start(void *arg, struct event_base *base, const program_options *o,
                        rule_set *rules, event_log *events, control_ops *ops, problem *p)
{
    dns_responder *r = arg;
    dns_service *s = &r->service;

    *s = (dns_service){.base = base, .timers = timers_new(base)};
    s->terms = (dns_exchange_terms){
        .store = r->store, .rules = rules, .events = events, .state = fault_state_new()};
    s->listeners = listeners_new(base, events, "tcp", on_accept, r);
    r->connections = dns_connections_new(s);
    r->datagrams = dns_datagrams_new(s);
    for (size_t i = 0; i < o->nlisteners; i++) {
        if (open_listener(r, o->listeners[i], p) != 0) {
            dns_responder_stop(r);
            return -1;
        }
    }

    *ops = (control_ops){.arg = r,
                         .ready = ready,
                         .owed = owed,
                         .apply = apply,
                         .reset = reset,
                         .resources = resources,
                         .metrics = metrics};
    return 0;
}

void dns_responder_started(void *arg, control *c)
{
    dns_responder *r = arg;

    r->service.control = c;
}
