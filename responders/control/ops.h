/* What a program gives its control API to work with. */
#ifndef STAPLELAB_CONTROL_OPS_H
#define STAPLELAB_CONTROL_OPS_H

#include <event2/buffer.h>
#include <jansson.h>
#include <stdbool.h>

#include "harness/base/problem.h"
#include "responders/engine/catalogue.h"
#include "responders/engine/event_log.h"
#include "responders/engine/rule_set.h"

/* One of the program's own resources. */
typedef struct {
    const char *path; /* "/v1/records"; one that ends with "/" has more after it */
    /* Serves a call: 0 and a new object for a 200, or -1 with *p (problem_set_method for a method
     * that it does not take). `rest` is what the path, percent-decoded, has after `path`; `body` is
     * NULL when there is none; HEAD comes as GET. */
    int (*serve)(void *arg, const char *method, const char *rest, json_t *body, json_t **response,
                 problem *p);
} control_resource;

typedef struct {
    const char *program; /* "faulty-ocspd" */
    const catalogue *faults;
    rule_set *rules;
    event_log *events;
    void *arg; /* passed to the functions below; each of them may be NULL */
    /* Makes the program's part of /v1/ready: {"listeners": [{"name", "address", "port", ...}]}. */
    json_t *(*ready)(void *arg);
    /* How many connections or queries wait for this program to do something it can do now. */
    size_t (*owed)(void *arg);
    /* Puts these rules in force: listeners, and what the program remembers of rules. 0, or -1 with
     * *p; then it is called again with the list that was in force before, and *p is told. */
    int (*apply)(void *arg, const rule_list *rules, problem *p);
    /* Back to the state after start: closes stalled connections, forgets the program's own state.
     */
    void (*reset)(void *arg);
    const control_resource *resources; /* ends with a path of NULL */
    /* Appends the program's own gauges and counters to the text of /metrics. */
    void (*metrics)(void *arg, struct evbuffer *out);
} control_ops;

#endif
