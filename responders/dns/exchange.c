/*
 * One query, from its octets to the response's: parse, ask the rules, make the healthy response,
 * let faults change it, encode, prepare the delivery.
 */
#include "responders/dns/exchange.h"

#include <stdio.h>
#include <string.h>

#include "responders/dns/codec/dns_query.h"
#include "responders/dns/codec/dns_type.h"
#include "responders/dns/encode.h"
#include "responders/dns/faults/faults.h"
#include "responders/dns/match.h"
#include "responders/engine/rule_decide.h"

#define UDP_SIZE_MAX 4096 /* no larger datagram leaves us, whatever EDNS allows */

/* What one message is worked on with. */
typedef struct {
    const dns_exchange_terms *terms;
    const dns_peer *peer;
    span message;
    dns_query query;
    char qname[DNS_NAME_TEXT_SIZE]; /* lower case */
    char qtype[DNS_TYPE_TEXT_SIZE];
    dns_response response;
    dns_exchange *out;
} work;

static const char *transport(const dns_peer *peer)
{
    return peer->tcp ? "tcp" : "udp";
}

json_t *dns_peer_to_json(const dns_peer *peer)
{
    json_t *fields = json_object();

    json_object_set_new(fields, "listener", json_string(peer->listener));
    json_object_set_new(fields, "client", json_string(peer->client));
    json_object_set_new(fields, "client_port", json_integer(peer->port));
    json_object_set_new(fields, "transport", json_string(transport(peer)));
    if (peer->tcp) {
        json_object_set_new(fields, "connection", json_integer((json_int_t)peer->connection));
    }
    return fields;
}

/* What every event of the exchange says. */
static json_t *describe(const work *w)
{
    json_t *about = dns_peer_to_json(w->peer);

    if (!w->out->malformed) {
        json_object_set_new(about, "qname", json_string(w->qname));
        json_object_set_new(about, "qtype", json_string(w->qtype));
    }
    plan_describe(&w->out->plan, about);
    return about;
}

static json_t *answers_to_json(const dns_section *answer)
{
    json_t *list = json_array();
    char text[DNS_RR_TEXT_SIZE];

    for (size_t i = 0; i < answer->count; i++) {
        dns_rr_to_text(&answer->list[i], text);
        json_array_append_new(list, json_string(text));
    }
    return list;
}

/* What was changed in records is not in a message that has no room for any: it is done when the
 * client asks again over TCP. */
static void undo_records(plan *p)
{
    for (size_t i = 0; i < p->nitems; i++) {
        plan_item *item = &p->items[i];
        const char *const *thing = item->act->primitive->things;

        for (; item->state == PLAN_DONE && *thing != NULL; thing++) {
            if (strncmp(*thing, "message/records", strlen("message/records")) == 0) {
                item->state = PLAN_NONE;
            }
        }
    }
}

/* The octets of the message into *out, which is empty. */
static void encode(work *w, octets *out)
{
    const uint16_t udp_size = w->query.udp_size;
    const bool truncated = w->response.tc;
    size_t limit = DNS_MESSAGE_MAX;

    if (!w->peer->tcp) {
        limit = udp_size < UDP_SIZE_MAX ? udp_size : UDP_SIZE_MAX;
    }
    dns_encode(&w->response, limit, out);
    if (w->response.tc && !truncated) {
        undo_records(&w->out->plan);
    }
}

/* Makes the delivery of what the response has become. */
static void prepare(work *w, const dns_fault_context *context)
{
    dns_exchange *out = w->out;
    delivery *d = &out->delivery;
    octets message = {0};

    encode(w, &message);
    plan_do(&out->plan, STAGE_WIRE, &message, context);
    if (w->peer->tcp) {
        const uint8_t prefix[2] = {(uint8_t)(message.length >> 8), (uint8_t)message.length};

        octets_append(&d->wire, prefix, sizeof(prefix));
        octets_append_span(&d->wire, octets_span(&message));
        octets_free(&message);
        delivery_init(d, sizeof(prefix), DELIVERY_KEEP);
    } else {
        d->wire = message;
        delivery_init(d, 0, DELIVERY_KEEP);
    }
    plan_do(&out->plan, STAGE_PACE, d, context);
    plan_do(&out->plan, STAGE_END, d, context);
    plan_tell_problems(&out->plan, w->terms->events, out->about);

    out->answers = answers_to_json(&w->response.answer);
    out->rcode = w->response.rcode;
    out->truncated = w->response.tc;
}

static void decide(work *w)
{
    const char *values[] = {
        [DNS_MATCH_LISTENER] = w->peer->listener,
        [DNS_MATCH_CLIENT] = w->peer->client,
        [DNS_MATCH_TRANSPORT] = transport(w->peer),
        [DNS_MATCH_QNAME] = w->qname,
        [DNS_MATCH_QTYPE] = w->qtype,
    };

    rule_decide(w->terms->rules, false, values, &w->out->plan);
}

static void make_healthy(work *w)
{
    const dns_query *q = &w->query;
    dns_response *r = &w->response;

    r->question = true;
    r->name = q->name;
    r->type = q->type;
    r->class = q->class;
    if (q->version > 0) {
        r->rcode = DNS_RCODE_BADVERS;
    } else if (q->class != DNS_CLASS_IN) {
        r->rcode = DNS_RCODE_REFUSED;
    } else {
        r->aa = true; /* of what is refused nothing is known */
        dns_store_respond(w->terms->store, &q->name, q->type, r);
    }
}

