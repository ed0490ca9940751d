/* See rule.h. */
#include "responders/engine/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"

rule *rule_new(size_t nkeys)
{
    rule *r = memory_new(sizeof(*r));

    r->references = 1;
    r->nkeys = nkeys;
    r->match = memory_array(nkeys + 1, sizeof(r->match[0]));
    r->scope = RULE_SCOPE_GLOBAL;
    r->counters = json_object();
    r->source = json_object();
    return r;
}

rule *rule_ref(rule *r)
{
    r->references++;
    return r;
}

void rule_unref(rule *r)
{
    if (r == NULL || --r->references > 0) {
        return;
    }
    for (size_t i = 0; i < r->nkeys; i++) {
        free(r->match[i]);
    }
    for (size_t i = 0; i < r->nsteps; i++) {
        fault_acts_clear(&r->steps[i].acts);
    }
    free(r->match);
    free(r->steps);
    json_decref(r->counters);
    json_decref(r->source);
    free(r);
}

void rule_name(rule *r, const char *id)
{
    snprintf(r->id, sizeof(r->id), "%s", id);
    json_object_set_new(r->source, "id", json_string(r->id));
}

const rule_step *rule_due_step(const rule *r, uint64_t ordinal)
{
    uint64_t left = r->repeat ? ordinal % r->period : ordinal;

    for (size_t i = 0; i < r->nsteps; i++) {
        if (left < r->steps[i].times) {
            return &r->steps[i];
        }
        left -= r->steps[i].times;
    }
    return NULL;
}

bool rule_matches(const rule *r, const char *const *values)
{
    for (size_t i = 0; i < r->nkeys; i++) {
        if (r->match[i] != NULL && (values[i] == NULL || strcmp(r->match[i], values[i]) != 0)) {
            return false;
        }
    }
    return true;
}
