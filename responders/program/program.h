/*
 * What every responder's main shares: the options, the loop, the signals, the ready line.
 */
#ifndef STAPLELAB_PROGRAM_PROGRAM_H
#define STAPLELAB_PROGRAM_PROGRAM_H

#include <event2/event.h>

#include "harness/base/options.h"
#include "harness/base/problem.h"
#include "responders/control/control.h"
#include "responders/engine/event_log.h"
#include "responders/engine/fault.h"
#include "responders/engine/match.h"
#include "responders/engine/rule_set.h"
#include "responders/program/options.h"

typedef struct {
    const char *name;    /* "faulty-dnsd" */
    const char *summary; /* one line for --help */
    const fault_line *faults;
    const primitive *const *primitives;
    const match_key *keys;
    const options_row *options; /* the program's own, taken with `arg`; NULL for none */
    const void *store;          /* what types of parameters ask; the options have filled it */
    /* Opens the listeners in *o, prepares everything; ops are then filled in except for program,
     * faults, rules and events. 0, or -1 with *p, all that it made freed again. */
    int (*start)(void *arg, struct event_base *base, const program_options *o, rule_set *rules,
                 event_log *events, control_ops *ops, problem *p);
    /* Called with the control API (NULL when none was asked for), before the loop runs. */
    void (*started)(void *arg, control *c);
    void (*stop)(void *arg); /* frees all that a start of 0 made; the base is still there */
    void *arg;
} program;

/* Runs a responder until SIGTERM or SIGINT: parses argv, starts, prints the object of
 * /v1/ready as one line on stdout, loops, frees. Returns the exit status: 0, 1 when starting
 * failed, 2 for wrong usage; each with one clear line on stderr. */
int program_run(const program *self, int argc, char **argv);

#endif
