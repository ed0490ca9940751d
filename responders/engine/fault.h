/*
 * A fault of the catalogue: a line of data that says which primitives do it, and what they become.
 *
 *   recipe    = part *( "; " part )
 *   part      = PRIMITIVE *( " " NAME "=" VALUE                           fixed
 *                          | " " NAME "?" VALUE [ "[" MIN ".." MAX "]" ]  another default, range )
 *   sequence  = "healthy n" | "faulty n" | "healthy n, faulty m"
 *
 * A VALUE is JSON, or a bare word, which is a string.  A range is within that of the primitive.
 * What a recipe does not name is a parameter of the fault as the primitive has it.  A sequence says
 * which of the requests that its rule serves get the fault: so many are healthy first, so many are
 * faulty then (0: all from then on), the rest is healthy; n and m are parameters of the fault.
 */
#ifndef STAPLELAB_ENGINE_FAULT_H
#define STAPLELAB_ENGINE_FAULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/problem.h"
#include "responders/engine/primitive.h"

typedef struct {
    const char *id;       /* "A03": stable; "" for a primitive that stands for itself */
    const char *name;     /* "status-try-later" */
    const char *recipe;   /* "response-status status=3" */
    const char *sequence; /* NULL: every request */
    const char *summary;  /* one line */
    const char *source;   /* an RFC section, or a peer's name for it */
} fault_line;

typedef struct {
    const primitive *primitive;
    json_t *settings; /* fixed values by name */
} fault_part;

/* A parameter that a rule may give. */
typedef struct {
    param param;    /* with this fault's default and range */
    size_t part;    /* whose it is; FAULT_SEQUENCE: the sequence's */
    char *fallback; /* what param.fallback points to, where the recipe has another; else NULL */
    json_t *value;  /* the default as JSON, since many rules want it; NULL: required */
} fault_param;

#define FAULT_SEQUENCE SIZE_MAX

typedef struct {
    const fault_line *line;
    fault_part *parts;
    size_t nparts;
    fault_param *params;
    size_t nparams;
} fault;

/* Makes a fault of its line; `primitives` ends with NULL. 0, or -1 with *p that names the line.
 * Every default and fixed value is one that its parameter accepts. */
int fault_new(const fault_line *line, const primitive *const *primitives, fault **out, problem *p);
void fault_free(fault *f);

/* The fault as a new object: name, id, summary, source, stages, parameters. */
json_t *fault_to_json(const fault *f);

/* Whether it has a primitive of that stage. */
bool fault_is_at(const fault *f, stage s);

#endif
