/*
 * The command line of a program, from one table: what is accepted, and what --help says of it,
 * cannot differ.
 */
#ifndef STAPLELAB_BASE_OPTIONS_H
#define STAPLELAB_BASE_OPTIONS_H

#include <stdint.h>
#include <stdio.h>

#include "harness/base/problem.h"

/* One option, given as --NAME; unambiguous beginnings of the name are accepted, too. */
typedef struct {
    const char *name;    /* without the dashes */
    const char *value;   /* what stands for its value in --help; NULL: it takes none; "[=WORD]":
                          * it may be left out, and is given after "=" only; "CERT KEY": two words,
                          * and `take` is called with one after the other */
    const char *summary; /* what it does, without a line break */
    /* Takes it; `value` is one of argv's words, or NULL where there is none.  Returns 0 to go on,
     * 1 when the program has done all that was asked for (as --help has), or -1 with *p. */
    int (*take)(void *arg, const char *value, problem *p);
} options_row;

/* Options that belong together, and what their `take` is called with. */
typedef struct {
    const options_row *rows; /* ends with a NULL name */
    void *arg;
} options_group;

/* Takes the options in argv one after another; `groups` ends with NULL rows.  Returns 0 with the
 * index in *first_operand of the first word that is no option (argc when there is none; argv is
 * reordered so that all of them come last), 1 when a `take` has returned that and what it said is
 * written, or -1 with *p: status 400 and a pointer of "", unless a `take` has filled it otherwise;
 * 500 when standard output cannot be written. */
int options_parse(const options_group *groups, int argc, char **argv, int *first_operand,
                  problem *p);

/* Writes the options for --help, aligned, in at most 100 columns. */
void options_help(const options_group *groups, FILE *out);

/* Reads a decimal number from `min` to `max` without a sign; `option` ("--seed") is for the error
 * text.  Returns 0, or -1 with *p and *out as it was. */
int options_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *out,
                   problem *p);

#endif
