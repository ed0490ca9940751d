/*
 * From a request to what goes onto the wire: parse, decide by the rules, answer, and let
 * each fault of the plan change its layer.  No sockets here.
 */
#ifndef STAPLELAB_OCSP_EXCHANGE_H
#define STAPLELAB_OCSP_EXCHANGE_H

#include <jansson.h>
#include <stdbool.h>

#include "responders/net/delivery.h"
#include "responders/ocsp/codec/http_request.h"
#include "responders/ocsp/responder.h"

/* Who talks to us: what every event of a connection carries. */
typedef struct {
    uint64_t connection;
    const char *listener;
    const char *client;
} exchange_peer;

typedef struct {
    delivery delivery;
    json_t *answer; /* the fields of the event "answer"; NULL for a connection without one */
    char why[64];   /* the fault that shapes the delivery, else "" */
} exchange;

/* A new object with "connection" and "listener", for an event. */
json_t *exchange_event(const exchange_peer *peer);

/* Decides what can be decided as soon as a connection is accepted and writes the event
 * "accept". True: *out says what is done with the connection, nothing is read from it. */
bool exchange_accept(service *s, const exchange_peer *peer, exchange *out);

/* Answers a request whose state is DONE or BAD and writes the event "request". */
void exchange_request(service *s, const exchange_peer *peer, const http_request *request,
                      exchange *out);

void exchange_free(exchange *x);

#endif
