/*
 * Datagrams in and out.  Answers leave from the address that was asked (RFC 2181 section 4.1),
 * which a socket bound to a wildcard address does not do by itself.
 */
#include "responders/dns/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "responders/dns/exchange.h"

#define DATAGRAMS_AT_ONCE 64 /* then the other sockets have their turn */

/* Keeps of the received control messages the one that says which address was asked. */
static void keep_local_address(origin *o, struct msghdr *message)
{
    struct cmsghdr *c;
    struct in_pktinfo *v4;
    struct in6_pktinfo *v6;

    o->local_length = 0;

    for (c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            v4 = (struct in_pktinfo *)CMSG_DATA(c);
            v4->ipi_ifindex = 0; /* the way back is the kernel's choice */
            o->local_length = CMSG_SPACE(sizeof(*v4));
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            v6 = (struct in6_pktinfo *)CMSG_DATA(c);
            if (!IN6_IS_ADDR_LINKLOCAL(&v6->ipi6_addr)) {
                v6->ipi6_ifindex = 0;
            }
            o->local_length = CMSG_SPACE(sizeof(*v6));
        } else {
            continue;
        }
        memcpy(o->local, c, o->local_length);
        return;
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    listener *l = arg;
    server *s = l->server;
    _Alignas(struct cmsghdr) uint8_t ancillary[64];
    struct iovec space = {.iov_base = s->input.data, .iov_len = sizeof(s->input.data)};
    origin o = {.listener = l};
    struct msghdr message;
    ssize_t n;
    int i;

    (void)what;

    for (i = 0; i < DATAGRAMS_AT_ONCE; i++) {
        memset(ancillary, 0, sizeof(ancillary));
        message = (struct msghdr){.msg_name = &o.client,
                                  .msg_namelen = sizeof(o.client),
                                  .msg_iov = &space,
                                  .msg_iovlen = 1,
                                  .msg_control = ancillary,
                                  .msg_controllen = sizeof(ancillary)};
        n = recvmsg(fd, &message, 0);
        if (n < 0) {
            break;
        }
        o.client_length = message.msg_namelen;
        keep_local_address(&o, &message);
        answer_message(s, &o, s->input.data, (size_t)n);
    }

    server_poke(s);
}

int udp_start(listener *l)
{
    const int on = 1;
    int result;

    if (l->endpoint.address.ss_family == AF_INET) {
        result = setsockopt(l->udp, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
    } else {
        result = setsockopt(l->udp, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
    }
    if (result != 0) {
        return -1;
    }

    l->udp_event = event_new(l->server->base, l->udp, EV_READ | EV_PERSIST, on_readable, l);
    if (l->udp_event == NULL) {
        errno = ENOMEM;
        return -1;
    }
    return event_add(l->udp_event, NULL);
}

void udp_stop(listener *l)
{
    if (l->udp_event != NULL) {
        event_free(l->udp_event);
        l->udp_event = NULL;
    }
    if (l->udp >= 0) {
        close(l->udp);
        l->udp = -1;
    }
}

int udp_send(const origin *o, const uint8_t *octets, size_t length)
{
    struct iovec data = {.iov_base = (void *)octets, .iov_len = length};
    struct msghdr message = {.msg_name = (void *)&o->client,
                             .msg_namelen = o->client_length,
                             .msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = o->local_length > 0 ? (void *)o->local : NULL,
                             .msg_controllen = o->local_length};

    return sendmsg(o->listener->udp, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}
