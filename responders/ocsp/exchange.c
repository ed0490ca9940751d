/* See exchange.h. */
#include "responders/ocsp/exchange.h"

#include <string.h>

#include "responders/engine/rule_decide.h"
#include "responders/ocsp/caching.h"
#include "responders/ocsp/codec/hash.h"
#include "responders/ocsp/codec/http_response.h"
#include "responders/ocsp/encode.h"
#include "responders/ocsp/faults/faults.h"
#include "responders/ocsp/healthy.h"
#include "responders/ocsp/inquiry.h"
#include "responders/ocsp/match.h"
#include "responders/ocsp/model.h"

static json_t *event_of(const ocsp_exchange_peer *peer)
{
    return json_pack("{s:I, s:s}", "connection", (json_int_t)peer->connection, "listener",
                     peer->listener);
}

bool ocsp_exchange_accept(const ocsp_exchange_terms *terms, const ocsp_exchange_peer *peer,
                          ocsp_exchange *out)
{
    const char *values[OCSP_KEYS] = {
        [OCSP_KEY_LISTENER] = peer->listener, [OCSP_KEY_CLIENT] = peer->client};
    json_t *event = event_of(peer);
    *out = (ocsp_exchange){0};
    json_object_set_new(event, "client", json_string(peer->client));
    if (rule_decide(terms->rules, true, values, &out->plan)) {
        plan_describe(&out->plan, event);
        delivery_init(&out->delivery, 0, DELIVERY_FIN);
        plan_do(&out->plan, STAGE_ACCEPT, &out->delivery, NULL);
    }
    event_log_append(terms->events, "accept", event);
    if (plan_has(&out->plan, STAGE_ACCEPT, STAGE_ACCEPT)) {
        return true;
    }
    ocsp_exchange_free(out);
    return false;
}

/* Whether a primitive has put something else in the place of the OCSPResponse. */
static bool is_replaced(const plan *p)
{
    for (size_t i = 0; i < p->nitems; i++) {
        const primitive *one = p->items[i].act->primitive;
        if (p->items[i].state == PLAN_DONE && one->replaces &&
            (one->stage == STAGE_ENCODED || one->stage == STAGE_MESSAGE)) {
            return true;
        }
    }
    return false;
}

static json_t *number_or_null(bool there, int64_t number)
{
    return there ? json_integer(number) : json_null();
}

/* The fields of the event "response"; `model` is NULL where the body holds no OCSPResponse. */
static json_t *describe(const ocsp_exchange_peer *peer, const ocsp_response *model,
                        const http_response *http)
{
    json_t *event = event_of(peer);
    const ocsp_single *s = model != NULL && model->has_bytes ? &model->singles[0] : NULL;
    char digest[HASH_SHA256_HEX];
    json_object_set_new(event, "http_status", number_or_null(!http->raw, http->code));
    json_object_set_new(event, "response_status",
                        model ? json_string(ocsp_response_status_name(model->status))
                              : json_null());
    json_object_set_new(event, "cert_status",
                        s ? json_string(ocsp_cert_status_names[s->status]) : json_null());
    json_object_set_new(event, "octets", json_integer((json_int_t)http->body.length));
    hash_sha256_hex(octets_span(&http->body), digest);
    json_object_set_new(event, "sha256", json_string(digest));
    json_object_set_new(event, "this_update", number_or_null(s != NULL, s ? s->this_update : 0));
    json_object_set_new(event, "next_update",
                        number_or_null(s && s->has_next_update, s ? s->next_update : 0));
    return event;
}

/* Makes octets of the model.  One that cannot be signed becomes internalError, and says so in an
 * event: what the plan has done to it must not pass for done. */
static bool encode(const ocsp_exchange_terms *terms, const ocsp_exchange_peer *peer,
                   ocsp_response *model, octets *der)
{
    problem p;
    if (ocsp_response_encode(model, der, &p) == 0) {
        return true;
    }
    json_t *event = event_of(peer);
    json_object_set_new(event, "detail", json_string(p.detail));
    event_log_append(terms->events, "problem", event);
    model->status = OCSP_INTERNAL_ERROR;
    model->has_bytes = false;
    ocsp_response_encode(model, der, &p);
    return false;
}

