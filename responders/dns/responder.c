/*
 * The stub as a whole: its listeners, what the control API may ask of it, its end.
 */
#include "responders/dns/responder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "responders/dns/faults/faults.h"
#include "responders/dns/pending.h"
#include "responders/dns/resource.h"
#include "responders/dns/start.h"
#include "responders/dns/tcp.h"
#include "responders/dns/udp.h"

#define PORT_TRIES 32

void server_poke(server *s)
{
    if (s->control != NULL) {
        control_poke(s->control);
    }
}

/*
 * A socket that is shut down stops to listen but stays bound, so its port cannot be taken by
 * somebody else meanwhile; listen() puts it back.
 */
int listener_refuse(listener *l, bool refuse)
{
    if (l->refusing == refuse) {
        return 0;
    }
    if (refuse) {
        event_del(l->tcp_event);
        if (shutdown(l->tcp, SHUT_RDWR) != 0) {
            event_add(l->tcp_event, NULL);
            return -1;
        }
    } else if (listen(l->tcp, SOMAXCONN) != 0 || event_add(l->tcp_event, NULL) != 0) {
        return -1;
    }

    l->refusing = refuse;
    return 0;
}

static uint16_t *port_of(endpoint *e)
{
    return e->address.ss_family == AF_INET ? &((struct sockaddr_in *)&e->address)->sin_port
                                           : &((struct sockaddr_in6 *)&e->address)->sin6_port;
}

/* Binds both transports to one number.  A number that the kernel chose for UDP may be taken
 * over TCP: then it is asked for another, keeping the refused ones so that it cannot repeat. */
static int bind_both(listener *l, const endpoint *wanted, problem *p)
{
    bool any = *port_of(&(endpoint){.address = wanted->address}) == 0;
    int refused[PORT_TRIES], tries, i;

    l->udp = -1;
    l->tcp = -1;

    for (tries = 0; tries < PORT_TRIES; tries++) {
        l->endpoint = *wanted;
        l->udp = endpoint_bind(&l->endpoint, SOCK_DGRAM, p);
        if (l->udp < 0) {
            break;
        }
        l->tcp = endpoint_bind(&l->endpoint, SOCK_STREAM, p);
        if (l->tcp >= 0 || !any) {
            break;
        }
        refused[tries] = l->udp;
        l->udp = -1;
    }

    for (i = 0; i < tries && i < PORT_TRIES; i++) {
        close(refused[i]);
    }
    if (l->tcp < 0 && l->udp >= 0) {
        close(l->udp);
        l->udp = -1;
    }
    return l->tcp < 0 ? -1 : 0;
}

static int open_listener(server *s, const endpoint *wanted, problem *p)
{
    listener *l = &s->listeners[s->nlisteners];

    *l = (listener){.server = s};
    if (bind_both(l, wanted, p) != 0) {
        return -1;
    }
    s->nlisteners++; /* from here on server_stop closes it */

    if (udp_start(l) != 0 || tcp_start(l) != 0) {
        problem_set(p, 500, "", "listener \"%s\": %s", l->endpoint.name, strerror(errno));
        return -1;
    }
    return 0;
}

/* The program's part of /v1/ready. */
static json_t *ready(void *arg)
{
    server *s = arg;
    json_t *listeners = json_array();
    char address[INET6_ADDRSTRLEN];
    listener *l;
    size_t i;

    for (i = 0; i < s->nlisteners; i++) {
        l = &s->listeners[i];
        if (l->endpoint.address.ss_family == AF_INET) {
            inet_ntop(AF_INET, &((struct sockaddr_in *)&l->endpoint.address)->sin_addr, address,
                      sizeof(address));
        } else {
            inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&l->endpoint.address)->sin6_addr, address,
                      sizeof(address));
        }
        json_array_append_new(listeners,
                              json_pack("{s:s, s:s, s:i}", "name", l->endpoint.name, "address",
                                        address, "port", (int)ntohs(*port_of(&l->endpoint))));
    }
    return json_pack("{s:o}", "listeners", listeners);
}

/* Over UDP a query is answered as soon as it is read, so only unread ones are owed. */
static size_t owed(void *arg)
{
    const server *s = arg;
    size_t count = tcp_owed(s), i;
    struct pollfd p[2];
    int n;

    for (i = 0; i < s->nlisteners; i++) {
        p[0] = (struct pollfd){.fd = s->listeners[i].udp, .events = POLLIN};
        p[1] = (struct pollfd){.fd = s->listeners[i].tcp, .events = POLLIN};
        n = poll(p, s->listeners[i].refusing ? 1 : 2, 0);
        count += n > 0 ? (size_t)n : 0;
    }
    return count;
}

