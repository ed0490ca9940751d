/* The long polls: responded to when what they wait for has come, or past their bound. */
#ifndef STAPLELAB_CONTROL_WAITS_H
#define STAPLELAB_CONTROL_WAITS_H

#include <event2/event.h>

#include "harness/base/problem.h"
#include "responders/control/http.h"
#include "responders/control/ops.h"

typedef struct control_waits control_waits;

/* The base needs one priority more than the default one; the ops must outlive it. */
control_waits *control_waits_new(struct event_base *base, const control_ops *ops);

/* Leaves the requests that still wait to evhttp_free. */
void control_waits_free(control_waits *all);

/* What is waited for may have come: it is judged when nothing else is left to do. */
void control_waits_poke(control_waits *all);

/* Each takes the request over and responds to it now or later: 0, or -1 with *p and the request is
 * still the caller's. */
int control_waits_events(control_waits *all, const control_request *x, problem *p);
int control_waits_quiet(control_waits *all, const control_request *x, problem *p);

#endif