/* From the HTTP response on: its octets, and how they go out. */
static void deliver(const http_response *http, const ocsp_fault_context *context,
                    ocsp_exchange *out)
{
    delivery *d = &out->delivery;
    size_t head = http_response_encode(http, &d->wire);
    plan_do(&out->plan, STAGE_WIRE, &d->wire, context);
    delivery_init(d, head, DELIVERY_FIN);
    plan_do(&out->plan, STAGE_PACE, d, context);
    plan_do(&out->plan, STAGE_END, d, context);
}

/* A POST is kept by nobody; Cache-Control and ETag came with HTTP/1.1. */
static bool is_for_caches(const http_request *r)
{
    return strcmp(r->method, "GET") == 0 && strcmp(r->version, "1.1") == 0;
}

/* The response to what is HTTP, changed by the plan. */
static void respond(const ocsp_exchange_terms *terms, const ocsp_exchange_peer *peer,
                    const ocsp_inquiry *q, int64_t now, ocsp_exchange *out)
{
    ocsp_fault_context context = {.now = now, .store = terms->store};
    ocsp_response model;
    http_response http;
    octets der = {0};

    ocsp_healthy_response(terms->store, q->understood ? &q->ocsp : NULL, now, &model);
    plan_do(&out->plan, STAGE_MODEL, &model, &context);
    out->is_ours = encode(terms, peer, &model, &der);
    plan_do(&out->plan, STAGE_ENCODED, &der, &context);
    context.shaped = out->is_ours && plan_has(&out->plan, STAGE_MODEL, STAGE_ENCODED);

    http_response_init(&http, &der, now);
    if (!q->has_method) {
        http.code = 405;
        http_response_set(&http, "Allow", "GET, POST");
        http_response_drop_body(&http);
        out->is_ours = false;
        context.shaped = false;
    }
    if (out->is_ours && is_for_caches(q->http)) {
        ocsp_caching_add(&http, &model, now);
    }
    plan_do(&out->plan, STAGE_MESSAGE, &http, &context);
    if (http.code != 200 || is_replaced(&out->plan)) {
        ocsp_caching_remove(&http); /* of an error nothing is kept */
    }

    bool carried = q->has_method && http.body.length > 0 && !is_replaced(&out->plan);
    out->response = describe(peer, carried ? &model : NULL, &http);
    deliver(&http, &context, out);
    http_response_free(&http);
    ocsp_response_free(&model);
}

/* HTTP that we do not understand: no rule can match it, and no fault is added to it. */
static void refuse(const ocsp_exchange_terms *terms, const ocsp_exchange_peer *peer,
                   const http_request *r, int64_t now, ocsp_exchange *out)
{
    const ocsp_fault_context context = {.now = now, .store = terms->store};
    json_t *event = event_of(peer);
    octets body = {0};
    http_response http;

    json_object_set_new(event, "client", json_string(peer->client));
    json_object_set_new(event, "problem", json_string(r->wrong.detail));
    event_log_append(terms->events, "request", event);
    octets_append_text(&body, r->wrong.detail);
    http_response_init(&http, &body, now);
    http.code = r->wrong.status;
    http_response_set(&http, "Content-Type", "text/plain");
    out->response = describe(peer, NULL, &http);
    deliver(&http, &context, out);
    http_response_free(&http);
}

