/*
 * What is wrong with an input, as an RFC 9457 problem: refused, explained, and
 * nothing of what was in force is lost.
 */
#ifndef STAPLELAB_BASE_PROBLEM_H
#define STAPLELAB_BASE_PROBLEM_H

#include <jansson.h>
#include <stddef.h>

typedef struct {
    int status;        /* the HTTP status of the response, 400 unless set otherwise */
    char pointer[160]; /* RFC 6901 pointer to the offending field, "" for the whole body */
    char detail[480];  /* one sentence: what was wrong and what is accepted */
    char allow[40];    /* status 405 only: the methods that the resource takes, "GET, PUT" */
} problem;

/* Fills *p; the format makes `detail`.  Both texts are cut to fit, and made one line of
 * valid UTF-8 whatever the input was. */
void problem_set(problem *p, int status, const char *pointer, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Fills *p for input that is refused, status 400, or for work that failed, status 500.  Return -1,
 * so that a function can end with them. */
int problem_refuse(problem *p, const char *pointer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int problem_fail(problem *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fills *p with a 405 that names the methods accepted (RFC 9110 section 15.5.6). */
void problem_set_method(problem *p, const char *method, const char *allow);

/* Returns *p as a new application/problem+json object (type, title, status, detail, pointer). */
json_t *problem_to_json(const problem *p);

/* Writes `base` "/" `member` into `out`, with the member escaped as RFC 6901 section 3 wants. */
void problem_pointer(char *out, size_t size, const char *base, const char *member);

/* Writes into `out` (at least 1 octet) the up to three words of the NULL-ended list
 * `words` that are nearest to `word`, as "a, b, c", or "" when none is near. */
void problem_nearest(const char *word, const char *const *words, char *out, size_t size);

#endif
