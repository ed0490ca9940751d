/* The parts of a running faulty-ocspd, put together. */
#ifndef STAPLELAB_OCSP_RESPONDER_H
#define STAPLELAB_OCSP_RESPONDER_H

#include <event2/event.h>
#include <stddef.h>

#include "harness/base/problem.h"
#include "responders/control/control.h"
#include "responders/engine/event_log.h"
#include "responders/engine/rule_set.h"
#include "responders/net/endpoint.h"
#include "responders/net/listeners.h"
#include "responders/net/timers.h"
#include "responders/ocsp/connection.h"
#include "responders/ocsp/store.h"

typedef struct {
    ocsp_store store; /* loaded before the start, and to be freed behind the stop */
    timers *timers;
    listeners *listeners;
    ocsp_connections connections;
    control *control; /* NULL where none was asked for */
} ocsp_responder;

/* Listens on the endpoints and fills in *ops, but for program, faults, rules and events. 0, or -1
 * with *p, and all that it made is freed. */
int ocsp_responder_start(ocsp_responder *r, struct event_base *base, const endpoint *endpoints,
                         size_t count, rule_set *rules, event_log *events, control_ops *ops,
                         problem *p);

/* Closes all connections and listeners. */
void ocsp_responder_stop(ocsp_responder *r);

#endif
