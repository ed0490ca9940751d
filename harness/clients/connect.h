/*
 * A TCP connection within a bound. The bound is the kernel's own time, which a preloaded clock
 * does not move: frozen time must not let a client wait for ever.
 */
#ifndef STAPLELAB_CONNECT_H
#define STAPLELAB_CONNECT_H

#include <stddef.h>

/* A descriptor that becomes readable once, `milliseconds` from now; -1 with errno. */
int bound_start(int milliseconds);

/* Waits until `fd` is ready for `events` (poll's). 1 when it is, 0 when the bound has passed,
 * ready or not, -1 with errno. */
int bound_wait(int bound, int fd, short events);

/* Connects to `host` (a name or an address) at `port`, trying each address in turn. A non-blocking
 * descriptor, or -1 with one sentence in `error` that names neither address nor port: what was
 * asked for is known, and the sentence is compared from run to run. */
int connect_within(int bound, const char *host, const char *port, char *error, size_t size);

#endif
