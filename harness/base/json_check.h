/*
 * Strict reading of JSON that somebody else wrote: what is not understood is refused
 * with a pointer to it, so that a misspelt member can never be ignored in silence.
 *
 * Every function returns 0, or -1 with *p filled; `where` is the JSON pointer of the
 * value or object that is looked at.
 */
#ifndef STAPLELAB_BASE_JSON_CHECK_H
#define STAPLELAB_BASE_JSON_CHECK_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/base/problem.h"

/* `value` is an object and has no members but those of the NULL-ended list. */
int json_check_members(json_t *value, const char *where, const char *const *members, problem *p);

/* The readers below leave *out as it is when the member is absent. */
int json_check_integer(const json_t *object, const char *where, const char *member, json_int_t min,
                       json_int_t max, json_int_t *out, problem *p);
int json_check_string(const json_t *object, const char *where, const char *member, const char **out,
                      problem *p); /* *out lives as long as the object */
int json_check_boolean(const json_t *object, const char *where, const char *member, bool *out,
                       problem *p);

/* Joins a NULL-ended list as "a, b, c", cut to fit. */
void json_check_join(const char *const *words, char *out, size_t size);

/* The value as short JSON text for a message, cut to fit. */
void json_check_quote(const json_t *value, char *out, size_t size);

#endif
