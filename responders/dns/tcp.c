/*
 * Connections carry any number of queries; answers go out as they are ready.  We never close
 * first, except where a fault says so: the peer's idle timer ends a connection.
 */
#include "responders/dns/tcp.h"

#include <errno.h>
#include <event2/buffer.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "responders/dns/exchange.h"
#include "responders/dns/pending.h"

#define CONNECTIONS_MAX 512
#define UNSENT_MAX      262144 /* octets; beyond it we read no further query */

struct connection {
    server *server;
    origin origin;
    uint64_t number;
    int fd;
    struct event *readable, *writable;
    struct evbuffer *in, *out;
    uint64_t sent, received;
    bool doomed;  /* to be reset by us */
    bool dead;    /* reset by the peer */
    bool at_end;  /* FIN by the peer */
    json_t *doom; /* what the "close" of a doomed one says besides */
    connection *next, *previous;
};

uint64_t tcp_number(const connection *c)
{
    return c->number;
}

static void connection_free(connection *c)
{
    server *s = c->server;

    if (c->previous != NULL) {
        c->previous->next = c->next;
    } else {
        s->connections = c->next;
    }
    if (c->next != NULL) {
        c->next->previous = c->previous;
    }
    s->nconnections--;

    if (c->readable != NULL) {
        event_free(c->readable);
    }
    if (c->writable != NULL) {
        event_free(c->writable);
    }
    if (c->in != NULL) {
        evbuffer_free(c->in);
    }
    if (c->out != NULL) {
        evbuffer_free(c->out);
    }
    json_decref(c->doom);
    close(c->fd);
    free(c);
}

void tcp_doom(connection *c, json_t *event)
{
    json_decref(c->doom);
    c->doom = event;
    c->doomed = true;
}

void tcp_settle(connection *c)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    json_t *event;

    if (!c->doomed && !c->dead && !c->at_end) {
        return;
    }

    pending_forget(c->server, c, "the connection was closed");

    event = origin_to_json(&c->origin);
    if (c->doomed) {
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        json_object_update(event, c->doom);
    }
    json_object_set_new(event, "by", json_string(c->doomed ? "us" : "peer"));
    json_object_set_new(event, "how", json_string(c->at_end && !c->doomed ? "fin" : "rst"));
    json_object_set_new(event, "sent", json_integer((json_int_t)c->sent));
    json_object_set_new(event, "received", json_integer((json_int_t)c->received));
    event_log_append(c->server->events, "close", event);
    connection_free(c);
}

/* Writes what the peer takes; keeps the events in step with what is left. */
static void flush(connection *c)
{
    size_t length;
    ssize_t n;

    while (!c->dead && (length = evbuffer_get_contiguous_space(c->out)) > 0) {
        n = send(c->fd, evbuffer_pullup(c->out, (ev_ssize_t)length), length, MSG_NOSIGNAL);
        if (n < 0) {
            c->dead = errno != EAGAIN && errno != EINTR;
            break;
        }
        evbuffer_drain(c->out, (size_t)n);
        c->sent += (uint64_t)n;
    }

    if (evbuffer_get_length(c->out) > 0) {
        event_add(c->writable, NULL);
    } else {
        event_del(c->writable);
    }
    if (evbuffer_get_length(c->out) > UNSENT_MAX) {
        event_del(c->readable);
    } else {
        event_add(c->readable, NULL);
    }
}

