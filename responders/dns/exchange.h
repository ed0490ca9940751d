/*
 * The pure middle: from a query's octets to what is to be sent, and what events say of it.  No
 * sockets, no clock: everything comes in as a parameter.
 */
#ifndef STAPLELAB_DNS_EXCHANGE_H
#define STAPLELAB_DNS_EXCHANGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/octets.h"
#include "responders/dns/codec/dns_address.h"
#include "responders/dns/store.h"
#include "responders/engine/event_log.h"
#include "responders/engine/fault_state.h"
#include "responders/engine/plan.h"
#include "responders/engine/rule_set.h"
#include "responders/net/delivery.h"

/* What all exchanges share; all of it outlives them. */
typedef struct {
    const dns_store *store;
    const rule_set *rules;
    event_log *events;
    fault_state *state;
} dns_exchange_terms;

/* Who sent a message, and to whom. */
typedef struct {
    const char *listener; /* its name */
    char client[DNS_ADDRESS_TEXT_SIZE];
    unsigned port;
    bool tcp;
    uint64_t connection; /* its number; TCP only */
} dns_peer;

/* One message, and what is to be sent for it. */
typedef struct {
    plan plan;
    bool malformed; /* it was no proper query */
    bool ignored;   /* it was no query at all: nothing is to be sent, the delivery is empty */
    bool refuse;    /* the listener is to refuse TCP connections */
    /* Over TCP its head is the length prefix (RFC 1035 4.2.2).  Without octets to write (cut 0) the
     * response is dropped (DELIVERY_KEEP), never comes (DELIVERY_HOLD), or the connection is reset
     * (DELIVERY_RST). */
    delivery delivery;
    /* For the functions below: */
    json_t *about; /* what every event of it says */
    json_t *answers;
    uint16_t rcode;
    bool truncated;
} dns_exchange;

/* Handles one whole message at the time `now` (Unix seconds) and writes the events "query" or
 * "malformed", and "problem". *out is to be cleared with dns_exchange_clear. */
void dns_exchange_message(const dns_exchange_terms *terms, const dns_peer *peer, span message,
                          int64_t now, dns_exchange *out);
void dns_exchange_clear(dns_exchange *x);

/* "listener", "client", ... of every event about that peer, as a new object. */
json_t *dns_peer_to_json(const dns_peer *peer);

/*
 * The fields of an event that is to be written now, as a new object, with the faults that it
 * proves:
 *   sent     "response": all octets that are to be written were; call it once
 *   dropped  "dropped": no octet will be written, for that reason; call it once
 *   held     "held": octets wait for the clock, or (`for_ever`) there will never be any
 *   reset    "close": the connection was reset by us
 *   refused  "listener": the listener refuses connections
 */
json_t *dns_exchange_sent(dns_exchange *x);
json_t *dns_exchange_dropped(dns_exchange *x, const char *why);
json_t *dns_exchange_held(dns_exchange *x, bool for_ever);
json_t *dns_exchange_reset(dns_exchange *x);
json_t *dns_exchange_refused(dns_exchange *x);

/* The reason of what a fault has dropped. */
#define DNS_EXCHANGE_FAULT "fault"

#endif
