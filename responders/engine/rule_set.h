/*
 * The rules in force: which requests get which faults, in which order.
 *
 *   {"id": "r1",                                            optional, else "rule-N"
 *    "match":    {"serial": "1001", "method": "GET"},        all optional
 *    "sequence": [{"times": 2, "do": [{"fault": "status-try-later"}]}, {"do": []}],
 *    "scope": "global", "probability": 1.0, "repeat": false}
 *
 * Every request is held against the rules in their order; the first that matches
 * serves it.  A rule counts the requests it serves for each value of its scope (one
 * counter for "global", else one a value of that match key): the ordinal, from 0.
 * The ordinal picks the step; a step without "times" holds for ever; past the last
 * step the requests are healthy, unless "repeat" starts the sequence again.
 * With a probability below 1 the step is done when
 *   draw = PRF(seed, rule id, scope value, ordinal) in [0, 1)
 * is below it, so every run can be replayed from its seed.
 */
#ifndef STAPLELAB_RULES_H
#define STAPLELAB_RULES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/problem.h"
#include "responders/engine/catalogue.h"

/* One thing of a request that a rule can match on. */
typedef struct {
    const char *name;    /* "serial", "qname", "listener", ... */
    const char *summary; /* one line for the documentation and for error texts */
    bool at_accept;      /* known before anything was read */
    /* Rewrites a value from a rule into the form that subjects carry (lower case, no
     * leading zeros, ...), in a new string; NULL when it is not valid.  NULL: as it is. */
    char *(*normalise)(const char *value);
} match_key;

/* What is known of one request: values[i] belongs to keys[i], NULL where unknown. */
typedef struct {
    const char *const *values;
} match_subject;

/* One fault that a plan does. */
typedef struct {
    const fault_spec *spec;
    json_t *params; /* complete, see catalogue_check_use */
} fault_use;

#define PLAN_LAYERS_MAX 4

/* What was decided for one request. Empty (nuses 0, rule "") when no rule served it. */
typedef struct {
    fault_use uses[PLAN_LAYERS_MAX];
    size_t nuses;
    char rule[64];
    uint64_t generation;
    uint64_t ordinal; /* within the rule and scope value, from 0 */
    double draw;      /* in [0, 1); -1 when the rule has no probability */
} plan;

typedef struct rule_set rule_set;

/* `keys` ends with a name of NULL; both tables must outlive the set. */
rule_set *rules_new(const catalogue *c, const match_key *keys, uint64_t seed);
void rules_free(rule_set *r);

/* Replaces the whole set by the JSON array `rules` (or {"rules": [...]}), or changes
 * nothing and fills *p.  Counters start anew.  Returns 0, or -1 on error. */
int rules_replace(rule_set *r, json_t *rules, problem *p);

/* Adds one rule behind the others; its counters start at 0.  0, or -1 with *p. */
int rules_add(rule_set *r, json_t *rule, problem *p);

/* Removes the rule of that id.  0, or -1 with *p (status 404). */
int rules_remove(rule_set *r, const char *id, problem *p);

/* Removes all rules and counters; a seed of UINT64_MAX keeps the present one. */
void rules_reset(rule_set *r, uint64_t seed);

/* Counts up with every change of the set. */
uint64_t rules_generation(const rule_set *r);
uint64_t rules_seed(const rule_set *r);

/* The rules in force, as they were given with ids, in a new array. */
json_t *rules_to_json(const rule_set *r);

/* How often each fault was planned since the last reset: {"rst-on-accept": 2}.  Borrowed. */
const json_t *rules_served(const rule_set *r);

/*
 * Decides for one request.  Phase FAULT_AT_ACCEPT, where the subject holds only what is
 * known at accept, considers only the first rule that matches, and serves (and counts) only when
 * its due step holds a fault of that phase; returns whether it did.  Phase FAULT_AT_REQUEST
 * considers every rule and returns whether one served; a rule whose due step holds a fault of phase
 * FAULT_AT_ACCEPT stands aside there, uncounted, so that the next connection gets that fault.
 * A step that the draw or the end of the sequence makes healthy is served at the request.
 * The plan owns references: plan_clear, in every case.
 */
bool rules_decide(rule_set *r, fault_phase phase, const match_subject *subject, plan *out);
void plan_clear(plan *p);

/* The use of that layer in the plan, or NULL. */
const fault_use *plan_layer(const plan *p, const char *layer);

/* Adds "rule", "generation", "ordinal", "draw" and "faults" (names) to an event: null, and
 * no faults, where no rule served or nothing was drawn. */
void plan_describe(const plan *p, json_t *event);

/* Calls `visit` for each fault of phase FAULT_ON_LISTENER in force, with the value its
 * rule matches on for the key "listener" (NULL: every listener).  Such a rule is one step
 * without "times", scope or probability: nobody can count what never arrives. */
void rules_each_listener_fault(const rule_set *r,
                               void (*visit)(const fault_use *use, const char *listener, void *arg),
                               void *arg);

#endif
