/*
 * Checked access to the members of one JSON object, so that a description is refused with the
 * place and with what is accepted there.
 */
#ifndef STAPLELAB_PKI_MEMBERS_H
#define STAPLELAB_PKI_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/base/problem.h"

typedef struct {
    const json_t *object;
    const char *at; /* RFC 6901 pointer to the object */
    problem *p;     /* filled whenever a function below returns -1 */
} members;

/* Refuses a member that is not in the NULL-ended list. 0 or -1. */
int members_check_known(const members *m, const char *const *known);

/* The functions below read the member `name`. An absent one leaves *out as it was (so the caller
 * sets the default first), or is refused when it is required. 0 or -1. What they return belongs
 * to the object. */
int members_string(const members *m, const char *name, bool required, const char **out);
int members_boolean(const members *m, const char *name, bool *out);
/* An array of strings; a required one is not empty. */
int members_strings(const members *m, const char *name, bool required, const json_t **out);
/* One of the NULL-ended list `choices`, by index. */
int members_choice(const members *m, const char *name, const char *const *choices, int *out);

/* Refuses the value of the member `name`, or its element `index` (-1: the member itself):
 * `"VALUE" is not valid (accepted: ACCEPTED)`. Returns -1. */
int members_refuse(const members *m, const char *name, int index, const char *value,
                   const char *accepted);

#endif
