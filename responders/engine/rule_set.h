/*
 * The rules in force, and how they change: a whole new list is parsed first, then, once the program
 * can put it in force, it takes the place of the one before.  What is refused has changed nothing.
 */
#ifndef STAPLELAB_ENGINE_RULE_SET_H
#define STAPLELAB_ENGINE_RULE_SET_H

#include <jansson.h>
#include <stdint.h>

#include "harness/base/problem.h"
#include "responders/engine/rule.h"
#include "responders/engine/rule_parse.h"

/* Rules in their order; never changed once it is made, but for the counters of its rules. */
typedef struct {
    rule **rules;
    size_t count;
    uint64_t named; /* how many rules were named "rule-N" */
} rule_list;

typedef struct rule_set rule_set;

/* A set without rules. *terms is copied. */
rule_set *rule_set_new(const rule_terms *terms, uint64_t seed);
void rule_set_free(rule_set *r);

/*
 * Each makes the list that would follow the one in force: 0 and a new list (to be given to
 * rule_set_swap or rule_list_free), or -1 with *p.
 *   replace: the JSON array `rules`, or {"rules": [...]}; counters start anew
 *   add:     one rule more behind the others, whose counters go on
 *   remove:  without the rule of that id (404 when there is none)
 * What is in the JSON given may not be changed any more.
 */
int rule_set_replace(const rule_set *r, json_t *rules, rule_list **out, problem *p);
int rule_set_add(const rule_set *r, json_t *source, rule_list **out, problem *p);
int rule_set_remove(const rule_set *r, const char *id, rule_list **out, problem *p);

rule_list *rule_list_empty(void);
void rule_list_free(rule_list *l); /* NULL is nothing */

/* Puts the list in force, takes it over and frees the one before; the generation counts up. */
void rule_set_swap(rule_set *r, rule_list *next);

void rule_set_seed(rule_set *r, uint64_t seed);

const rule_list *rule_set_current(const rule_set *r);
const rule_terms *rule_set_terms(const rule_set *r);
uint64_t rule_set_generation(const rule_set *r);
uint64_t rule_set_get_seed(const rule_set *r);

/* The rules in force, as they were given with ids, in a new array. */
json_t *rule_set_to_json(const rule_set *r);

/* Calls `visit` for each act of stage STAGE_LISTENER in the list, with the value that its rule
 * matches on for the key "listener" (NULL: every listener).  Such a rule is one step without
 * "times", scope or probability: nobody can count what never arrives. */
void rule_list_each_listener(const rule_list *l,
                             void (*visit)(const fault_act *act, const char *listener, void *arg),
                             void *arg);

#endif
