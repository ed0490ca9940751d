/*
 * What every responder's main shares: the options, the loop, the signals, the ready line.
 */
#ifndef STAPLELAB_PROGRAM_H
#define STAPLELAB_PROGRAM_H

#include <event2/event.h>
#include <getopt.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "catalogue.h"
#include "control.h"
#include "event_log.h"
#include "rules.h"

#define STAPLELAB_VERSION "0.1.0"

#define PROGRAM_LISTENERS_MAX 16

/* One address to listen on, from --listen [NAME=]ADDRESS:PORT ([v6]:PORT in brackets). */
typedef struct {
    char name[32]; /* NAME, or "0", "1", ... in the order given */
    struct sockaddr_storage address;
    socklen_t length;
} endpoint;

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

/* Parses "[NAME=]ADDRESS:PORT"; `index` names an unnamed one. 0, or -1 with *p. */
int endpoint_parse(const char *text, size_t index, endpoint *out, problem *p);

/* "127.0.0.1:80" or "[::1]:80" into out. */
void endpoint_format(const struct sockaddr *address, char *out, size_t size);

/* Binds and, for SOCK_STREAM, listens: non-blocking, close-on-exec, SO_REUSEADDR for
 * SOCK_STREAM (for datagrams it would let two programs share a port).  A port of
 * 0 is replaced in *e by the port that the kernel chose. Returns the descriptor, or -1 with *p
 * ("127.0.0.1:80: address already in use ..."). */
int endpoint_bind(endpoint *e, int type, problem *p);

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
