/*
 * What was decided for one request, and what has become of it.
 *
 * A primitive that was called has changed something in memory; its effect has happened when that
 * reached the peer, which the program says (plan_happened).  Only then an event tells the name of
 * its fault, so that the event proves it.
 */
#ifndef STAPLELAB_ENGINE_PLAN_H
#define STAPLELAB_ENGINE_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "responders/engine/event_log.h"
#include "responders/engine/rule.h"

typedef enum {
    PLAN_OPEN,     /* not called yet */
    PLAN_DONE,     /* called; its effect is in memory */
    PLAN_HAPPENED, /* its effect has reached the peer */
    PLAN_TOLD,     /* and an event has told so */
    PLAN_NONE,     /* called: nothing to change in this request */
    PLAN_FAILED,   /* called: it could not be done */
} plan_state;

typedef struct {
    const fault_act *act; /* of the rule */
    plan_state state;
    const char *why; /* PLAN_FAILED */
    size_t from;     /* of STAGE_PACE: the first octet that has to wait */
} plan_item;

/* Empty (rule NULL) when no rule served the request. */
typedef struct {
    rule *rule; /* a reference: what the items point to lives as long */
    uint64_t generation;
    uint64_t ordinal; /* within the rule and scope value, from 0 */
    double draw;      /* in [0, 1); -1 when the rule has no probability */
    plan_item *items; /* in the order of their stages */
    size_t nitems;
} plan;

/* Makes of *p, which is empty but for its generation, the plan of a request that the rule serves;
 * `step` is NULL for a healthy one.  To be cleared. */
void plan_make(plan *p, rule *r, const rule_step *step, uint64_t ordinal, double draw);

/* Frees what is in *p and makes it empty; the generation stays. */
void plan_clear(plan *p);

/* Calls the primitives of that stage, in their order. */
void plan_do(plan *p, stage s, void *subject, const void *context);

/* Whether a primitive of the stages from `first` to `last` is planned, or was done. */
bool plan_has(const plan *p, stage first, stage last);

/* The name of the fault that the last such primitive belongs to, or "". */
const char *plan_name(const plan *p, stage first, stage last);

/* What the primitives of these stages have done has reached the peer. */
void plan_happened(plan *p, stage first, stage last);

/* The same of one stage, but for what was done within that thing. */
void plan_happened_outside(plan *p, stage s, const char *thing);

/* Of the pace that was planned has happened what began with that octet, which waits, or before. */
void plan_paced(plan *p, size_t octet);

/* Adds "rule", "generation", "ordinal", "draw" and "planned" (names) to an event: null, and no
 * names, where no rule served or nothing was drawn. */
void plan_describe(const plan *p, json_t *event);

/* Adds "faults" to an event: the names of the faults that have happened as a whole and were not
 * told before. */
void plan_tell(plan *p, json_t *event);

/* Appends an event "problem" for each primitive that could not be done, not told before: `fields`
 * (borrowed) with "fault" and "detail". */
void plan_tell_problems(plan *p, event_log *events, const json_t *fields);

#endif
