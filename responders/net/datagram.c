/* See datagram.h. */
#include "responders/net/datagram.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/memory.h"

#define DATAGRAMS_AT_ONCE 64 /* then the other sockets have their turn */

struct datagram {
    int fd;
    struct event *readable;
    const datagram_handlers *handlers;
    void *arg;
    uint8_t input[65536];
};

/* Keeps of the received control messages the one that says which address was asked. */
static void keep_local_address(datagram_peer *peer, struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo *v4 = (struct in_pktinfo *)CMSG_DATA(c);
            v4->ipi_ifindex = 0; /* the way back is the kernel's choice */
            peer->local_length = CMSG_SPACE(sizeof(*v4));
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo *v6 = (struct in6_pktinfo *)CMSG_DATA(c);
            if (!IN6_IS_ADDR_LINKLOCAL(&v6->ipi6_addr)) {
                v6->ipi6_ifindex = 0;
            }
            peer->local_length = CMSG_SPACE(sizeof(*v6));
        } else {
            continue;
        }
        memcpy(peer->local, c, peer->local_length);
        return;
    }
}

static bool receive(datagram *d)
{
    _Alignas(struct cmsghdr) uint8_t ancillary[64] = {0};
    datagram_peer peer = {0};
    struct iovec space = {.iov_base = d->input, .iov_len = sizeof(d->input)};
    struct msghdr message = {.msg_name = &peer.address,
                             .msg_namelen = sizeof(peer.address),
                             .msg_iov = &space,
                             .msg_iovlen = 1,
                             .msg_control = ancillary,
                             .msg_controllen = sizeof(ancillary)};
    ssize_t n = recvmsg(d->fd, &message, 0);
    if (n < 0) {
        return false;
    }
    peer.length = message.msg_namelen;
    keep_local_address(&peer, &message);
    d->handlers->on_message(d->arg, &peer, (span){d->input, (size_t)n});
    return true;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    datagram *d = arg;
    for (int i = 0; i < DATAGRAMS_AT_ONCE && receive(d); i++) {
    }
    d->handlers->on_change(d->arg);
}

int datagram_new(struct event_base *base, const endpoint *e, int fd,
                 const datagram_handlers *handlers, void *arg, datagram **out, problem *p)
{
    const int on = 1;
    bool four = e->address.ss_family == AF_INET;
    if (setsockopt(fd, four ? IPPROTO_IP : IPPROTO_IPV6, four ? IP_PKTINFO : IPV6_RECVPKTINFO, &on,
                   sizeof(on)) != 0) {
        problem_set(p, 500, "", "listener \"%s\": %s", e->name, strerror(errno));
        close(fd);
        return -1;
    }
    datagram *d = memory_new(sizeof(*d));
    d->fd = fd;
    d->handlers = handlers;
    d->arg = arg;
    d->readable = memory_made(event_new(base, fd, EV_READ | EV_PERSIST, on_readable, d));
    if (event_add(d->readable, NULL) != 0) {
        memory_exhausted();
    }
    *out = d;
    return 0;
}

void datagram_free(datagram *d)
{
    event_free(d->readable);
    close(d->fd);
    free(d);
}

bool datagram_send(datagram *d, const datagram_peer *to, span message)
{
    struct iovec data = {.iov_base = (void *)message.data, .iov_len = message.length};
    struct msghdr header = {.msg_name = (void *)&to->address,
                            .msg_namelen = to->length,
                            .msg_iov = &data,
                            .msg_iovlen = 1,
                            .msg_control = to->local_length > 0 ? (void *)to->local : NULL,
                            .msg_controllen = to->local_length};
    return sendmsg(d->fd, &header, MSG_NOSIGNAL) >= 0;
}