static void tell_query(const work *w)
{
    json_t *fields = json_copy(w->out->about);

    json_object_set_new(fields, "id", json_integer(w->query.id));
    json_object_set_new(fields, "flags", json_integer(w->query.flags));
    json_object_set_new(fields, "octets", json_integer((json_int_t)w->message.length));
    json_object_set_new(fields, "edns", json_boolean(w->query.edns));
    event_log_append(w->terms->events, "query", fields);
}

static void respond(work *w, int64_t now)
{
    char question[DNS_NAME_TEXT_SIZE + DNS_TYPE_TEXT_SIZE];
    dns_name name = w->query.name;
    dns_fault_context context = {.query = &w->query,
                                 .message = w->message,
                                 .tcp = w->peer->tcp,
                                 .question = question,
                                 .now = now,
                                 .store = w->terms->store,
                                 .state = w->terms->state,
                                 .refuse = &w->out->refuse};

    dns_name_lower(&name);
    dns_name_to_text(&name, w->qname);
    dns_type_to_text(w->query.type, w->qtype);
    snprintf(question, sizeof(question), "%s %s", w->qname, w->qtype);

    decide(w);
    w->out->about = describe(w);
    tell_query(w);
    make_healthy(w);
    context.rule = w->out->plan.rule == NULL ? "" : w->out->plan.rule->id;
    plan_do(&w->out->plan, STAGE_MODEL, &w->response, &context);
    prepare(w, &context);
}

/* A message that is no proper query: no rule can match it. */
static void refuse(work *w, const char *why)
{
    json_t *fields = dns_peer_to_json(w->peer);

    json_object_set_new(fields, "octets", json_integer((json_int_t)w->message.length));
    json_object_set_new(fields, "why", json_string(why));
    event_log_append(w->terms->events, "malformed", fields);

    w->out->malformed = true;
    w->out->ignored = w->query.ignored;
    if (!w->query.ignored) {
        w->out->about = describe(w);
        w->response.rcode = w->query.rcode;
        prepare(w, NULL);
    }
}

void dns_exchange_message(const dns_exchange_terms *terms, const dns_peer *peer, span message,
                          int64_t now, dns_exchange *out)
{
    work w = {.terms = terms, .peer = peer, .message = message, .out = out};
    problem p;
    int rc;

    *out = (dns_exchange){.plan = {.draw = -1}};
    rc = dns_query_parse(message, &w.query, &p);
    w.response = (dns_response){
        .id = w.query.id,
        .opcode = w.query.opcode,
        .qr = true,
        .rd = w.query.rd,
        .ra = true,
        .edns = w.query.edns,           /* also in an error (RFC 6891, 6.1.1) */
        .dnssec_ok = w.query.dnssec_ok, /* copied (RFC 3225, 3) */
    };
    if (rc == 0) {
        respond(&w, now);
    } else {
        refuse(&w, p.detail);
    }
    dns_response_clear(&w.response);
}

void dns_exchange_clear(dns_exchange *x)
{
    plan_clear(&x->plan);
    delivery_free(&x->delivery);
    json_decref(x->about);
    json_decref(x->answers);
    x->about = NULL;
    x->answers = NULL;
}

/* The last event of an exchange takes what every event says instead of copying it. */
static json_t *take_about(dns_exchange *x)
{
    json_t *fields = x->about;

    x->about = NULL;
    return fields;
}

json_t *dns_exchange_sent(dns_exchange *x)
{
    const size_t sent = x->delivery.cut - x->delivery.head;
    json_t *fields = take_about(x);

    plan_happened(&x->plan, STAGE_MODEL, STAGE_PACE);
    plan_tell(&x->plan, fields);
    json_object_set_new(fields, "rcode", json_integer(x->rcode));
    json_object_set(fields, "answers", x->answers);
    json_object_set_new(fields, "octets", json_integer((json_int_t)sent));
    json_object_set_new(fields, "truncated", json_boolean(x->truncated));
    return fields;
}

json_t *dns_exchange_dropped(dns_exchange *x, const char *why)
{
    json_t *fields = take_about(x);

    if (strcmp(why, DNS_EXCHANGE_FAULT) == 0) {
        plan_happened(&x->plan, STAGE_END, STAGE_END);
    }
    plan_tell(&x->plan, fields);
    json_object_set_new(fields, "why", json_string(why));
    return fields;
}

json_t *dns_exchange_held(dns_exchange *x, bool for_ever)
{
    const stage at = for_ever ? STAGE_END : STAGE_PACE;
    json_t *fields = json_copy(x->about);

    plan_happened(&x->plan, at, at);
    plan_tell(&x->plan, fields);
    json_object_set_new(fields, "why",
                        json_string(for_ever ? "no response is to come" : "waits for the clock"));
    return fields;
}

json_t *dns_exchange_reset(dns_exchange *x)
{
    json_t *fields = json_copy(x->about);

    plan_happened(&x->plan, STAGE_END, STAGE_END);
    plan_tell(&x->plan, fields);
    return fields;
}

json_t *dns_exchange_refused(dns_exchange *x)
{
    json_t *fields = json_object();

    plan_happened(&x->plan, STAGE_END, STAGE_END);
    plan_describe(&x->plan, fields);
    plan_tell(&x->plan, fields);
    return fields;
}
