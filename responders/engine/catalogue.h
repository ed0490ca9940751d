/*
 * The fault catalogue of one program: what can be asked for by name.
 *
 * A program declares its faults as one static table.  The table is the single
 * source of what a rule may say, of GET /v1/faults, of --list-faults and of the
 * generated documentation, so the four cannot drift apart.
 */
#ifndef STAPLELAB_CATALOGUE_H
#define STAPLELAB_CATALOGUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/base/problem.h"

typedef enum {
    PARAM_INTEGER, /* JSON integer within [min, max] */
    PARAM_STRING,  /* JSON string */
    PARAM_BOOLEAN, /* JSON true or false */
    PARAM_CHOICE,  /* JSON string, one of choices */
    PARAM_LIST,    /* JSON array of strings */
} param_type;

typedef struct {
    const char *name;
    param_type type;
    const char *unit;    /* "ms", "s", "octets", ...; NULL where there is none */
    const char *summary; /* one line */
    const char
        *fallback; /* the default, as JSON text ("300", "\"text/html\"", "null"); NULL: required */
    json_int_t min, max;        /* PARAM_INTEGER only */
    const char *const *choices; /* PARAM_CHOICE only, ends with NULL */
} fault_param;

/* When a fault must be decided: it limits what its rule may match on. */
typedef enum {
    FAULT_AT_REQUEST,  /* once the request has been read and parsed */
    FAULT_AT_ACCEPT,   /* as soon as a connection is accepted, nothing read yet */
    FAULT_ON_LISTENER, /* as long as its rule is in force; changes a listening socket */
} fault_phase;

typedef struct {
    const char *name;    /* "status-try-later" */
    const char *id;      /* "A03": stable, of the fault catalogue */
    const char *layer;   /* "ocsp", "http", "tcp" or "dns" */
    const char *summary; /* one line */
    fault_phase phase;
    const fault_param *params; /* ends with a name of NULL; NULL for none */
    const void *impl;          /* the program's own: how to do it */
} fault_spec;

typedef struct {
    const fault_spec *const *faults; /* ends with NULL */
} catalogue;

/* Returns the fault of that name, or NULL. */
const fault_spec *catalogue_find(const catalogue *c, const char *name);

/* Returns the whole catalogue as a new JSON array, for GET /v1/faults: an object
 * a fault with name, id, layer, summary, phase and parameters. */
json_t *catalogue_to_json(const catalogue *c);

/* Checks the parameters in `use` ({"fault": NAME, PARAM: VALUE, ...}) against the
 * catalogue and returns a new object with every parameter of the fault, defaults
 * filled in; *spec is set.  On error returns NULL and fills *p, with `where`
 * (a JSON pointer) as the start of its pointer; a misspelt fault names the nearest. */
json_t *catalogue_check_use(const catalogue *c, json_t *use, const char *where,
                            const fault_spec **spec, problem *p);

/* The accessors below read an object that catalogue_check_use has returned. */
json_int_t param_integer(const json_t *params, const char *name);
const char *param_string(const json_t *params, const char *name); /* NULL for JSON null */
bool param_boolean(const json_t *params, const char *name);
const json_t *param_list(const json_t *params, const char *name);

/* Whether the parameter is JSON null: only where its fallback is "null" ("not given"). */
bool param_is_null(const json_t *params, const char *name);

/* Checks the table itself: names and ids unique, layers few enough for a plan, every
 * fallback of its parameter's own type and range.  0, or -1 with *p. */
int catalogue_validate(const catalogue *c, problem *p);

#endif
