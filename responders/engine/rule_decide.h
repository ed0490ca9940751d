/*
 * The decision for one request: which rule serves it, and what is done.
 *
 * Every request is held against the rules in their order; the first that matches serves it.  With a
 * probability below 1 its step is done when
 *   draw = PRF(seed, rule id, scope value, ordinal) in [0, 1)
 * is below it, so every run can be replayed from its seed.
 */
#ifndef STAPLELAB_ENGINE_RULE_DECIDE_H
#define STAPLELAB_ENGINE_RULE_DECIDE_H

#include <stdbool.h>

#include "responders/engine/plan.h"
#include "responders/engine/rule_set.h"

/*
 * Decides for one request; values[i] belongs to match key i, NULL where unknown.
 *
 * At accept, where the values are those that are known then, only the first rule that matches is
 * considered, and it serves (and counts) only when a primitive of stage STAGE_ACCEPT is due.  Not
 * at accept, which is at the request, every rule is considered; a rule whose due primitives include
 * one of stage STAGE_ACCEPT stands aside, uncounted, so that the next connection gets it.  What the
 * draw, the end of the rule's sequence or a fault's own sequence makes healthy is served at the
 * request.
 *
 * *out is to be cleared with plan_clear in every case. Returns whether a rule served.
 */
bool rule_decide(const rule_set *r, bool at_accept, const char *const *values, plan *out);

#endif
