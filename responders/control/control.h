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
 *                           the same answer once `count` events match; 408 past the bound
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
#ifndef STAPLELAB_CONTROL_H
#define STAPLELAB_CONTROL_H

#include <event2/buffer.h>
#include <event2/event.h>
#include <jansson.h>
#include <stdbool.h>

#include "harness/base/problem.h"
#include "responders/engine/catalogue.h"
#include "responders/engine/event_log.h"
#include "responders/engine/rule_set.h"

#define CONTROL_PRIORITIES 3

typedef struct {
    const char *program; /* "faulty-ocspd" */
    const catalogue *faults;
    rule_set *rules;
    event_log *events;
    void *arg; /* passed to the functions below */
    /* Fills in the program's part of /v1/ready: {"listeners": [{"name", "address", "port", ...}]}.
     */
    json_t *(*ready)(void *arg);
    /* How many connections or queries wait for this program to do something it can do now. */
    size_t (*owed)(void *arg);
    /* The rules changed: put listener faults in force or take them back. 0, or -1 with *p;
     * then the former rules are put back, it is called again, and *p is answered. */
    int (*rules_changed)(void *arg, problem *p);
    /* Back to the state after start: closes stalled connections, forgets the program's own state.
     */
    void (*reset)(void *arg);
    /* The program's own resources below /v1/. `path` is whole and percent-decoded
     * ("/v1/certificates/1001"), `body` NULL when there is none; HEAD comes as GET.  Returns
     * whether it knows the path; then *answer is a new object (status 200), or stays NULL
     * and *p is filled (problem_set_method for a method that it does not take). */
    bool (*resource)(void *arg, const char *method, const char *path, json_t *body, json_t **answer,
                     problem *p);
    /* Appends the program's own gauges and counters to the text of /metrics; may be NULL. */
    void (*metrics)(void *arg, struct evbuffer *out);
} control_ops;

typedef struct control control;

/*
 * Serves the API on `where`: "unix:PATH" (created with mode 0600, removed at the end) or
 * "tcp:ADDRESS:PORT", which needs a bearer token (RFC 6750) of at least 16 octets.
 * The ops must outlive it. Returns NULL with *p filled on error.
 */
control *control_new(struct event_base *base, const char *where, const char *token,
                     const control_ops *ops, problem *p);
void control_free(control *c);

/* The address served, with the port that the kernel chose: "tcp:127.0.0.1:41234". */
const char *control_where(const control *c);

/* To be called whenever `owed` may have fallen to 0 (an append to the event log does it too). */
void control_poke(control *c);

#endif
