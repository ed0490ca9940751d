/*
 * A parameter of a primitive: a member of a C struct, and how JSON is read into it.
 *
 * Its type checks a value where a rule is parsed, so that no primitive has to doubt what it is
 * given, and none reads a parameter by a name that can be misspelt.
 */
#ifndef STAPLELAB_ENGINE_PARAM_H
#define STAPLELAB_ENGINE_PARAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/problem.h"

typedef struct param param;

/* What a parameter can be. Programs have types of their own (a serial number, an address). */
typedef struct {
    const char *name; /* "integer": as GET /v1/faults tells it */
    /* Writes what is accepted, for a refusal: "an integer from 1 to 600". */
    void (*accepts)(const param *p, char *out, size_t size);
    /* Reads `value`, which is not null, into the zeroed member; false when it is not accepted.
     * `store` is the program's own, for a type that asks it what exists; NULL while there is none
     * (a default is checked before anything is loaded): then only the form counts. */
    bool (*read)(const param *p, const json_t *value, const void *store, void *member);
    void (*clear)(void *member); /* frees what `read` has made; NULL: nothing */
} param_type;

struct param {
    const char *name;
    const param_type *type;
    size_t offset;              /* of the member in the primitive's struct */
    const char *summary;        /* one line */
    const char *fallback;       /* the default, as JSON text; NULL: required; "null": not given, and
                                   then the member stays zeroed */
    const char *unit;           /* "ms", "s", "octets", ...; NULL where there is none */
    int64_t min, max;           /* of an integer */
    const char *const *choices; /* of a choice, ends with NULL */
};

extern const param_type param_integer; /* int64_t */
extern const param_type param_boolean; /* bool */
extern const param_type param_choice;  /* int: the index among the choices */
extern const param_type param_text;    /* char *, NULL for null */

/* Reads a value (null where that is accepted) into the zeroed member of `params`. 0, or -1 with *p:
 * "NAME of `whose` must be ..., not ...", its pointer `where` and the name. */
int param_read(const param *p, const json_t *value, const void *store, const char *whose,
               const char *where, void *params, problem *why);

void param_clear(const param *p, void *params);

/* "an integer from 1 to 600 (s), or null" */
void param_accepts(const param *p, char *out, size_t size);

/* The fallback as a new JSON value; NULL where there is none or it is no JSON. */
json_t *param_fallback(const param *p);

#endif
