/* The command line of a responder, apart from what it then does. */
#ifndef STAPLELAB_PROGRAM_INTERNAL_H
#define STAPLELAB_PROGRAM_INTERNAL_H

#include "responders/program/program.h"

typedef enum {
    OPTIONS_RUN,   /* *o is complete */
    OPTIONS_DONE,  /* --help and the like: it has been printed */
    OPTIONS_WRONG, /* *p says how */
} options_outcome;

/* Fills *o from argv. The strings in it are argv's, but for control_token, which
 * options_free frees (also after OPTIONS_WRONG). */
options_outcome options_parse(const program *self, int argc, char **argv, program_options *o,
                              problem *p);
void options_free(program_options *o);

#endif
