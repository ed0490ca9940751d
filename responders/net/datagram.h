/*
 * A UDP socket: messages in and out.  Responses leave from the address that was asked (RFC 2181,
 * 4.1), which a socket bound to a wildcard address does not do by itself.
 */
#ifndef STAPLELAB_NET_DATAGRAM_H
#define STAPLELAB_NET_DATAGRAM_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "harness/base/octets.h"
#include "harness/base/problem.h"
#include "responders/net/endpoint.h"

/* Where a message came from, and so where its response goes.  A plain value: copy it. */
typedef struct {
    struct sockaddr_storage address;
    socklen_t length;
    size_t local_length; /* the address that was asked, as IP_PKTINFO gave it */
    _Alignas(struct cmsghdr) uint8_t local[64];
} datagram_peer;

typedef struct datagram datagram;

typedef struct {
    void (*on_message)(void *arg, const datagram_peer *from, span message);
    /* All that was there has been read. */
    void (*on_change)(void *arg);
} datagram_handlers;

/* Takes over `fd`, which endpoint_bind has made for *e.  `handlers` must outlive it.  0, or -1 with
 * *p, and `fd` is closed. */
int datagram_new(struct event_base *base, const endpoint *e, int fd,
                 const datagram_handlers *handlers, void *arg, datagram **out, problem *p);
void datagram_free(datagram *d);

/* Sends one message.  False with errno. */
bool datagram_send(datagram *d, const datagram_peer *to, span message);

#endif
