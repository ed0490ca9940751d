/* See connection.h. */
#include "responders/ocsp/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "responders/ocsp/codec/http_request.h"
#include "responders/ocsp/exchange.h"
#include "responders/ocsp/listener.h"

#define READS_AT_ONCE 16

typedef enum {
    READING,  /* the request is not complete */
    WRITING,  /* octets are due, the socket takes no more */
    WAITING,  /* octets are left for a later time, or the peer must act */
    FINISHED, /* FIN sent, the peer's close not seen */
} connection_state;

struct connection {
    service *service;
    exchange_peer peer;
    char client[64];
    int fd;
    connection_state state;
    struct event *readable;
    struct event *writable;
    struct event *timer;
    http_request request;
    exchange exchange;
    int64_t started;   /* ms, when the delivery began */
    size_t written;    /* octets of the delivery */
    uint64_t received; /* octets */
    bool held;         /* the event "held" was written */
    bool answered;     /* the event "answer" was written */
    bool peer_shut;    /* FIN seen */
    connection *previous, *next;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void unlink_connection(connection *c)
{
    if (c->previous != NULL) {
        c->previous->next = c->next;
    } else {
        c->service->connections = c->next;
    }
    if (c->next != NULL) {
        c->next->previous = c->previous;
    }
    c->service->open--;
}

static void destroy(connection *c)
{
    unlink_connection(c);
    event_free(c->readable);
    event_free(c->writable);
    event_free(c->timer);
    close(c->fd);
    http_request_free(&c->request);
    exchange_free(&c->exchange);
    free(c);
}

/* The end: writes the event "close" and frees the connection.  Returns false, as all that may
 * come here does: whether the connection still exists. */
static bool end(connection *c, const char *by, const char *how)
{
    service *s = c->service;
    json_t *event = exchange_event(&c->peer);
    json_object_set_new(event, "by", json_string(by));
    json_object_set_new(event, "how", json_string(how));
    json_object_set_new(event, "sent", json_integer((json_int_t)c->written));
    json_object_set_new(event, "received", json_integer((json_int_t)c->received));
    destroy(c);
    event_log_append(s->events, "close", event);
    listeners_resume(s);
    service_poke(s);
    return false;
}

static bool reset_peer(connection *c)
{
    /* A linger time of 0 makes close() send RST instead of FIN. */
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    return end(c, "us", "rst");
}

static bool finish_sending(connection *c)
{
    shutdown(c->fd, SHUT_WR);
    c->state = FINISHED;
    return c->peer_shut ? end(c, "peer", "fin") : true;
}

/* Leaves the connection to the peer or, when `until` is a time, to the clock. */
static bool hold(connection *c, int64_t until)
{
    c->state = WAITING;
    if (until != DELIVERY_NEVER) {
        int64_t left = c->started + until - now_ms();
        left = left < 1 ? 1 : left;
        struct timeval in = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};
        event_add(c->timer, &in);
    }
    if (!c->held) {
        c->held = true;
        json_t *event = exchange_event(&c->peer);
        json_object_set_new(event, "why", json_string(c->exchange.why));
        event_log_append(c->service->events, "held", event);
    }
    if (c->peer_shut) {
        return end(c, "peer", "fin");
    }
    service_poke(c->service);
    return true;
}

static void log_answer(connection *c)
{
    if (c->answered || c->exchange.answer == NULL) {
        return;
    }
    c->answered = true;
    c->service->answers++;
    event_log_append(c->service->events, "answer", c->exchange.answer);
    c->exchange.answer = NULL;
}

/* When a silent connection ends by itself, in ms after the start. */
static int64_t hold_end(const delivery *d)
{
    return d->hold_ms > 0 ? d->hold_ms : DELIVERY_NEVER;
}

/* All octets that this answer will ever have are written. */
static bool complete(connection *c)
{
    const delivery *d = &c->exchange.delivery;
    log_answer(c);
    if (d->end == THEN_RST) {
        return reset_peer(c);
    }
    if (d->end == THEN_RST_UNREAD) {
        c->state = READING;
        return true;
    }
    if (d->end == THEN_HOLD && now_ms() - c->started < hold_end(d)) {
        return hold(c, hold_end(d));
    }
    return finish_sending(c);
}

/* Writes what is due. */
static bool pump(connection *c)
{
    const delivery *d = &c->exchange.delivery;
    size_t due = delivery_due(d, now_ms() - c->started);
    while (c->written < due) {
        ssize_t n = send(c->fd, d->wire.data + c->written, due - c->written, MSG_NOSIGNAL);
        if (n >= 0) {
            c->written += (size_t)n;
        } else if (errno == EAGAIN) {
            c->state = WRITING;
            event_add(c->writable, NULL);
            return true;
        } else if (errno != EINTR) {
            return end(c, "peer", "rst");
        }
    }
    return c->written == d->cut ? complete(c) : hold(c, delivery_next(d, c->written));
}

static bool start_delivery(connection *c)
{
    c->state = WRITING;
    c->started = now_ms();
    return pump(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    pump(arg);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    pump(arg);
}

/* The peer sent FIN. May free the connection. */
static void peer_closed(connection *c)
{
    if (c->state == WRITING) {
        c->peer_shut = true;
        event_del(c->readable);
        return;
    }
    end(c, "peer", "fin");
}

/* Takes octets from the peer. */
static bool take(connection *c, const uint8_t *data, size_t length)
{
    c->received += length;
    if (c->state != READING || http_request_feed(&c->request, data, length) == HTTP_REQUEST_MORE) {
        return true;
    }
    exchange_request(c->service, &c->peer, &c->request, &c->exchange);
    return start_delivery(c);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    connection *c = arg;
    uint8_t data[16384];
    if (c->exchange.delivery.end == THEN_RST_UNREAD) {
        reset_peer(c);
        return;
    }
    /* Not for ever: a peer that sends without end must not keep the others waiting. */
    for (int i = 0; i < READS_AT_ONCE; i++) {
        ssize_t n = recv(fd, data, sizeof(data), 0);
        if (n > 0) {
            if (!take(c, data, (size_t)n)) {
                return;
            }
        } else if (n == 0) {
            peer_closed(c);
            return;
        } else if (errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            end(c, "peer", "rst");
            return;
        }
    }
    if (c->state == READING) {
        service_poke(c->service);
    }
}

void connection_start(service *s, const char *listener_name, const char *client, int fd)
{
    connection *c = calloc(1, sizeof(*c));
    int one = 1;
    /* Without it the kernel keeps back a last small segment, and a reset would lose it. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    c->service = s;
    c->fd = fd;
    snprintf(c->client, sizeof(c->client), "%s", client);
    c->peer = (exchange_peer){++s->accepted, listener_name, c->client};
    c->readable = event_new(s->base, fd, EV_READ | EV_PERSIST, on_readable, c);
    c->writable = event_new(s->base, fd, EV_WRITE, on_writable, c);
    c->timer = evtimer_new(s->base, on_timer, c);
    c->next = s->connections;
    if (c->next != NULL) {
        c->next->previous = c;
    }
    s->connections = c;
    s->open++;
    event_add(c->readable, NULL);
    if (exchange_accept(s, &c->peer, &c->exchange)) {
        start_delivery(c);
    }
}

void connections_close_all(service *s)
{
    while (s->connections != NULL) {
        destroy(s->connections);
    }
}

size_t connections_owed(const service *s)
{
    size_t owed = 0;
    for (const connection *c = s->connections; c != NULL; c = c->next) {
        bool patient = c->state == WAITING || (c->state == READING && c->received > 0);
        owed += patient ? 0 : 1;
    }
    return owed;
}