void tcp_send(connection *c, const uint8_t *octets, size_t length)
{
    const uint8_t prefix[2] = {(uint8_t)(length >> 8), (uint8_t)length};

    if (evbuffer_add(c->out, prefix, sizeof(prefix)) != 0 ||
        evbuffer_add(c->out, octets, length) != 0) {
        c->dead = true;
        return;
    }
    flush(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    connection *c = arg;
    server *s = c->server;

    (void)fd;
    (void)what;

    flush(c);
    tcp_settle(c);
    server_poke(s);
}

/* Answers every complete message of the input. */
static void take_messages(connection *c)
{
    size_t length;
    uint8_t *p;

    while (!c->doomed && !c->dead && evbuffer_get_length(c->in) >= 2) {
        p = evbuffer_pullup(c->in, 2);
        length = (size_t)p[0] << 8 | p[1];
        if (evbuffer_get_length(c->in) < 2 + length) {
            return;
        }
        p = evbuffer_pullup(c->in, (ev_ssize_t)(2 + length));
        if (p == NULL) {
            c->dead = true;
            return;
        }
        answer_message(c->server, &c->origin, p + 2, length);
        evbuffer_drain(c->in, 2 + length);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    connection *c = arg;
    server *s = c->server;
    ssize_t n;

    (void)what;

    n = recv(fd, s->input.data, sizeof(s->input.data), 0);
    if (n > 0) {
        c->received += (uint64_t)n;
        if (evbuffer_add(c->in, s->input.data, (size_t)n) != 0) {
            c->dead = true;
        }
        take_messages(c);
    } else if (n == 0) {
        c->at_end = true;
    } else if (errno != EAGAIN && errno != EINTR) {
        c->dead = true;
    }

    tcp_settle(c);
    server_poke(s);
}

static bool connection_new(listener *l, int fd, const struct sockaddr_storage *client,
                           socklen_t client_length)
{
    server *s = l->server;
    connection *c;

    c = s->nconnections < CONNECTIONS_MAX ? calloc(1, sizeof(*c)) : NULL;
    if (c == NULL) {
        return false;
    }

    c->server = s;
    c->fd = fd;
    c->number = ++s->last_connection;
    c->origin.listener = l;
    c->origin.connection = c;
    c->origin.client = *client;
    c->origin.client_length = client_length;
    c->next = s->connections;
    if (c->next != NULL) {
        c->next->previous = c;
    }
    s->connections = c;
    s->nconnections++;

    c->in = evbuffer_new();
    c->out = evbuffer_new();
    c->readable = event_new(s->base, fd, EV_READ | EV_PERSIST, on_readable, c);
    c->writable = event_new(s->base, fd, EV_WRITE | EV_PERSIST, on_writable, c);
    if (c->in == NULL || c->out == NULL || c->readable == NULL || c->writable == NULL ||
        event_add(c->readable, NULL) != 0) {
        connection_free(c);
        return true; /* which has closed fd */
    }

    event_log_append(s->events, "accept", origin_to_json(&c->origin));
    return true;
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
    struct sockaddr_storage client;
    socklen_t length = sizeof(client);
    listener *l = arg;
    int accepted;

    (void)what;

    accepted = accept4(fd, (struct sockaddr *)&client, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0 && !connection_new(l, accepted, &client, length)) {
        event_log_append(l->server->events, "dropped",
                         json_pack("{s:s, s:s, s:s}", "listener", l->endpoint.name, "transport",
                                   "tcp", "why", "too many connections"));
        close(accepted);
    }
    server_poke(l->server);
}

int tcp_start(listener *l)
{
    l->tcp_event = event_new(l->server->base, l->tcp, EV_READ | EV_PERSIST, on_acceptable, l);
    if (l->tcp_event == NULL) {
        errno = ENOMEM;
        return -1;
    }
    return event_add(l->tcp_event, NULL);
}

void tcp_stop(listener *l)
{
    if (l->tcp_event != NULL) {
        event_free(l->tcp_event);
        l->tcp_event = NULL;
    }
    if (l->tcp >= 0) {
        close(l->tcp);
        l->tcp = -1;
    }
}

void tcp_close_all(server *s)
{
    while (s->connections != NULL) {
        connection_free(s->connections);
    }
}

size_t tcp_owed(const server *s)
{
    const connection *c;
    struct pollfd p;
    size_t owed = 0;

    for (c = s->connections; c != NULL; c = c->next) {
        p = (struct pollfd){.fd = c->fd, .events = POLLIN};
        owed += c->received == 0 || evbuffer_get_length(c->out) > 0 || poll(&p, 1, 0) > 0;
    }
    return owed;
}
