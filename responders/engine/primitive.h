/*
 * A primitive: one C function that changes one thing at one stage of a response.
 *
 * A response passes stages: a model of what it says, its encoding, the message around it, the
 * octets on the wire, the pace at which they are sent, and the end of the connection.  A fault of
 * the catalogue is one primitive or several with fixed parameters (catalogue.h); a rule may also
 * name a primitive itself.
 */
#ifndef STAPLELAB_ENGINE_PRIMITIVE_H
#define STAPLELAB_ENGINE_PRIMITIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "responders/engine/effect.h"
#include "responders/engine/param.h"
#include "responders/engine/stage.h"

typedef struct {
    void *subject;       /* what the stage works on; each program says what that is */
    const void *params;  /* the primitive's own struct */
    const void *context; /* what it may look at besides; the program's own */
    const char *why;     /* to be set with EFFECT_IMPOSSIBLE: one static sentence */
    size_t from;         /* to be set at STAGE_PACE: the first octet that has to wait */
} primitive_call;

#define PRIMITIVE_THINGS_MAX 4

typedef struct {
    const char *name;
    const char *summary; /* one line */
    stage stage;
    /* What it changes, as paths from the outside in ("http/body/response/signature"); "" is
     * everything.  Two primitives of one stage cannot be done together when one's thing is the
     * other's or holds it. */
    const char *things[PRIMITIVE_THINGS_MAX + 1]; /* ends with NULL */
    /* Nothing of what other stages do to its things is left: it cannot be done together with
     * primitives of any stage that change something in them. */
    bool replaces;
    size_t size;         /* of the struct of its parameters; 0: none */
    const param *params; /* ends with a name of NULL; NULL: none */
    effect (*act)(primitive_call *call);
} primitive;

/* Whether the two cannot be done together: the thing (of `a`) that both change, else NULL. */
const char *primitive_clash(const primitive *a, const primitive *b);

/* Whether it changes something in the thing, or all of it. */
bool primitive_is_within(const primitive *p, const char *thing);

/* Its parameter of that name, or NULL. */
const param *primitive_param(const primitive *p, const char *name);

/* Frees a struct of its parameters and all that is in it; NULL is nothing. */
void primitive_params_free(const primitive *p, void *params);

#endif
