/*
 * Accepting the callers of the control API, also when descriptors have run out: some are kept in
 * reserve, so that whoever wants to put things right can, and without any it is tried again later,
 * where evhttp by itself would go round and round and say so each time.
 */
#ifndef STAPLELAB_CONTROL_ACCEPT_H
#define STAPLELAB_CONTROL_ACCEPT_H

#include <event2/event.h>
#include <event2/http.h>

typedef struct control_accept control_accept;

/* Has `http` serve who connects to `fd`, which it takes over.  NULL when it cannot. */
control_accept *control_accept_new(struct event_base *base, struct evhttp *http, int fd);

/* To be called before evhttp_free. */
void control_accept_free(control_accept *a); /* NULL is nothing */

/* Puts descriptors back into the reserve, if there are some again: to be called now and then. */
void control_accept_refill(control_accept *a);

#endif
