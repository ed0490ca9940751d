/*
 * The addresses of a host, under a bound: a name server that says nothing must not let a client
 * wait longer than it was told to.
 */
#ifndef STAPLELAB_RESOLVE_H
#define STAPLELAB_RESOLVE_H

#include <netdb.h>

#include "harness/clients/bound.h"

/* 0 with *out, which the caller frees with freeaddrinfo, or -1 with *p. */
int resolve_within(bound *b, const char *host, const char *port, struct addrinfo **out, problem *p);

#endif
