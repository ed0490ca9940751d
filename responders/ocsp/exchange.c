/* See exchange.h. */
#include "responders/ocsp/exchange.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "responders/ocsp/codec/http_response.h"
#include "responders/ocsp/codec/ocsp_request.h"
#include "responders/ocsp/faults/fault.h"
#include "responders/ocsp/healthy.h"
#include "responders/ocsp/match.h"
#include "responders/ocsp/model.h"

/* What is known of one request while it is answered. */
typedef struct {
    const http_request *http;
    const char *method_problem; /* the method is not one of OCSP */
    octets der;                 /* of the OCSPRequest */
    ocsp_request ocsp;
    const char *ocsp_problem; /* NULL: ocsp is filled in */
    const certificate *found[OCSP_REQUEST_CERTS_MAX];
    char *serials[OCSP_REQUEST_CERTS_MAX];
    char *path; /* up to the base64 of a GET */
    char *host; /* lower case, or NULL */
} asked;

/* A string of what a peer sent: JSON takes UTF-8 only, so other octets are percent-encoded. */
static json_t *peer_text(const char *text)
{
    if (text == NULL) {
        return json_null();
    }
    octets safe = {0};
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c < 0x7f) {
            octets_append(&safe, text, 1);
        } else {
            octets_append_format(&safe, "%%%02X", c);
        }
    }
    json_t *string = json_stringn((const char *)safe.data, safe.length);
    octets_free(&safe);
    return string;
}

static void lower(char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        *text = (char)tolower((unsigned char)*text);
    }
}

static void parse(service *s, asked *a)
{
    const http_request *r = a->http;
    long prefix = -1;
    if (strcmp(r->method, "GET") == 0) {
        prefix = ocsp_request_from_path(r->path, &a->der);
        a->ocsp_problem = prefix < 0 ? "the path has no base64 of an OCSPRequest" : NULL;
    } else if (strcmp(r->method, "POST") == 0) {
        octets_append_span(&a->der, octets_span(&r->body));
    } else {
        a->method_problem = "the method is not GET or POST";
        a->ocsp_problem = a->method_problem;
    }
    a->path = prefix < 0 ? strdup(r->path) : strndup(r->path, (size_t)prefix);
    a->host = r->host == NULL ? NULL : strdup(r->host);
    lower(a->host);
    if (a->ocsp_problem == NULL) {
        a->ocsp_problem = ocsp_request_parse(octets_span(&a->der), &a->ocsp);
    }
    if (a->ocsp_problem != NULL) {
        a->ocsp.ncerts = 0;
    }
    for (size_t i = 0; i < a->ocsp.ncerts; i++) {
        const certificate *issuer;
        a->found[i] = certificates_find(&s->certificates, &a->ocsp.certs[i], &issuer);
        a->serials[i] = serial_to_hex(a->ocsp.certs[i].serial);
    }
}

static void asked_free(asked *a)
{
    for (size_t i = 0; i < a->ocsp.ncerts; i++) {
        free(a->serials[i]);
    }
    octets_free(&a->der);
    free(a->path);
    free(a->host);
    free(a);
}

static void decide(service *s, const exchange_peer *peer, const asked *a, plan *decided)
{
    bool one = a->ocsp.ncerts > 0;
    const char *values[KEYS] = {
        [KEY_LISTENER] = peer->listener,
        [KEY_CLIENT] = peer->client,
        [KEY_SERIAL] = one ? a->serials[0] : NULL,
        [KEY_CERTIFICATE] = one && a->found[0] != NULL ? a->found[0]->id : NULL,
        [KEY_METHOD] = a->http->method,
        [KEY_PATH] = a->path,
        [KEY_HOST] = a->host,
        [KEY_HTTP_VERSION] = a->http->version,
    };
    rules_decide(s->rules, FAULT_AT_REQUEST, &(match_subject){values}, decided);
}

json_t *exchange_event(const exchange_peer *peer)
{
    return json_pack("{s:I, s:s}", "connection", (json_int_t)peer->connection, "listener",
                     peer->listener);
}

