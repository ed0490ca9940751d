/*
 * Times as a command line gives them.
 */
#ifndef STAPLELAB_DURATION_H
#define STAPLELAB_DURATION_H

#include <stdint.h>

#include "harness/base/problem.h"

/* Reads how long: a number with ms, s, m or h, at most a day, at least `min` milliseconds; a number
 * alone counts seconds. `option` ("--within") is for *p. 0 with *milliseconds, or -1 with *p. */
int duration_option(const char *option, const char *text, int64_t min, int64_t *milliseconds,
                    problem *p);

/* Reads when: seconds since 1970, or UTC as 2030-01-01T00:00:00Z. 0 with *seconds, or -1 with *p.
 */
int duration_instant(const char *option, const char *text, int64_t *seconds, problem *p);

#endif