void ocsp_exchange_request(const ocsp_exchange_terms *terms, const ocsp_exchange_peer *peer,
                           const http_request *request, int64_t now, ocsp_exchange *out)
{
    const char *values[OCSP_KEYS] = {
        [OCSP_KEY_LISTENER] = peer->listener, [OCSP_KEY_CLIENT] = peer->client};
    ocsp_inquiry q;
    *out = (ocsp_exchange){0};
    if (request->state == HTTP_REQUEST_BAD) {
        refuse(terms, peer, request, now, out);
        return;
    }
    ocsp_inquiry_read(&q, terms->store, request);
    ocsp_inquiry_values(&q, values);
    rule_decide(terms->rules, false, values, &out->plan);

    json_t *event = event_of(peer);
    json_object_set_new(event, "client", json_string(peer->client));
    ocsp_inquiry_describe(&q, event);
    plan_describe(&out->plan, event);
    event_log_append(terms->events, "request", event);

    respond(terms, peer, &q, now, out);
    event = event_of(peer);
    plan_tell_problems(&out->plan, terms->events, event);
    json_decref(event);
    ocsp_inquiry_free(&q);
}

void ocsp_exchange_free(ocsp_exchange *x)
{
    delivery_free(&x->delivery);
    plan_clear(&x->plan);
    json_decref(x->response);
    *x = (ocsp_exchange){0};
}

/* The peer has got `count` octets of the delivery, and will get no more. */
static void got(ocsp_exchange *x, size_t count)
{
    const delivery *d = &x->delivery;
    if (count == d->wire.length) {
        plan_happened(&x->plan, x->is_ours ? STAGE_MODEL : STAGE_MESSAGE, STAGE_PACE);
        return;
    }
    if (d->head > 0 && count >= d->head) {
        plan_happened_outside(&x->plan, STAGE_MESSAGE, "http/body");
    }
}

void ocsp_exchange_sent(const ocsp_exchange_terms *terms, ocsp_exchange *x)
{
    x->sent = true;
    if (x->response == NULL) {
        return;
    }
    got(x, x->delivery.cut);
    if (x->delivery.cut > 0) {
        plan_paced(&x->plan, x->delivery.cut - 1);
    }
    plan_tell(&x->plan, x->response);
    event_log_append(terms->events, "response", x->response);
    x->response = NULL;
}

/* The plan as it is has ended the connection, or left it open. */
static void ended(ocsp_exchange *x)
{
    plan_happened(&x->plan, STAGE_ACCEPT, STAGE_ACCEPT);
    plan_happened(&x->plan, STAGE_END, STAGE_END);
}

void ocsp_exchange_held(const ocsp_exchange_terms *terms, const ocsp_exchange_peer *peer,
                        ocsp_exchange *x, bool all_written)
{
    const stage at = all_written ? STAGE_END : STAGE_PACE;
    json_t *event = event_of(peer);
    const char *why = plan_name(&x->plan, at, at);
    if (why[0] == '\0') {
        why = plan_name(&x->plan, STAGE_ACCEPT, STAGE_ACCEPT);
    }
    if (all_written) {
        ended(x);
    } else {
        plan_paced(&x->plan, delivery_due(&x->delivery, 0));
    }
    plan_tell(&x->plan, event);
    json_t *told = json_object_get(event, "faults");
    if (json_array_size(told) > 0) {
        why = json_string_value(json_array_get(told, json_array_size(told) - 1));
    }
    json_object_set_new(event, "why", json_string(why));
    event_log_append(terms->events, "held", event);
}

void ocsp_exchange_closed(const ocsp_exchange_terms *terms, const ocsp_exchange_peer *peer,
                          ocsp_exchange *x, const ocsp_exchange_end *end)
{
    json_t *event = event_of(peer);
    /* A reset is ours, or it did not come; every other end has come once all is sent. */
    const bool may_not_come =
        x->delivery.end == DELIVERY_RST || x->delivery.end == DELIVERY_RST_UNREAD;
    if (end->by_us || (x->sent && !may_not_come)) {
        ended(x);
    } else if (!x->sent) {
        got(x, end->unfinished);
        plan_paced(&x->plan, end->unfinished);
    }
    json_object_set_new(event, "by", json_string(end->by_us ? "us" : "peer"));
    json_object_set_new(event, "how", json_string(end->reset ? "rst" : "fin"));
    json_object_set_new(event, "sent", json_integer((json_int_t)end->sent));
    json_object_set_new(event, "received", json_integer((json_int_t)end->received));
    plan_tell(&x->plan, event);
    event_log_append(terms->events, "close", event);
}