static void log_request(service *s, const exchange_peer *peer, const asked *a, const plan *decided)
{
    json_t *event = exchange_event(peer);
    json_t *serials = json_array(), *found = json_array(), *hashes = json_array();
    for (size_t i = 0; i < a->ocsp.ncerts; i++) {
        hash_kind hash = a->ocsp.certs[i].hash;
        json_array_append_new(serials, json_string(a->serials[i]));
        json_array_append_new(found, a->found[i] ? json_string(a->found[i]->id) : json_null());
        json_array_append_new(
            hashes, json_string(hash == HASH_OTHER ? "unknown" : hash_function_of(hash)->name));
    }
    json_object_set_new(event, "client", json_string(peer->client));
    json_object_set_new(event, "method", peer_text(a->http->method));
    json_object_set_new(event, "path", peer_text(a->http->path));
    json_object_set_new(event, "host", peer_text(a->http->host));
    json_object_set_new(event, "http_version", json_string(a->http->version));
    json_object_set_new(event, "headers", json_integer((json_int_t)a->http->nheaders));
    json_object_set_new(event, "serials", serials);
    json_object_set_new(event, "certificates", found);
    json_object_set_new(event, "hash_algorithms", hashes);
    json_object_set_new(event, "nonce", json_boolean(a->ocsp.has_nonce));
    json_object_set_new(event, "octets", json_integer((json_int_t)a->der.length));
    if (a->ocsp_problem != NULL) {
        json_object_set_new(event, "problem", json_string(a->ocsp_problem));
    }
    plan_describe(decided, event);
    event_log_append(s->events, "request", event);
}

static const fault_impl *impl_of(const fault_use *use)
{
    static const fault_impl none = {0};
    return use == NULL ? &none : use->spec->impl;
}

/* The layers in the order in which an answer goes through them. */
static const char *const layers[] = {"ocsp", "http", "tcp"};
#define LAYERS (sizeof(layers) / sizeof(layers[0]))

/* Encodes the answer onto *der; one that cannot be made becomes internalError, and says so
 * in an event: a fault that does not do its work must not pass for one that did. */
static void encode(service *s, const exchange_peer *peer, answer *a, octets *der)
{
    const char *reason = a->impossible;
    if (reason == NULL && answer_encode(a, der)) {
        return;
    }
    json_t *event = exchange_event(peer);
    json_object_set_new(event, "detail",
                        json_string(reason != NULL ? reason : "the answer cannot be signed"));
    event_log_append(s->events, "problem", event);
    answer error = {.response_status = RESPONSE_INTERNAL_ERROR};
    answer_encode(&error, der);
    a->response_status = RESPONSE_INTERNAL_ERROR;
    a->nsingles = 0;
}

/* The fields of the event "answer". `carried`: the HTTP body still starts with the answer. */
static json_t *describe(const exchange_peer *peer, const answer *a, const http_answer *h,
                        bool carried)
{
    json_t *event = exchange_event(peer);
    bool status = carried && !a->replaced;
    const single_response *s =
        status && a->has_response_bytes && a->nsingles > 0 ? &a->singles[0] : NULL;
    json_object_set_new(event, "http_status", h->raw ? json_null() : json_integer(h->code));
    json_object_set_new(event, "response_status",
                        status ? json_string(response_status_name(a->response_status))
                               : json_null());
    json_object_set_new(event, "cert_status",
                        s ? json_string(cert_status_name(s->status)) : json_null());
    json_object_set_new(event, "octets", json_integer((json_int_t)h->body.length));
    json_object_set_new(event, "this_update", s ? json_integer(s->this_update) : json_null());
    json_object_set_new(event, "next_update",
                        s && s->has_next_update ? json_integer(s->next_update) : json_null());
    return event;
}

