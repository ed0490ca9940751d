/*
 * A TCP connection within a bound.
 */
#ifndef STAPLELAB_CONNECT_H
#define STAPLELAB_CONNECT_H

#include "harness/base/problem.h"
#include "harness/clients/bound.h"

/* Connects to `host` (a name or an address) at `port`, trying each address in turn. 0 with *fd, a
 * non-blocking descriptor that the caller closes, or -1 with *p, which names neither address nor
 * port: what was asked for is known, and the text is compared from run to run. */
int connect_within(bound *b, const char *host, const char *port, int *fd, problem *p);

#endif
