/*
 * One query, from its octets to the answer's: parse, ask the rules, make the healthy answer,
 * let faults change it, encode, deliver, and tell of each step in an event.
 */
#include "responders/dns/exchange.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "responders/dns/codec/dns_query.h"
#include "responders/dns/codec/dns_type.h"
#include "responders/dns/faults/faults.h"
#include "responders/dns/match.h"
#include "responders/dns/pending.h"
#include "responders/dns/tcp.h"
#include "responders/dns/udp.h"

#define UDP_SIZE_MAX 4096 /* no larger datagram leaves us, whatever EDNS allows */

typedef struct {
    server *server;
    const origin *origin;
    dns_query query;
    char qname[DNS_NAME_TEXT_SIZE]; /* lower case */
    char qtype[DNS_TYPE_TEXT_SIZE];
    plan plan;
    dns_reply reply;
    delivery delivery;
} request;

const char *origin_transport(const origin *o)
{
    return o->connection != NULL ? "tcp" : "udp";
}

static void client_to_text(const origin *o, char out[INET6_ADDRSTRLEN], unsigned *port)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&o->client;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&o->client;

    if (o->client.ss_family == AF_INET) {
        inet_ntop(AF_INET, &v4->sin_addr, out, INET6_ADDRSTRLEN);
        *port = ntohs(v4->sin_port);
    } else {
        inet_ntop(AF_INET6, &v6->sin6_addr, out, INET6_ADDRSTRLEN);
        *port = ntohs(v6->sin6_port);
    }
}

json_t *origin_to_json(const origin *o)
{
    char client[INET6_ADDRSTRLEN] = "";
    json_t *event = json_object();
    unsigned port = 0;

    client_to_text(o, client, &port);
    json_object_set_new(event, "listener", json_string(o->listener->endpoint.name));
    json_object_set_new(event, "client", json_string(client));
    json_object_set_new(event, "client_port", json_integer(port));
    json_object_set_new(event, "transport", json_string(origin_transport(o)));
    if (o->connection != NULL) {
        json_object_set_new(event, "connection",
                            json_integer((json_int_t)tcp_number(o->connection)));
    }
    return event;
}

/* The fields that every event of a request has. */
static json_t *describe(const request *r)
{
    json_t *event = origin_to_json(r->origin);

    if (r->reply.question || r->qtype[0] != '\0') {
        json_object_set_new(event, "qname", json_string(r->qname));
        json_object_set_new(event, "qtype", json_string(r->qtype));
    }
    plan_describe(&r->plan, event);
    return event;
}

static json_t *describe_answer(const request *r, size_t octets)
{
    json_t *event = describe(r), *answers = json_array();
    char text[DNS_RR_TEXT_SIZE];
    size_t i;

    for (i = 0; i < r->reply.answer.count; i++) {
        dns_rr_to_text(&r->reply.answer.list[i], text);
        json_array_append_new(answers, json_string(text));
    }

    json_object_set_new(event, "rcode", json_integer(r->reply.rcode));
    json_object_set_new(event, "answers", answers);
    json_object_set_new(event, "octets", json_integer((json_int_t)octets));
    json_object_set_new(event, "truncated", json_boolean(r->reply.tc));
    return event;
}

void answer_dropped(server *s, json_t *event, const char *why)
{
    static const char *const answers_only[] = {"rcode", "answers", "octets", "truncated"};
    size_t i;

    for (i = 0; i < sizeof(answers_only) / sizeof(answers_only[0]); i++) {
        json_object_del(event, answers_only[i]);
    }
    json_object_set_new(event, "why", json_string(why));
    s->counters.dropped++;
    event_log_append(s->events, "dropped", event);
}

void answer_send(server *s, const origin *o, const uint8_t *octets, size_t length, json_t *event)
{
    if (o->connection != NULL) {
        tcp_send(o->connection, octets, length);
    } else if (udp_send(o, octets, length) != 0) {
        answer_dropped(s, event, strerror(errno));
        return;
    }

    s->counters.answers++;
    event_log_append(s->events, "answer", event);
}

void answer_sent(const origin *o)
{
    if (o->connection != NULL) {
        tcp_settle(o->connection);
    }
}

static void apply(request *r, fault_context *c, const char *layer)
{
    const fault_use *use = plan_layer(&r->plan, layer);
    const dns_fault *fault = use == NULL ? NULL : use->spec->impl;

    if (fault != NULL && fault->edit != NULL) {
        fault->edit(c, use->params);
    }
}

static void mangle(request *r, const fault_context *c, dns_octets *octets)
{
    const fault_use *use = plan_layer(&r->plan, "dns");
    const dns_fault *fault = use == NULL ? NULL : use->spec->impl;

    if (fault != NULL && fault->mangle != NULL) {
        fault->mangle(c, use->params, octets);
    }
}

static void refuse_connections(request *r)
{
    listener *l = r->origin->listener;
    json_t *event;

    if (l->refusing || listener_refuse(l, true) != 0) {
        return;
    }
    event = json_pack("{s:s, s:s, s:s}", "listener", l->endpoint.name, "transport", "tcp", "state",
                      "closed");
    plan_describe(&r->plan, event);
    event_log_append(r->server->events, "listener", event);
}

