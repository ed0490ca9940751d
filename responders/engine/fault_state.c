/*
 * A short list is enough: rules and names are few.  When it is full the oldest note goes, so
 * a client that asks for ever new names cannot make it grow.
 */
#include "responders/engine/fault_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTES_MAX 256

typedef struct {
    char rule[64];
    dns_name name;
    uint16_t type;
    time_t first;
} note;

struct memory {
    note notes[NOTES_MAX];
    size_t count, oldest;
};

memory *memory_new(void)
{
    return calloc(1, sizeof(memory));
}

void memory_free(memory *m)
{
    free(m);
}

void memory_clear(memory *m)
{
    m->count = 0;
    m->oldest = 0;
}

time_t memory_first(memory *m, const char *rule, const dns_name *name, uint16_t type, time_t now)
{
    note *n;
    size_t i;

    for (i = 0; i < m->count; i++) {
        n = &m->notes[i];
        if (n->type == type && strcmp(n->rule, rule) == 0 && dns_name_equal(&n->name, name)) {
            return n->first;
        }
    }

    if (m->count < NOTES_MAX) {
        n = &m->notes[m->count++];
    } else {
        n = &m->notes[m->oldest];
        m->oldest = (m->oldest + 1) % NOTES_MAX;
    }
    snprintf(n->rule, sizeof(n->rule), "%s", rule);
    n->name = *name;
    n->type = type;
    n->first = now;
    return now;
}
