/* The TCP connections (RFC 1035 4.2.2, RFC 7766). */
#ifndef STAPLELAB_DNS_CONNECTION_H
#define STAPLELAB_DNS_CONNECTION_H

#include <stddef.h>
#include <sys/socket.h>

#include "responders/dns/service.h"
#include "responders/net/listener.h"

/* All of them. */
typedef struct dns_connections dns_connections;

/* *s must outlive it. */
dns_connections *dns_connections_new(dns_service *s);
void dns_connections_free(dns_connections *all); /* NULL is nothing */

/* Serves an accepted connection; takes over `fd`. */
void dns_connections_accept(dns_connections *all, listener *l, int fd,
                            const struct sockaddr_storage *peer);

/* Closes every connection without a word to its peer; what was to be sent is dropped, and `why` is
 * said. */
void dns_connections_close(dns_connections *all, const char *why);

size_t dns_connections_count(const dns_connections *all);

/* How many wait for something that we could do now (control.h). */
size_t dns_connections_owed(const dns_connections *all);

#endif
