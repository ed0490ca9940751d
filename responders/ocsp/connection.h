/*
 * The connections of the responder: each is read until its request is complete, and then follows
 * its exchange's delivery.
 */
#ifndef STAPLELAB_OCSP_CONNECTION_H
#define STAPLELAB_OCSP_CONNECTION_H

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>

#include "responders/net/timers.h"
#include "responders/ocsp/exchange.h"

typedef struct ocsp_connection ocsp_connection;

/* All open ones, and what they count. */
typedef struct {
    struct event_base *base;
    timers *timers;
    ocsp_exchange_terms terms;
    /* What is owed may have become less, or (`ended`) a descriptor is free again. */
    void (*on_change)(void *arg, bool ended);
    void *arg;
    ocsp_connection *first;
    size_t open;
    uint64_t accepted; /* also the number of the newest */
    uint64_t requests;
    uint64_t responses;
} ocsp_connections;

/* Takes over the non-blocking descriptor of an accepted connection.  The names of its listener and
 * client (an IP address) are copied. */
void ocsp_connections_add(ocsp_connections *all, const char *listener, const char *client, int fd);

/* Closes all of them without an event each. */
void ocsp_connections_close(ocsp_connections *all);

/* How many of them owe something, as control.h says it for /v1/quiet. */
size_t ocsp_connections_owed(const ocsp_connections *all);

#endif