/* Takes back what a fault did to listeners, and forgets what it remembers. */
static int rules_changed(void *arg, problem *p)
{
    server *s = arg;
    json_t *rules = rules_to_json(s->rules);
    int result = faults_check_rules(rules, p);
    listener *l;
    size_t i;

    json_decref(rules);
    if (result != 0) {
        return -1;
    }

    memory_clear(s->memory);
    for (i = 0; i < s->nlisteners; i++) {
        l = &s->listeners[i];
        if (!l->refusing) {
            continue;
        }
        if (listener_refuse(l, false) != 0) {
            problem_set(p, 500, "", "listener \"%s\" cannot listen again: %s", l->endpoint.name,
                        strerror(errno));
            return -1;
        }
        event_log_append(s->events, "listener",
                         json_pack("{s:s, s:s, s:s, s:[]}", "listener", l->endpoint.name,
                                   "transport", "tcp", "state", "open", "faults"));
    }
    return 0;
}

static void reset(void *arg)
{
    server *s = arg;

    pending_forget(s, NULL, "reset");
    tcp_close_all(s);
    records_reset(s->records);
    memory_clear(s->memory);
}

static void metrics(void *arg, struct evbuffer *out)
{
    const server *s = arg;

    evbuffer_add_printf(out,
                        "# HELP staplelab_dns_queries_total Messages received, by transport.\n"
                        "# TYPE staplelab_dns_queries_total counter\n"
                        "staplelab_dns_queries_total{transport=\"udp\"} %" PRIu64 "\n"
                        "staplelab_dns_queries_total{transport=\"tcp\"} %" PRIu64 "\n",
                        s->counters.udp_queries, s->counters.tcp_queries);
    evbuffer_add_printf(out,
                        "# HELP staplelab_dns_malformed_total Messages that were no proper query.\n"
                        "# TYPE staplelab_dns_malformed_total counter\n"
                        "staplelab_dns_malformed_total %" PRIu64 "\n"
                        "# HELP staplelab_dns_answers_total Answers sent.\n"
                        "# TYPE staplelab_dns_answers_total counter\n"
                        "staplelab_dns_answers_total %" PRIu64 "\n"
                        "# HELP staplelab_dns_dropped_total Answers withheld.\n"
                        "# TYPE staplelab_dns_dropped_total counter\n"
                        "staplelab_dns_dropped_total %" PRIu64 "\n",
                        s->counters.malformed, s->counters.answers, s->counters.dropped);
    evbuffer_add_printf(out,
                        "# HELP staplelab_dns_connections Open TCP connections.\n"
                        "# TYPE staplelab_dns_connections gauge\n"
                        "staplelab_dns_connections %zu\n"
                        "# HELP staplelab_dns_pending Answers that wait for the clock.\n"
                        "# TYPE staplelab_dns_pending gauge\n"
                        "staplelab_dns_pending %zu\n",
                        s->nconnections, s->npending);
}

static bool resource(void *arg, const char *method, const char *path, json_t *body, json_t **answer,
                     problem *p)
{
    server *s = arg;

    return records_resource(s->records, method, path, body, answer, p);
}

void server_stop(void *arg)
{
    server *s = arg;
    size_t i;

    s->control = NULL;
    pending_stop(s);
    tcp_close_all(s);
    for (i = 0; i < s->nlisteners; i++) {
        udp_stop(&s->listeners[i]);
        tcp_stop(&s->listeners[i]);
    }
    s->nlisteners = 0;
}

int server_start(void *arg, struct event_base *base, program_options *o, rule_set *rules,
                 event_log *events, control_ops *ops, problem *p)
{
    server *s = arg;
    size_t i;

    s->base = base;
    s->rules = rules;
    s->events = events;

    if (pending_start(s) != 0) {
        problem_set(p, 500, "", "out of memory");
        return -1;
    }
    for (i = 0; i < o->nlisteners; i++) {
        if (open_listener(s, &o->listeners[i], p) != 0) {
            server_stop(s);
            return -1;
        }
    }

    *ops = (control_ops){.arg = s,
                         .ready = ready,
                         .owed = owed,
                         .rules_changed = rules_changed,
                         .reset = reset,
                         .resource = resource,
                         .metrics = metrics};
    return 0;
}

void server_started(void *arg, control *c)
{
    server *s = arg;

    s->control = c;
}
