/*
 * The control API: HTTP/1.1 and JSON, the same for every responder.
 *
 *   GET    /v1/ready                 addresses and ports, version, pid
 *   GET    /v1/faults                the catalogue
 *   GET    /v1/rules                 {"generation": N, "rules": [...]}
 *   PUT    /v1/rules                 the whole set at once   -> {"generation": N}
 *   POST   /v1/rules                 one more                -> {"generation": N, "id": ID}
 *   DELETE /v1/rules, /v1/rules/ID                           -> {"generation": N}
 *   GET    /v1/events?since=N&limit=N        -> {"events": [...], "last": N, "dropped": N}
 *   POST   /v1/events/wait  {"match": {...}, "count": N, "since": N, "bound_ms": N}
 *                           the same response once `count` events match; 408 past the bound
 *   POST   /v1/quiet        {"since": N, "bound_ms": N}  -> {"last": N} once the program owes
 *                           nobody anything but what a clock or its peer must bring, and with
 *                           `since` the events from then on, as above; 408 past the bound
 *   POST   /v1/reset        {"seed": N}      rules, counters, events, stalled connections
 *   GET    /metrics         Prometheus text
 *   anything else           the program's own resources, then 404
 *
 * Bounds run on the kernel's clock (a timerfd), so that a faked or frozen clock
 * cannot hold a caller for ever; 5000 ms unless given, at most 600000, 0 to judge only once.
 * What is not understood is refused with an RFC 9457 problem, and the rules in force stay.
 *
 * Quiet is judged by an event of the lowest priority, which libevent runs only in a pass in
 * which a non-blocking poll found no other event: so whatever peers had sent before the
 * question was read has been handled.  control_new gives the base CONTROL_PRIORITIES
 * priorities when it has fewer; events of a program have the default (middle) one and need
 * nothing done.  Only the last, CONTROL_PRIORITIES - 1, must not be used.
 */
#ifndef STAPLELAB_CONTROL_CONTROL_H
#define STAPLELAB_CONTROL_CONTROL_H

#include <event2/event.h>
#include <jansson.h>

#include "harness/base/problem.h"
#include "responders/control/ops.h"

#define CONTROL_PRIORITIES 3

typedef struct control control;

/*
 * Serves the API on `where`: "unix:PATH" (created with mode 0600, removed at the end) or
 * "tcp:ADDRESS:PORT", which needs a bearer token (RFC 6750) of at least 16 octets; `token` is NULL
 * where there is none.  The ops must outlive it. 0, or -1 with *p.
 */
int control_new(struct event_base *base, const char *where, const char *token,
                const control_ops *ops, control **out, problem *p);
void control_free(control *c); /* NULL is nothing */

/* The address served, with the port that the kernel chose: "tcp:127.0.0.1:41234". */
const char *control_where(const control *c);

/* To be called whenever `owed` may have fallen to 0 (an append to the event log does it too); NULL
 * is nothing. */
void control_poke(control *c);

#endif
