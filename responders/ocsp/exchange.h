/*
 * From a request to what goes onto the wire: parse, decide by the rules, respond, let the plan
 * change the response stage by stage; and then, as its octets go out, tell what of the plan has
 * happened.  No sockets, no clock.
 *
 * The events are written here: "accept", "request" and "problem" as soon as they are known, the
 * others when the transport says so.
 */
#ifndef STAPLELAB_OCSP_EXCHANGE_H
#define STAPLELAB_OCSP_EXCHANGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "responders/engine/event_log.h"
#include "responders/engine/plan.h"
#include "responders/engine/rule_set.h"
#include "responders/net/delivery.h"
#include "responders/ocsp/codec/http_request.h"
#include "responders/ocsp/store.h"

/* What an exchange works with. */
typedef struct {
    const ocsp_store *store;
    const rule_set *rules;
    event_log *events;
} ocsp_exchange_terms;

/* Who talks to us: what every event of a connection carries. */
typedef struct {
    uint64_t connection;
    const char *listener;
    const char *client; /* the IP address */
} ocsp_exchange_peer;

/* To be freed with ocsp_exchange_free once the connection has ended. */
typedef struct {
    delivery delivery;
    plan plan;
    json_t *response; /* the fields of the event "response", until it is written; NULL: none */
    bool sent;        /* all octets of the delivery that ever will be were written */
    bool is_ours;     /* the response is the one that the plan has made */
} ocsp_exchange;

/* How a connection ended. */
typedef struct {
    bool by_us;              /* else by the peer */
    bool reset;              /* RST, else FIN */
    uint64_t sent, received; /* octets */
    size_t unfinished;       /* octets of the delivery that were written, if it was cut short */
} ocsp_exchange_end;

/* Decides what can be decided as soon as a connection is accepted. True: the delivery says what is
 * done with the connection, nothing is read from it. */
bool ocsp_exchange_accept(const ocsp_exchange_terms *terms, const ocsp_exchange_peer *peer,
                          ocsp_exchange *out);

/* Responds to a request whose state is DONE or BAD; `now` is in Unix seconds. */
void ocsp_exchange_request(const ocsp_exchange_terms *terms, const ocsp_exchange_peer *peer,
                           const http_request *request, int64_t now, ocsp_exchange *out);

void ocsp_exchange_free(ocsp_exchange *x);

/* What the transport has to say of the delivery; each writes its event. */

/* All octets that ever will be are written: "response". */
void ocsp_exchange_sent(const ocsp_exchange_terms *terms, ocsp_exchange *x);

/* It waits for the clock with octets left, or (`all_written`) for the peer: "held". */
void ocsp_exchange_held(const ocsp_exchange_terms *terms, const ocsp_exchange_peer *peer,
                        ocsp_exchange *x, bool all_written);

/* The connection is gone: "close". */
void ocsp_exchange_closed(const ocsp_exchange_terms *terms, const ocsp_exchange_peer *peer,
                          ocsp_exchange *x, const ocsp_exchange_end *end);

#endif
