/*
 * How often a server is tried, and what lies between two tries. The time is the kernel's own, which
 * a preloaded clock does not move.
 */
#ifndef STAPLELAB_RETRYING_H
#define STAPLELAB_RETRYING_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/options.h"
#include "harness/base/problem.h"
#include "harness/clients/bound.h"
#include "harness/clients/verdict.h"

typedef struct {
    uint64_t tries;             /* 0: as many as the time allows */
    int64_t interval_ms;        /* between two tries; -1: not given */
    const verdict_entry *until; /* ends with this one; NULL: none does */
    int64_t within_ms;          /* for all tries; 0: without a bound */
} retrying_options;

/* What nobody has asked otherwise. */
#define RETRYING_DEFAULT ((retrying_options){.interval_ms = -1})

/* Their part of the command line; `arg` is a retrying_options. */
extern const options_row retrying_rows[];

/* Checks that they fit together, and fills in what follows from the others. 0, or -1 with *p. */
int retrying_settle(retrying_options *options, problem *p);

/* Whether any of them was given but --tries. */
bool retrying_waits(const retrying_options *options);

typedef struct {
    const retrying_options *options;
    uint64_t made;
    bound within; /* its timer is -1 when there is no bound */
} retrying;

/* Makes *out, whose time begins now; the caller ends it with retrying_end. 0, or -1 with *p. */
int retrying_begin(const retrying_options *options, retrying *out, problem *p);

/* After a try that ended with this exit status: whether another one is to be made. Waits for its
 * time. */
bool retrying_again(retrying *r, int status);

/* The milliseconds that one try may take: not more than what is left of the bound, and at least 1.
 */
int retrying_allowance(const retrying *r, int milliseconds);

void retrying_end(retrying *r);

#endif
