/*
 * What connections and datagrams share: the exchange of one message with the events and counts
 * that go with it.
 */
#ifndef STAPLELAB_DNS_SERVICE_H
#define STAPLELAB_DNS_SERVICE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"
#include "responders/control/control.h"
#include "responders/dns/exchange.h"
#include "responders/net/listeners.h"
#include "responders/net/timers.h"

/* How many responses wait for the clock at most, so that who asks on and on cannot make the
 * program grow. */
#define DNS_SERVICE_WAITING_MAX 4096

typedef struct {
    struct event_base *base;
    timers *timers;
    listeners *listeners;
    dns_exchange_terms terms;
    control *control; /* NULL without a control API */
    size_t waiting;   /* responses */
    struct {
        uint64_t udp_queries, tcp_queries, malformed, responses, dropped;
    } counters;
} dns_service;

/*
 * Handles one message that came to `l`, or to the UDP socket beside it.  Whether its delivery is to
 * be carried out: then *out is to be given to dns_service_sent or dns_service_dropped, which clear
 * it, or else to dns_exchange_clear.  If not, all is said and done.
 */
bool dns_service_take(dns_service *s, const dns_peer *peer, listener *l, span message,
                      dns_exchange *out);

/* Writes the event "held": the response waits for the clock. */
void dns_service_held(dns_service *s, dns_exchange *x);

/* Writes the event "response": all that is to be written of it was. */
void dns_service_sent(dns_service *s, dns_exchange *x);

/* Writes the event "dropped": nothing of it will be written, and why. */
void dns_service_dropped(dns_service *s, dns_exchange *x, const char *why);

#endif
