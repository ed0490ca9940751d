/* See listener.h. */
#include "responders/ocsp/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "responders/ocsp/connection.h"
#include "responders/ocsp/faults/fault.h"

/* How long the kernel may take for a connection from ourselves to ourselves. */
#define FILLER_BOUND_MS 200

struct listener {
    service *service;
    endpoint endpoint;
    int fd;
    struct event *acceptable;
    listener_mode mode;
    int filler; /* our own connection that fills the accept queue; -1: none */
    uint16_t filler_port;
    bool starved; /* descriptors ran out: wait until a connection ends */
};

static const char *const mode_names[] = {"open", "closed", "backlog-full"};

static uint16_t port_of(const struct sockaddr_storage *address)
{
    return ntohs(address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)address)->sin6_port
                                                : ((const struct sockaddr_in *)address)->sin_port);
}

/* The IP address alone, as rules match it; an IPv4 client of an IPv6 socket as IPv4. */
static void format_ip(const struct sockaddr_storage *address, char *out, size_t size)
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
    if (address->ss_family != AF_INET6) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, out, (socklen_t)size);
    } else if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
        inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], out, (socklen_t)size);
    } else {
        inet_ntop(AF_INET6, &six->sin6_addr, out, (socklen_t)size);
    }
}

/* Without a free descriptor accept() fails whether or not anybody waits. */
static bool somebody_waits(const listener *l)
{
    struct pollfd queue = {.fd = l->fd, .events = POLLIN};
    return poll(&queue, 1, 0) > 0;
}

static void accept_all(listener *l)
{
    for (;;) {
        struct sockaddr_storage peer;
        socklen_t length = sizeof(peer);
        int fd = accept4(l->fd, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED)) {
            continue;
        }
        if (fd < 0) {
            int reason = errno;
            if (reason != EAGAIN && somebody_waits(l)) {
                fprintf(stderr, "faulty-ocspd: listener %s cannot accept: %s\n", l->endpoint.name,
                        strerror(reason));
                l->starved = true;
                event_del(l->acceptable);
            }
            return;
        }
        if (l->filler_port != 0 && port_of(&peer) == l->filler_port) {
            l->filler_port = 0;
            close(fd);
            continue;
        }
        char client[INET6_ADDRSTRLEN];
        format_ip(&peer, client, sizeof(client));
        connection_start(l->service, l->endpoint.name, client, fd);
    }
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    accept_all(arg);
    service_poke(((listener *)arg)->service);
}

/* The descriptor listens (again): watch it. */
static void watch(listener *l)
{
    l->acceptable = event_new(l->service->base, l->fd, EV_READ | EV_PERSIST, on_acceptable, l);
    event_add(l->acceptable, NULL);
}

static void unwatch(listener *l)
{
    if (l->acceptable != NULL) {
        event_free(l->acceptable);
        l->acceptable = NULL;
    }
    l->starved = false;
}

static int fail(const listener *l, const char *what, problem *p)
{
    char address[80];
    endpoint_format((const struct sockaddr *)&l->endpoint.address, address, sizeof(address));
    problem_set(p, 500, "", "listener %s (%s) %s: %s", l->endpoint.name, address, what,
                strerror(errno));
    return -1;
}

/* Nothing listens, but the port stays ours: a socket that is bound and does not listen is
 * answered for with RST, and nobody else can take the port meanwhile. */
static int close_port(listener *l, problem *p)
{
    int one = 1;
    int fd = socket(l->endpoint.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return fail(l, "cannot be closed", p);
    }
    unwatch(l);
    close(l->fd);
    l->fd = fd;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&l->endpoint.address, l->endpoint.length) != 0) {
        return fail(l, "cannot keep its port", p);
    }
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
    l->filler = fd;
    struct sockaddr_storage address = reachable(&l->endpoint), own;
    socklen_t length = sizeof(own);
    if (connect(fd, (struct sockaddr *)&address, l->endpoint.length) != 0 && errno == EINPROGRESS) {
        /* Past the bound somebody else's connection fills the queue: that serves as well. */
        struct pollfd connected = {.fd = fd, .events = POLLOUT};
        poll(&connected, 1, FILLER_BOUND_MS);
    }
    getsockname(fd, (struct sockaddr *)&own, &length);
    l->filler_port = port_of(&own);
    return 0;
}

