/* What the control API shares with the listeners of a responder. */
#ifndef STAPLELAB_ENDPOINT_INTERNAL_H
#define STAPLELAB_ENDPOINT_INTERNAL_H

#include "program.h"

/* endpoint_bind, with the option that a refusal advises to change. */
int endpoint_bind_as(endpoint *e, int type, const char *option, problem *p);

#endif
