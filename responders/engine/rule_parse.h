/* From JSON to a rule. */
#ifndef STAPLELAB_ENGINE_RULE_PARSE_H
#define STAPLELAB_ENGINE_RULE_PARSE_H

#include <jansson.h>

#include "harness/base/problem.h"
#include "responders/engine/catalogue.h"
#include "responders/engine/match.h"
#include "responders/engine/rule.h"

/* What a rule may speak of; all of it must outlive the rules. */
typedef struct {
    const catalogue *faults;
    const match_key *keys; /* ends with a name of NULL */
    const void *store;     /* what types of parameters ask; NULL: nothing is loaded */
} rule_terms;

/* Parses one rule; `where` is its JSON pointer.  The rule keeps references to what is in `source`,
 * which nobody may change any more. 0 and a new rule, or -1 with *p. */
int rule_parse(const rule_terms *terms, json_t *source, const char *where, rule **out, problem *p);

#endif
