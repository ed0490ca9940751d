/*
 * The shape of a parsed rule, shared by the files that parse, decide and list rules, and
 * the snapshot with which the control API takes a refused change back.
 */
#ifndef STAPLELAB_RULES_INTERNAL_H
#define STAPLELAB_RULES_INTERNAL_H

#include "responders/engine/rule_set.h"

#define RULE_ID_MAX       63
#define RULE_TIMES_MAX    1000000000
#define RULE_FOR_EVER     UINT64_MAX
#define RULE_SCOPE_GLOBAL (-1)

typedef struct {
    uint64_t times; /* RULE_FOR_EVER without "times" */
    fault_use uses[PLAN_LAYERS_MAX];
    size_t nuses;
    bool at_accept; /* holds a fault that is decided at accept */
} rule_step;

typedef struct {
    size_t references;
    char id[RULE_ID_MAX + 1]; /* "" until the set names it */
    size_t nkeys;
    char **match; /* a normalised value for each match key, NULL: any */
    rule_step *steps;
    size_t nsteps;
    int scope; /* index of a match key, or RULE_SCOPE_GLOBAL */
    bool drawn;
    double probability; /* only when drawn */
    bool repeat;
    uint64_t period;  /* all times together; only with repeat */
    bool on_listener; /* its one fault is in force as long as the rule is */
    json_t *counters; /* scope value -> ordinal of the next request */
    json_t *source;   /* as it was given, with its id */
} rule;

/* Parses one rule; `where` is its JSON pointer. Returns a new rule, or NULL with *p. */
rule *rule_parse(const catalogue *c, const match_key *keys, json_t *source, const char *where,
                 problem *p);

void rule_unref(rule *r);

typedef struct {
    rule **rules;
    size_t n;
} rule_list;

struct rule_set {
    const catalogue *faults;
    const match_key *keys;
    uint64_t seed;
    uint64_t generation;
    uint64_t named; /* how many rules of this set were named "rule-N" */
    rule_list list;
    json_t *served; /* fault name -> how often a plan held it */
};

/* What was in force at one time: rules_restore puts it back, counters and generation
 * included, as if nothing had happened in between. */
typedef struct rules_snapshot rules_snapshot;

rules_snapshot *rules_save(const rule_set *r);
void rules_restore(rule_set *r, rules_snapshot *s); /* the snapshot then holds the other */
void rules_snapshot_free(rules_snapshot *s);

#endif