static void answer_asked(service *s, const exchange_peer *peer, const asked *a, const plan *decided,
                         exchange *out)
{
    fault_context context = {time(NULL), decided->ordinal, &s->certificates};
    const fault_use *uses[LAYERS];
    for (size_t i = 0; i < LAYERS; i++) {
        uses[i] = plan_layer(decided, layers[i]);
    }
    answer *content = malloc(sizeof(*content));
    octets der = {0};
    healthy_answer(&s->certificates, a->ocsp_problem == NULL ? &a->ocsp : NULL, context.now,
                   content);
    for (size_t i = 0; i < LAYERS; i++) {
        if (impl_of(uses[i])->content != NULL) {
            impl_of(uses[i])->content(content, uses[i]->params, &context);
        }
    }
    encode(s, peer, content, &der);

    octets body = {0};
    http_answer http;
    octets_append_span(&body, octets_span(&der));
    http_answer_init(&http, &body, context.now);
    if (a->method_problem != NULL) {
        http_answer_set_plain(&http, 405);
        http_answer_set_header(&http, "Allow", "GET, POST");
    }
    for (size_t i = 0; i < LAYERS; i++) {
        if (impl_of(uses[i])->http != NULL) {
            impl_of(uses[i])->http(&http, uses[i]->params, &context);
        }
    }
    bool carried = http.code == 200 && !http.raw && http.body.length >= der.length &&
                   (der.length == 0 || memcmp(http.body.data, der.data, der.length) == 0);
    out->answer = describe(peer, content, &http, carried);
    delivery_init(&out->delivery, http_answer_encode(&http, &out->delivery.wire));
    for (size_t i = 0; i < LAYERS; i++) {
        if (impl_of(uses[i])->transport != NULL) {
            impl_of(uses[i])->transport(&out->delivery, uses[i]->params, &context);
            snprintf(out->why, sizeof(out->why), "%s", uses[i]->spec->name);
        }
    }
    http_answer_free(&http);
    answer_free(content);
    free(content);
    octets_free(&der);
}

/* HTTP that we do not understand: no rule can match it, and no fault is added to it. */
static void answer_bad(service *s, const exchange_peer *peer, const http_request *r, exchange *out)
{
    json_t *event = exchange_event(peer);
    json_object_set_new(event, "client", json_string(peer->client));
    json_object_set_new(event, "problem", json_string(r->bad_reason));
    event_log_append(s->events, "request", event);
    octets body = {0};
    http_answer http;
    http_answer_init(&http, &body, time(NULL));
    http_answer_set_plain(&http, r->bad_status);
    http_answer_set_body(&http, r->bad_reason, strlen(r->bad_reason));
    http_answer_set_header(&http, "Content-Type", "text/plain");
    out->answer = describe(peer, &(answer){0}, &http, false);
    delivery_init(&out->delivery, http_answer_encode(&http, &out->delivery.wire));
    http_answer_free(&http);
}

bool exchange_accept(service *s, const exchange_peer *peer, exchange *out)
{
    const char *values[KEYS] = {[KEY_LISTENER] = peer->listener, [KEY_CLIENT] = peer->client};
    plan decided;
    bool served = rules_decide(s->rules, FAULT_AT_ACCEPT, &(match_subject){values}, &decided);
    json_t *event = exchange_event(peer);
    *out = (exchange){0};
    json_object_set_new(event, "client", json_string(peer->client));
    if (served) {
        plan_describe(&decided, event);
    }
    event_log_append(s->events, "accept", event);
    const fault_use *use = served ? plan_layer(&decided, "tcp") : NULL;
    if (use != NULL) {
        fault_context context = {time(NULL), decided.ordinal, &s->certificates};
        delivery_init(&out->delivery, 0);
        impl_of(use)->transport(&out->delivery, use->params, &context);
        snprintf(out->why, sizeof(out->why), "%s", use->spec->name);
    }
    plan_clear(&decided);
    return use != NULL;
}

void exchange_request(service *s, const exchange_peer *peer, const http_request *request,
                      exchange *out)
{
    *out = (exchange){0};
    s->requests++;
    if (request->state == HTTP_REQUEST_BAD) {
        answer_bad(s, peer, request, out);
        return;
    }
    plan decided;
    asked *a = calloc(1, sizeof(*a));
    a->http = request;
    parse(s, a);
    decide(s, peer, a, &decided);
    log_request(s, peer, a, &decided);
    answer_asked(s, peer, a, &decided, out);
    plan_clear(&decided);
    asked_free(a);
}

void exchange_free(exchange *x)
{
    delivery_free(&x->delivery);
    json_decref(x->answer);
    *x = (exchange){0};
}
