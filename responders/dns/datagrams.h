/* The UDP sockets (RFC 1035 4.2.1). */
#ifndef STAPLELAB_DNS_DATAGRAMS_H
#define STAPLELAB_DNS_DATAGRAMS_H

#include "harness/base/problem.h"
#include "responders/dns/service.h"
#include "responders/net/endpoint.h"
#include "responders/net/listener.h"

typedef struct dns_datagrams dns_datagrams;

/* *s must outlive it. */
dns_datagrams *dns_datagrams_new(dns_service *s);

/* Closes all of them; what waits is forgotten. */
void dns_datagrams_free(dns_datagrams *d); /* NULL is nothing */

/* Serves `fd`, which endpoint_bind_both has made for *e, and takes it over; `tcp` is the listener
 * of that endpoint.  0, or -1 with *p. */
int dns_datagrams_add(dns_datagrams *d, const endpoint *e, int fd, listener *tcp, problem *p);

/* Drops the responses that wait for the clock, and says why. */
void dns_datagrams_drop(dns_datagrams *d, const char *why);

#endif
