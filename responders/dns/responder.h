/*
 * What the files of the stub share: its listeners, connections and answers under way.
 *
 * udp.c and tcp.c move octets, answer.c decides what goes back, pending.c keeps what has to
 * wait for the clock, server.c starts, stops and reports.
 */
#ifndef STAPLELAB_DNS_SERVER_H
#define STAPLELAB_DNS_SERVER_H

#include <event2/event.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "responders/control/control.h"
#include "responders/dns/model.h"
#include "responders/dns/store.h"
#include "responders/engine/event_log.h"
#include "responders/engine/fault_state.h"
#include "responders/engine/rule_set.h"
#include "responders/program/program.h"

typedef struct server server;
typedef struct connection connection;
typedef struct pending pending;

typedef struct {
    server *server;
    endpoint endpoint;
    int udp, tcp;
    struct event *udp_event, *tcp_event;
    bool refusing; /* bound over TCP, but not listening: a fault's doing */
} listener;

struct server {
    struct event_base *base;
    records *records;
    rule_set *rules;
    event_log *events;
    control *control; /* NULL without a control API */
    listener listeners[PROGRAM_LISTENERS_MAX];
    size_t nlisteners;
    connection *connections;
    size_t nconnections;
    uint64_t last_connection; /* numbers are never used again */
    pending *pending;         /* the next one due first */
    size_t npending;
    struct event *pending_timer;
    memory *memory; /* of the faults */
    struct {
        uint64_t udp_queries, tcp_queries, malformed, answers, dropped;
    } counters;
    dns_octets input, output; /* of the query at hand */
};

/* Where a query came from and its answer goes. */
typedef struct {
    listener *listener;
    connection *connection; /* NULL over UDP */
    struct sockaddr_storage client;
    socklen_t client_length;
    /* over UDP the address that was asked, as IP_PKTINFO gave it: answers come from there */
    size_t local_length;
    _Alignas(struct cmsghdr) uint8_t local[64];
} origin;

/* Tells the control API that there may be nothing left to do. */
void server_poke(server *s);

/* A new object with listener, client, client_port, transport and, over TCP, connection. */
json_t *origin_to_json(const origin *o);
const char *origin_transport(const origin *o);

/* Puts the listener's TCP side out of service (connections are refused) or back.  The port
 * stays ours either way.  0, or -1 with errno. */
int listener_refuse(listener *l, bool refuse);

#endif