static void hold(request *r, const char *why)
{
    json_t *event = describe(r);

    json_object_set_new(event, "why", json_string(why));
    event_log_append(r->server->events, "held", event);
}

/* Encodes and delivers what the request's reply has become; `c` is NULL without a plan. */
static void deliver(request *r, const fault_context *c)
{
    server *s = r->server;
    size_t limit = DNS_MESSAGE_MAX;
    json_t *event;

    if (r->delivery.refuse) {
        refuse_connections(r);
    }
    if (r->delivery.reset && r->origin->connection != NULL) {
        tcp_doom(r->origin->connection, describe(r));
        return;
    }
    if (r->delivery.stall) {
        hold(r, "no answer is to come");
        return;
    }
    if (r->delivery.drop) {
        answer_dropped(s, describe(r), "fault");
        return;
    }

    if (r->origin->connection == NULL) {
        limit = r->query.udp_size < UDP_SIZE_MAX ? r->query.udp_size : UDP_SIZE_MAX;
    }
    dns_reply_encode(&r->reply, limit, &s->output);
    if (c != NULL) {
        mangle(r, c, &s->output);
    }

    event = describe_answer(r, s->output.length);
    if (r->delivery.delay_ms == 0) {
        answer_send(s, r->origin, s->output.data, s->output.length, event);
        return;
    }
    hold(r, "waits for the clock");
    if (pending_add(s, r->origin, &s->output, r->delivery.delay_ms, event) != 0) {
        answer_dropped(s, event, "too many answers wait");
    }
}

/* A message that is no proper query: no rule can match it. */
static void answer_malformed(request *r, dns_query_result result, uint8_t rcode, const char *why,
                             size_t length)
{
    json_t *event = origin_to_json(r->origin);

    r->server->counters.malformed++;
    json_object_set_new(event, "octets", json_integer((json_int_t)length));
    json_object_set_new(event, "why", json_string(why));
    event_log_append(r->server->events, "malformed", event);

    if (result == DNS_QUERY_REJECT) {
        r->reply.rcode = rcode;
        deliver(r, NULL);
    }
}

static void log_query(const request *r, size_t length)
{
    json_t *event = describe(r);

    json_object_set_new(event, "id", json_integer(r->query.id));
    json_object_set_new(event, "octets", json_integer((json_int_t)length));
    json_object_set_new(event, "edns", json_boolean(r->query.edns));
    event_log_append(r->server->events, "query", event);
}

static void decide(request *r)
{
    char client[INET6_ADDRSTRLEN] = "";
    const char *values[MATCH_KEYS];
    const match_subject subject = {.values = values};
    unsigned port;

    client_to_text(r->origin, client, &port);
    values[MATCH_LISTENER] = r->origin->listener->endpoint.name;
    values[MATCH_CLIENT] = client;
    values[MATCH_TRANSPORT] = origin_transport(r->origin);
    values[MATCH_QNAME] = r->qname;
    values[MATCH_QTYPE] = r->qtype;
    rules_decide(r->server->rules, FAULT_AT_REQUEST, &subject, &r->plan);
}

static void healthy(request *r)
{
    dns_reply *reply = &r->reply;

    reply->aa = true;
    reply->question = true;
    reply->name = r->query.name;
    reply->type = r->query.type;
    reply->class = r->query.class;
    reply->edns = r->query.edns;

    if (r->query.version > 0) {
        reply->rcode = DNS_RCODE_BADVERS;
    } else if (r->query.class != DNS_CLASS_IN) {
        reply->rcode = DNS_RCODE_REFUSED;
    } else {
        records_answer(r->server->records, &r->query.name, r->query.type, reply);
    }
}

static void answer_query(request *r, const uint8_t *octets, size_t length)
{
    server *s = r->server;
    dns_name name = r->query.name;
    fault_context c = {.query = &r->query,
                       .octets = octets,
                       .length = length,
                       .tcp = r->origin->connection != NULL,
                       .now = time(NULL),
                       .records = s->records,
                       .memory = s->memory,
                       .reply = &r->reply,
                       .delivery = &r->delivery};

    dns_name_lower(&name);
    dns_name_to_text(&name, r->qname);
    dns_type_to_text(r->query.type, r->qtype);

    decide(r);
    log_query(r, length);
    healthy(r);

    c.rule = r->plan.rule;
    c.ordinal = r->plan.ordinal;
    apply(r, &c, "dns");
    apply(r, &c, "tcp");
    deliver(r, &c);
}

void answer_message(server *s, const origin *o, const uint8_t *octets, size_t length)
{
    request r = {.server = s, .origin = o};
    dns_query_result result;
    const char *why;
    uint8_t rcode;

    if (o->connection != NULL) {
        s->counters.tcp_queries++;
    } else {
        s->counters.udp_queries++;
    }

    result = dns_query_parse(octets, length, &r.query, &rcode, &why);
    r.plan.draw = -1;
    r.reply.id = r.query.id;
    r.reply.opcode = r.query.opcode;
    r.reply.qr = true;
    r.reply.rd = r.query.rd;
    r.reply.ra = true;

    if (result == DNS_QUERY_OK) {
        answer_query(&r, octets, length);
    } else {
        answer_malformed(&r, result, rcode, why, length);
    }

    plan_clear(&r.plan);
    dns_reply_clear(&r.reply);
}
