/* The token of the control API, from a file that nobody else may read. */
#ifndef STAPLELAB_PROGRAM_TOKEN_H
#define STAPLELAB_PROGRAM_TOKEN_H

#include "harness/base/problem.h"

#define TOKEN_OCTETS_MAX 4096

/* Reads the one line of the file into a new text; `option` is what a refusal begins with.  0, or -1
 * with *p. */
int token_read(const char *option, const char *path, char **out, problem *p);

#endif
