/* See connection.h. */
#include "responders/ocsp/connection.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "harness/base/memory.h"
#include "responders/net/endpoint.h"
#include "responders/net/stream.h"
#include "responders/ocsp/codec/http_request.h"

struct ocsp_connection {
    ocsp_connections *all;
    char listener[sizeof((endpoint *)NULL)->name];
    char client[INET6_ADDRSTRLEN];
    ocsp_exchange_peer peer;
    stream *stream;
    http_request request;
    ocsp_exchange exchange;
    ocsp_connection *previous, *next;
};

static void take_out(ocsp_connection *c)
{
    *(c->previous != NULL ? &c->previous->next : &c->all->first) = c->next;
    if (c->next != NULL) {
        c->next->previous = c->previous;
    }
    c->all->open--;
}

/* All of it but the stream. */
static void destroy(ocsp_connection *c)
{
    take_out(c);
    http_request_free(&c->request);
    ocsp_exchange_free(&c->exchange);
    free(c);
}

static size_t on_octets(void *arg, span data)
{
    ocsp_connection *c = arg;
    ocsp_connections *all = c->all;
    if (http_request_feed(&c->request, data.data, data.length) == HTTP_REQUEST_MORE) {
        return data.length;
    }
    all->requests++;
    ocsp_exchange_request(&all->terms, &c->peer, &c->request, time(NULL), &c->exchange);
    stream_deliver(c->stream, &c->exchange.delivery, NULL);
    return data.length;
}

static void on_held(void *arg, void *tag, bool all_written)
{
    ocsp_connection *c = arg;
    (void)tag;
    ocsp_exchange_held(&c->all->terms, &c->peer, &c->exchange, all_written);
}

static void on_sent(void *arg, void *tag)
{
    ocsp_connection *c = arg;
    (void)tag;
    if (c->exchange.response != NULL) {
        c->all->responses++;
    }
    ocsp_exchange_sent(&c->all->terms, &c->exchange);
}

static void on_end(void *arg, const stream_end *end)
{
    ocsp_connection *c = arg;
    ocsp_connections *all = c->all;
    const ocsp_exchange_end how = {
        .by_us = end->by_us,
        .reset = end->reset,
        .sent = end->sent,
        .received = end->received,
        .unfinished = end->unfinished,
    };
    ocsp_exchange_closed(&all->terms, &c->peer, &c->exchange, &how);
    destroy(c);
    all->on_change(all->arg, true);
}

static void on_change(void *arg)
{
    ocsp_connection *c = arg;
    c->all->on_change(c->all->arg, false);
}

static const stream_handlers handlers = {
    .on_octets = on_octets,
    .on_held = on_held,
    .on_sent = on_sent,
    .on_end = on_end,
    .on_change = on_change,
};

void ocsp_connections_add(ocsp_connections *all, const char *listener, const char *client, int fd)
{
    ocsp_connection *c = memory_new(sizeof(*c));
    c->all = all;
    snprintf(c->listener, sizeof(c->listener), "%s", listener);
    snprintf(c->client, sizeof(c->client), "%s", client);
    c->peer = (ocsp_exchange_peer){++all->accepted, c->listener, c->client};
    c->next = all->first;
    if (c->next != NULL) {
        c->next->previous = c;
    }
    all->first = c;
    all->open++;
    c->stream = stream_new(all->base, all->timers, fd, &handlers, c);
    if (ocsp_exchange_accept(&all->terms, &c->peer, &c->exchange)) {
        stream_deliver(c->stream, &c->exchange.delivery, NULL);
    }
    stream_start(c->stream);
}

void ocsp_connections_close(ocsp_connections *all)
{
    while (all->first != NULL) {
        stream_close(all->first->stream);
        destroy(all->first);
    }
}

size_t ocsp_connections_owed(const ocsp_connections *all)
{
    size_t owed = 0;
    for (const ocsp_connection *c = all->first; c != NULL; c = c->next) {
        owed += stream_owes(c->stream) ? 1 : 0;
    }
    return owed;
}
