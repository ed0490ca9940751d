/*
 * A listening TCP socket, and what a fault can make of it: nothing listens (RST to SYN), or the
 * accept queue is full (SYN is dropped).
 */
#ifndef STAPLELAB_NET_LISTENER_H
#define STAPLELAB_NET_LISTENER_H

#include <event2/event.h>
#include <sys/socket.h>

#include "harness/base/problem.h"
#include "responders/net/endpoint.h"

typedef enum {
    LISTENER_OPEN,
    LISTENER_CLOSED,       /* nothing listens: SYN is responded to by RST; the port stays ours */
    LISTENER_BACKLOG_FULL, /* the accept queue is full: SYN is dropped */
} listener_mode;

/* "open", "closed", "backlog-full" */
const char *listener_mode_name(listener_mode mode);

typedef struct listener listener;

/* A connection was accepted; its non-blocking descriptor is the owner's.  `peer` is copied by who
 * needs it longer. */
typedef void (*listener_on_accept)(void *arg, listener *l, int fd,
                                   const struct sockaddr_storage *peer);

/* Takes over `fd`, which endpoint_bind has made for *e. */
listener *listener_new(struct event_base *base, const endpoint *e, int fd,
                       listener_on_accept on_accept, void *arg);
void listener_free(listener *l);

const endpoint *listener_endpoint(const listener *l);
listener_mode listener_current(const listener *l);

/* Puts the socket into that mode.  0, or -1 with *p, and then it is in the former one or, where
 * even that cannot be had, open.  Connections that wait while it is open are accepted: on_accept
 * may be called from here, and must not call this again then. */
int listener_set_mode(listener *l, listener_mode mode, problem *p);

/* Accepts again after descriptors had run out: to be called when one was closed.  It does so by
 * itself, too, a moment later: what has taken them may be none of our connections. */
void listener_resume(listener *l);

#endif
