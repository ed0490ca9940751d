/*
 * What every responder's main shares: the options, the loop, the signals, the ready line.
 */
#ifndef STAPLELAB_PROGRAM_H
#define STAPLELAB_PROGRAM_H

#include <event2/event.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "responders/control/control.h"
#include "responders/engine/catalogue.h"
#include "responders/engine/event_log.h"
#include "responders/engine/rule_set.h"
#include "responders/net/endpoint.h"

#define PROGRAM_LISTENERS_MAX 16

/* The options that every responder knows. */
typedef struct {
    endpoint listeners[PROGRAM_LISTENERS_MAX];
    size_t nlisteners;
    const char *control;    /* --control unix:PATH | tcp:ADDRESS:PORT */
    char *control_token;    /* --control-token-file FILE, read */
    const char *rules_file; /* --rules FILE: in force before the first packet */
    uint64_t seed;          /* --seed N, default 1 */
    size_t events;          /* --events N, the ring's size, default 4096 */
} program_options;

typedef struct {
    const char *name;    /* "faulty-dnsd" */
    const char *summary; /* one line for --help */
    const catalogue *faults;
    const match_key *keys;
    /* The program's own options: getopt_long entries with val >= 1000 and their help. */
    const struct option *options; /* ends with zeroes; NULL for none */
    const char *options_help;
    /* Takes one of them; 0, or -1 with *p. */
    int (*option)(void *arg, int val, const char *value, problem *p);
    /* Opens the listeners in *o, prepares everything; ops are then filled in except for program,
     * faults, rules and events. 0, or -1 with *p, all that it made freed again. */
    int (*start)(void *arg, struct event_base *base, program_options *o, rule_set *rules,
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
