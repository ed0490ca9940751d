/*
 * The TCP listeners of a responder, which follow the rules: a fault of a listener is in force as
 * long as its rule is, and an event "listener" proves each change once it is made, also when
 * only the fault is another one.
 */
#ifndef STAPLELAB_NET_LISTENERS_H
#define STAPLELAB_NET_LISTENERS_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/base/problem.h"
#include "responders/engine/event_log.h"
#include "responders/engine/rule_set.h"
#include "responders/net/listener.h"

typedef struct listeners listeners;

/* `transport` goes into every event as a member of that name; NULL: there is none. */
listeners *listeners_new(struct event_base *base, event_log *events, const char *transport,
                         listener_on_accept on_accept, void *arg);

/* Closes all of them. */
void listeners_free(listeners *l);

/* Listens on `fd`, which endpoint_bind has made for *e; takes it over.  The new one is theirs. */
listener *listeners_add(listeners *l, const endpoint *e, int fd);

/* Puts the acts of stage STAGE_LISTENER of these rules in force, whose subject is a listener_mode,
 * and takes back those that are gone and every refusal. 0, or -1 with *p. */
int listeners_follow(listeners *l, const rule_list *rules, problem *p);

/* Has one refuse connections until listeners_follow; `fields` (taken over) go into its event.
 * False when it cannot; true, without an event, when it refuses already. */
bool listeners_refuse(listeners *l, listener *one, json_t *fields);

/* Accepts again after descriptors had run out: to be called when a connection was closed. */
void listeners_resume(listeners *l);

/* [{"name", "address", "port", "state"}], a new array. */
json_t *listeners_to_json(const listeners *l);

#endif
