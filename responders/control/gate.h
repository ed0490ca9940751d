/*
 * The gate of a control API that needs a token: it stands between a socket and evhttp, which would
 * read a whole body before anybody is asked who is there.
 *
 * The head of a request is held back until it is whole.  With the right token the connection is let
 * through, from then on for good.  Without it evhttp gets the head alone, so that it can say no;
 * the body is thrown away as it comes.  Who has not shown the token within GATE_SECONDS of the
 * kernel's clock is shown out, and so is the one that waits the longest when there are more than
 * GATE_WAITING_MAX: nobody can keep the owner out by coming first.
 */
#ifndef STAPLELAB_CONTROL_GATE_H
#define STAPLELAB_CONTROL_GATE_H

#include <event2/bufferevent.h>
#include <event2/event.h>

#define GATE_SECONDS     10
#define GATE_WAITING_MAX 64

typedef struct gate gate;

/* `token` must outlive it. */
gate *gate_new(struct event_base *base, const char *token);

/* To be called after evhttp_free. */
void gate_free(gate *g); /* NULL is nothing */

/* Makes the bufferevent of a new connection: for evhttp_set_bevcb, with the gate as `arg`. */
struct bufferevent *gate_bufferevent(struct event_base *base, void *arg);

#endif
