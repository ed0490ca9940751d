/*
 * A rule: which requests get which faults, in which order.
 *
 *   {"id": "r1",                                            optional, else "rule-N"
 *    "match":    {"serial": "1001", "method": "GET"},        all optional
 *    "sequence": [{"times": 2, "do": [{"fault": "status-try-later"}]}, {"do": []}],
 *    "scope": "global", "probability": 1.0, "repeat": false}
 *
 * A rule counts the requests it serves for each value of its scope (one counter for "global", else
 * one a value of that match key): the ordinal, from 0.  The ordinal picks the step; a step without
 * "times" holds for ever; past the last step the requests are healthy, unless "repeat" starts the
 * sequence again.
 */
#ifndef STAPLELAB_ENGINE_RULE_H
#define STAPLELAB_ENGINE_RULE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "responders/engine/fault_act.h"

#define RULE_ID_MAX       63
#define RULE_FAULTS_MAX   64 /* of a step, each of which is held against all others */
#define RULE_TIMES_MAX    1000000000
#define RULE_FOR_EVER     UINT64_MAX
#define RULE_SCOPE_GLOBAL (-1)

/* How many values of its scope a rule counts apart; those that come later share one count, so that
 * who makes up ever new ones cannot make the program grow. */
#define RULE_VALUES_MAX 4096

typedef struct {
    uint64_t times;  /* RULE_FOR_EVER without "times" */
    fault_acts acts; /* in the order of their stages */
} rule_step;

typedef struct {
    size_t references;
    char id[RULE_ID_MAX + 1]; /* "" until the list names it */
    size_t nkeys;
    char **match; /* a normalised value for each match key, NULL: any */
    rule_step *steps;
    size_t nsteps;
    int scope; /* index of a match key, or RULE_SCOPE_GLOBAL */
    bool drawn;
    double probability; /* only when drawn */
    bool repeat;
    uint64_t period;  /* all times together; only with repeat */
    bool on_listener; /* its one act is in force as long as the rule is */
    json_t *counters; /* scope value -> ordinal of the next request; NULL: none was counted */
    uint64_t others;  /* the same of all values that have no room there */
    json_t *source;   /* as it was given */
} rule;

/* A new rule of one reference with nothing in it, for so many match keys. */
rule *rule_new(size_t nkeys);
rule *rule_ref(rule *r);
void rule_unref(rule *r); /* NULL is nothing */

/* Gives a rule that came without an id its name. */
void rule_name(rule *r, const char *id);

/* The rule as it was given, with its id; its members are those that were given. */
json_t *rule_to_json(const rule *r);

/* The ordinal of the next request of that scope value; counting it makes the next one have one
 * more.
 */
uint64_t rule_ordinal(const rule *r, const char *value);
void rule_count(rule *r, const char *value);

/* The step that the request of this ordinal gets, or NULL past the last one. */
const rule_step *rule_due_step(const rule *r, uint64_t ordinal);

/* Whether the rule matches a request: values[i] belongs to key i, NULL where unknown. */
bool rule_matches(const rule *r, const char *const *values);

#endif
