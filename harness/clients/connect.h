/*
 * A TCP connection within a bound. The bound is the kernel's own time, which a preloaded clock
 * does not move: frozen time must not let a client wait for ever.
 */
#ifndef STAPLELAB_CONNECT_H
#define STAPLELAB_CONNECT_H

#include "harness/base/problem.h"

/* Makes *bound, a descriptor that becomes readable once, `milliseconds` from now; the caller closes
 * it. 0, or -1 with *p. */
int connect_bound(int milliseconds, int *bound, problem *p);

/* Waits until `fd` is ready for `events` (poll's). 0 when it is, or -1 with *p: of status 408 when
 * the bound has passed, be it ready or not. */
int connect_wait(int bound, int fd, short events, problem *p);

/* Connects to `host` (a name or an address) at `port`, trying each address in turn. 0 with *fd, a
 * non-blocking descriptor that the caller closes, or -1 with *p, which names neither address nor
 * port: what was asked for is known, and the text is compared from run to run. */
int connect_within(int bound, const char *host, const char *port, int *fd, problem *p);

#endif
