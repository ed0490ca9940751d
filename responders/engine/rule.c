/* See rule.h. */
#include "responders/engine/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "harness/base/siphash.h"

rule *rule_new(size_t nkeys)
{
    rule *r = memory_new(sizeof(*r));

    r->references = 1;
    r->nkeys = nkeys;
    r->match = memory_array(nkeys + 1, sizeof(r->match[0]));
    r->scope = RULE_SCOPE_GLOBAL;
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
}

json_t *rule_to_json(const rule *r)
{
    json_t *given = json_pack("{s:s}", "id", r->id);

    json_object_update_missing(given, r->source);
    return given;
}

#define KEY_VALUE_MAX 128 /* of a longer value a name stands for it */
#define KEY_SIZE      (KEY_VALUE_MAX + 48)

/* What a value is counted under: itself, or of a long one, its beginning and 128 bits of a hash. */
static const char *key_of(const char *value, char key[KEY_SIZE])
{
    const size_t length = strlen(value);

    if (length <= KEY_VALUE_MAX) {
        return value;
    }
    snprintf(key, KEY_SIZE, "%.*s... %016llx%016llx", KEY_VALUE_MAX, value,
             (unsigned long long)siphash(0, 0, value, length),
             (unsigned long long)siphash(0, 1, value, length));
    return key;
}

uint64_t rule_ordinal(const rule *r, const char *value)
{
    char key[KEY_SIZE];
    const json_t *known = json_object_get(r->counters, key_of(value, key));
    const bool room = json_object_size(r->counters) < RULE_VALUES_MAX;

    return known != NULL ? (uint64_t)json_integer_value(known) : room ? 0 : r->others;
}

void rule_count(rule *r, const char *value)
{
    char space[KEY_SIZE];
    const char *key = key_of(value, space);
    json_t *known = json_object_get(r->counters, key);

    if (known != NULL) {
        json_integer_set(known, json_integer_value(known) + 1);
    } else if (json_object_size(r->counters) < RULE_VALUES_MAX) {
        r->counters = r->counters == NULL ? json_object() : r->counters;
        /* The value may hold any octets that a peer sent, so it is not checked for UTF-8. */
        json_object_set_new_nocheck(r->counters, key, json_integer(1));
    } else {
        r->others++;
    }
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