static int open_port(listener *l, problem *p)
{
    if (listen(l->fd, SOMAXCONN) != 0) {
        return fail(l, "cannot listen again", p);
    }
    if (l->filler >= 0) {
        close(l->filler);
        l->filler = -1;
    }
    watch(l);
    accept_all(l);
    l->filler_port = 0;
    return 0;
}

static int set_mode(listener *l, listener_mode mode, problem *p)
{
    int result = 0;
    if (l->mode != LISTENER_OPEN) {
        result = open_port(l, p);
    }
    if (result == 0 && mode == LISTENER_CLOSED) {
        result = close_port(l, p);
    } else if (result == 0 && mode == LISTENER_BACKLOG_FULL) {
        result = fill_backlog(l, p);
    }
    l->mode = result == 0 ? mode : l->mode;
    return result;
}

typedef struct {
    const char *listener;
    listener_mode mode;
    json_t *faults;
} wanted;

static void want(const fault_use *use, const char *name, void *arg)
{
    wanted *w = arg;
    if (name != NULL && strcmp(name, w->listener) != 0) {
        return;
    }
    /* As with requests, the first rule that matches serves. */
    if (w->mode == LISTENER_OPEN) {
        w->mode = ((const fault_impl *)use->spec->impl)->listener;
        json_array_append_new(w->faults, json_string(use->spec->name));
    }
}

int listeners_follow_rules(service *s, problem *p)
{
    int result = 0;
    for (size_t i = 0; i < s->nlisteners && result == 0; i++) {
        listener *l = s->listeners[i];
        wanted w = {l->endpoint.name, LISTENER_OPEN, json_array()};
        rules_each_listener_fault(s->rules, want, &w);
        if (w.mode != l->mode) {
            result = set_mode(l, w.mode, p);
            event_log_append(s->events, "listener",
                             json_pack("{s:s, s:s, s:O}", "listener", l->endpoint.name, "state",
                                       mode_names[l->mode], "faults", w.faults));
        }
        json_decref(w.faults);
    }
    return result;
}

int listener_open(service *s, endpoint *e, problem *p)
{
    int fd = endpoint_bind(e, SOCK_STREAM, p);
    if (fd < 0) {
        return -1;
    }
    listener *l = calloc(1, sizeof(*l));
    l->service = s;
    l->endpoint = *e;
    l->fd = fd;
    l->filler = -1;
    s->listeners[s->nlisteners++] = l;
    watch(l);
    return 0;
}

void listeners_free(service *s)
{
    for (size_t i = 0; i < s->nlisteners; i++) {
        listener *l = s->listeners[i];
        unwatch(l);
        close(l->fd);
        if (l->filler >= 0) {
            close(l->filler);
        }
        free(l);
    }
    s->nlisteners = 0;
}

void listeners_resume(service *s)
{
    for (size_t i = 0; i < s->nlisteners; i++) {
        if (s->listeners[i]->starved) {
            s->listeners[i]->starved = false;
            event_add(s->listeners[i]->acceptable, NULL);
        }
    }
}

json_t *listeners_to_json(const service *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->nlisteners; i++) {
        const listener *l = s->listeners[i];
        char ip[INET6_ADDRSTRLEN];
        format_ip(&l->endpoint.address, ip, sizeof(ip));
        json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:s}", "name", l->endpoint.name,
                                              "address", ip, "port", port_of(&l->endpoint.address),
                                              "state", mode_names[l->mode]));
    }
    return list;
}
