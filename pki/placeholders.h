/*
 * ${NAME} in a description's strings. One description serves every lab, although ports and
 * addresses differ from lab to lab.
 */
#ifndef STAPLELAB_PKI_PLACEHOLDERS_H
#define STAPLELAB_PKI_PLACEHOLDERS_H

#include <jansson.h>

#include "harness/base/problem.h"

/* Takes one "NAME=VALUE" (NAME: a letter or _, then letters, digits, _) into the object
 * `settings`; a later one replaces an earlier one. 0, or -1 with *p. */
int placeholders_set(json_t *settings, const char *assignment, problem *p);

/* Makes *out, a deep copy of `in` with every ${NAME} in every string replaced, once, by its value
 * in the object `settings`; a $ without { stands for itself. 0, or -1 with *p when a name has no
 * value. */
int placeholders_replace(const json_t *in, const json_t *settings, json_t **out, problem *p);

#endif
