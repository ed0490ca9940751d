/* See fault_state.h. */
#include "responders/engine/fault_state.h"

#include <jansson.h>
#include <stdlib.h>

#include "harness/base/memory.h"

struct fault_state {
    json_t *first; /* "RULE QUESTION" -> Unix seconds */
};

fault_state *fault_state_new(void)
{
    fault_state *s = memory_new(sizeof(*s));

    s->first = json_object();
    return s;
}

void fault_state_free(fault_state *s)
{
    if (s == NULL) {
        return;
    }
    json_decref(s->first);
    free(s);
}

void fault_state_clear(fault_state *s)
{
    json_object_clear(s->first);
}

bool fault_state_first(fault_state *s, const char *rule, const char *question, int64_t now,
                       int64_t *first)
{
    char *key = memory_format("%s %s", rule, question); /* an id has no space */
    const json_t *known = json_object_get(s->first, key);
    const bool room = json_object_size(s->first) < FAULT_STATE_MAX;

    *first = known == NULL ? now : json_integer_value(known);
    if (known == NULL && room) {
        json_object_set_new_nocheck(s->first, key, json_integer(now));
    }
    free(key);
    return known != NULL || room;
}
