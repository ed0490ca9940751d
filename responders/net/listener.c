/* See listener.h. */
#include "responders/net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/memory.h"
#include "responders/net/retry.h"

/* How long the kernel may take for a connection from ourselves to ourselves. */
#define FILLER_BOUND_MS 200

struct listener {
    endpoint endpoint;
    int fd;
    struct event *acceptable;
    listener_on_accept on_accept;
    void *arg;
    listener_mode mode;
    int filler; /* our own connection that fills the accept queue; -1: none */
    uint16_t filler_port;
    bool starved; /* descriptors ran out: wait until one is closed, whoever's it is */
    bool told;    /* and that was said; it is said again only after a connection was accepted */
    retry *retry;
};

const char *listener_mode_name(listener_mode mode)
{
    static const char *const names[] = {"open", "closed", "backlog-full"};
    return names[mode];
}

/* Without a free descriptor accept() fails whether or not anybody waits. */
static bool somebody_waits(const listener *l)
{
    struct pollfd queue = {.fd = l->fd, .events = POLLIN};
    return poll(&queue, 1, 0) > 0;
}

static void starve(listener *l, int reason)
{
    if (!l->told) {
        fprintf(stderr, "%s: listener %s cannot accept: %s\n", program_invocation_short_name,
                l->endpoint.name, strerror(reason));
    }
    l->told = true;
    l->starved = true;
    event_del(l->acceptable);
    retry_soon(l->retry);
}

static void accept_all(listener *l)
{
    /* The owner may close the port when it is told of a connection. */
    while (l->mode == LISTENER_OPEN) {
        struct sockaddr_storage peer;
        socklen_t length = sizeof(peer);
        int fd = accept4(l->fd, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED)) {
            continue;
        }
        if (fd < 0) {
            int reason = errno;
            if (reason != EAGAIN && somebody_waits(l)) {
                starve(l, reason);
            }
            return;
        }
        l->told = false;
        if (l->filler_port != 0 && endpoint_port(&peer) == l->filler_port) {
            l->filler_port = 0;
            close(fd);
            continue;
        }
        l->on_accept(l->arg, l, fd, &peer);
    }
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    accept_all(arg);
}

static void watch(listener *l)
{
    event_add(l->acceptable, NULL);
}

static void unwatch(listener *l)
{
    event_del(l->acceptable);
    retry_not(l->retry);
    l->starved = false;
}

static int fail(const listener *l, const char *what, problem *p)
{
    char address[80];
    endpoint_format((const struct sockaddr *)&l->endpoint.address, address, sizeof(address));
    return problem_fail(p, "listener %s (%s) %s: %s", l->endpoint.name, address, what,
                        strerror(errno));
}

/* Whether another socket may be bound to the port as long as nothing listens. */
static bool share_port(listener *l, bool share)
{
    int value = share;
    return setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof(value)) == 0;
}

/* Nothing listens, but the port stays ours: a socket that is shut down is still bound, SYN is
 * responded to by RST, and nobody else can take the port meanwhile. */
static int close_port(listener *l, problem *p)
{
    unwatch(l);
    if (!share_port(l, false) || shutdown(l->fd, SHUT_RDWR) != 0) {
        int result = fail(l, "cannot be closed", p);
        share_port(l, true);
        watch(l);
        return result;
    }
    l->mode = LISTENER_CLOSED;
    return 0;
}

/* Where our own connection goes: the wildcard address means this host. */
static struct sockaddr_storage reachable(const endpoint *e)
{
    struct sockaddr_storage address = e->address;
    struct sockaddr_in *four = (struct sockaddr_in *)&address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;
    if (address.ss_family == AF_INET && four->sin_addr.s_addr == htonl(INADDR_ANY)) {
        four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    if (address.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr)) {
        six->sin6_addr = in6addr_loopback;
    }
    return address;
}

/* A backlog of 0 has room for one connection (Linux): ours takes it, and from then on the
 * kernel drops every SYN. */
static int fill_backlog(listener *l, problem *p)
{
    accept_all(l);
    unwatch(l);
    int fd = socket(l->endpoint.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || listen(l->fd, 0) != 0) {
        int result = fail(l, "cannot fill its accept queue", p);
        if (fd >= 0) {
            close(fd);
        }
        watch(l);
        return result;
    }
    struct sockaddr_storage address = reachable(&l->endpoint), own = {0};
    socklen_t length = sizeof(own);
    if (connect(fd, (struct sockaddr *)&address, l->endpoint.length) != 0 && errno == EINPROGRESS) {
        /* Past the bound somebody else's connection fills the queue: that serves as well. */
        struct pollfd connected = {.fd = fd, .events = POLLOUT};
        poll(&connected, 1, FILLER_BOUND_MS);
    }
    getsockname(fd, (struct sockaddr *)&own, &length);
    l->filler = fd;
    l->filler_port = endpoint_port(&own);
    l->mode = LISTENER_BACKLOG_FULL;
    return 0;
}

static int open_port(listener *l, problem *p)
{
    if (!share_port(l, true) || listen(l->fd, SOMAXCONN) != 0) {
        return fail(l, "cannot listen again", p);
    }
    if (l->filler >= 0) {
        close(l->filler);
        l->filler = -1;
    }
    l->mode = LISTENER_OPEN;
    watch(l);
    accept_all(l);
    l->filler_port = 0;
    return 0;
}

/* Puts an open listener into another mode; where that fails it stays open. */
static int leave_open(listener *l, listener_mode mode, problem *p)
{
    if (mode == LISTENER_CLOSED) {
        return close_port(l, p);
    }
    return mode == LISTENER_BACKLOG_FULL ? fill_backlog(l, p) : 0;
}

int listener_set_mode(listener *l, listener_mode mode, problem *p)
{
    listener_mode former = l->mode;
    if (mode == former) {
        return 0;
    }
    if (former != LISTENER_OPEN && open_port(l, p) != 0) {
        return -1;
    }
    if (leave_open(l, mode, p) == 0) {
        return 0;
    }
    problem second;
    leave_open(l, former, &second);
    return -1;
}

void listener_resume(listener *l)
{
    if (l->starved) {
        l->starved = false;
        retry_not(l->retry);
        watch(l);
    }
}

static void on_retry(void *arg)
{
    listener_resume(arg);
}

const endpoint *listener_endpoint(const listener *l)
{
    return &l->endpoint;
}

listener_mode listener_current(const listener *l)
{
    return l->mode;
}

listener *listener_new(struct event_base *base, const endpoint *e, int fd,
                       listener_on_accept on_accept, void *arg)
{
    listener *l = memory_new(sizeof(*l));
    l->endpoint = *e;
    l->fd = fd;
    l->on_accept = on_accept;
    l->arg = arg;
    l->filler = -1;
    l->retry = retry_new(base, on_retry, l);
    l->acceptable = memory_made(event_new(base, fd, EV_READ | EV_PERSIST, on_acceptable, l));
    watch(l);
    return l;
}

void listener_free(listener *l)
{
    event_free(l->acceptable);
    retry_free(l->retry);
    close(l->fd);
    if (l->filler >= 0) {
        close(l->filler);
    }
    free(l);
}
