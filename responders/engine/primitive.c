/* See primitive.h. */
#include "responders/engine/primitive.h"

#include <stdlib.h>
#include <string.h>

/* Whether the thing `inner` is `outer`, or something in it. */
static bool holds(const char *outer, const char *inner)
{
    const size_t length = strlen(outer);

    return strncmp(outer, inner, length) == 0 &&
           (length == 0 || inner[length] == '/' || inner[length] == '\0');
}

const char *primitive_clash(const primitive *a, const primitive *b)
{
    for (size_t i = 0; a->things[i] != NULL; i++) {
        for (size_t k = 0; b->things[k] != NULL; k++) {
            const bool around = holds(a->things[i], b->things[k]);
            const bool within = holds(b->things[k], a->things[i]);

            if ((a->stage == b->stage && (around || within)) || (a->replaces && around) ||
                (b->replaces && within)) {
                return a->things[i];
            }
        }
    }
    return NULL;
}

bool primitive_is_within(const primitive *p, const char *thing)
{
    for (size_t i = 0; p->things[i] != NULL; i++) {
        if (holds(thing, p->things[i])) {
            return true;
        }
    }
    return false;
}

const param *primitive_param(const primitive *p, const char *name)
{
    for (const param *q = p->params; q != NULL && q->name != NULL; q++) {
        if (strcmp(q->name, name) == 0) {
            return q;
        }
    }
    return NULL;
}

void primitive_params_free(const primitive *p, void *params)
{
    for (const param *q = p->params; params != NULL && q != NULL && q->name != NULL; q++) {
        param_clear(q, params);
    }
    free(params);
}
