/*
 * What a rule does: the primitives of the faults that it names, with the parameters that it gives.
 */
#ifndef STAPLELAB_ENGINE_FAULT_ACT_H
#define STAPLELAB_ENGINE_FAULT_ACT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/problem.h"
#include "responders/engine/fault.h"
#include "responders/engine/primitive.h"

/* One primitive that a rule does, ready to be called. */
typedef struct {
    const primitive *primitive;
    const char *name;     /* what events tell: the fault's name */
    void *params;         /* the primitive's struct, owned; NULL where it has none */
    uint64_t from, until; /* done for the ordinals in [from, until) of its rule */
} fault_act;

typedef struct {
    fault_act *list;
    size_t count;
} fault_acts;

/* Reads one entry of a rule's "do", an object whose member `naming` ("fault") names this fault and
 * whose other members are parameters, and appends what is to be done to *acts. 0, or -1 with *p,
 * its pointer starting with `where`, and *acts as it was. */
int fault_acts_read(const fault *f, const char *naming, json_t *use, const char *where,
                    const void *store, fault_acts *acts, problem *p);

/* Whether it is done for the request of that ordinal. */
bool fault_act_is_due(const fault_act *act, uint64_t ordinal);

/* Frees what is in *acts and empties it. */
void fault_acts_clear(fault_acts *acts);

#endif
