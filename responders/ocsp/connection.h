/*
 * The life of one connection: accepted, read, decided, written by its schedule, closed.
 *
 * Sockets and single events, no bufferevents: a fault must be able to reset, to half-close
 * and to stay silent, and the event log must say who closed and how.
 *
 * A peer that sends FIN while we wait for a clock or for nothing is taken to be gone; one that
 * does so while its answer is being written still gets it.
 */
#ifndef STAPLELAB_OCSP_CONNECTION_H
#define STAPLELAB_OCSP_CONNECTION_H

#include <stddef.h>

#include "responders/ocsp/responder.h"

/* Takes over the non-blocking descriptor of an accepted connection. `listener_name`
 * must outlive it; `client` is copied. */
void connection_start(service *s, const char *listener_name, const char *client, int fd);

/* Closes all of them without an event each. */
void connections_close_all(service *s);

/*
 * How many connections owe something, as control.h says it for /v1/quiet.  One owes when it
 * has sent nothing yet, while its answer is being written, and from FIN until its peer's close.
 * It does not when it waits for the rest of a request, for the clock, or for nothing.
 */
size_t connections_owed(const service *s);

#endif
