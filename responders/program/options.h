/* The command line of a responder, apart from what it then does. */
#ifndef STAPLELAB_PROGRAM_OPTIONS_H
#define STAPLELAB_PROGRAM_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/options.h"
#include "harness/base/problem.h"
#include "responders/engine/catalogue.h"
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

/* What --help, --version and --list-faults say, and the options of the program's own. */
typedef struct {
    const char *name;
    const char *summary;
    const catalogue *faults;
    options_group own; /* rows NULL: none */
} program_options_terms;

/* Fills *o from argv. 0 when *o is complete, 1 when --help and the like have printed all that was
 * asked for, or -1 with *p. The strings in *o are argv's, but for control_token, which
 * program_options_clear frees, in any case. */
int program_options_parse(const program_options_terms *terms, int argc, char **argv,
                          program_options *o, problem *p);
void program_options_clear(program_options *o);

#endif
