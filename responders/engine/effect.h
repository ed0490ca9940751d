/* What calling a primitive was worth. */
#ifndef STAPLELAB_ENGINE_EFFECT_H
#define STAPLELAB_ENGINE_EFFECT_H

typedef enum {
    EFFECT_DONE,  /* the subject is changed */
    EFFECT_NONE,  /* this request is not one that it changes, such as a query for another type */
    EFFECT_LATER, /* nor this one; but it leads the client to make one that is, so its fault is not
                     done before that */
    EFFECT_IMPOSSIBLE, /* it cannot be done; call->why says why */
} effect;

#endif
