/*
 * Connections carry any number of queries; responses go out as they are ready.  We never close
 * first, except where a fault says so: the peer's idle timer ends a connection.
 */
#include "responders/dns/connection.h"

#include <stdlib.h>
#include <unistd.h>

#include "harness/base/memory.h"
#include "responders/net/stream.h"

#define CONNECTIONS_MAX 512
#define PREFIX_SIZE     2

/* A response on its way: the tag of its delivery. */
typedef struct outgoing outgoing;
struct outgoing {
    dns_exchange exchange;
    outgoing *previous, *next;
};

typedef struct dns_connection dns_connection;
struct dns_connection {
    dns_connections *all;
    listener *listener;
    dns_peer peer;
    stream *stream;
    octets input; /* the beginning of a message */
    outgoing *first;
    outgoing *end; /* what has ended the connection by a reset */
    dns_connection *previous, *next;
};

struct dns_connections {
    dns_service *service;
    dns_connection *first;
    size_t count;
    uint64_t last_number; /* numbers are never used again */
};

static void outgoing_unlink(dns_connection *c, outgoing *one)
{
    *(one->previous == NULL ? &c->first : &one->previous->next) = one->next;
    if (one->next != NULL) {
        one->next->previous = one->previous;
    }
}

static void drop(dns_connection *c, outgoing *one, const char *why)
{
    dns_service_dropped(c->all->service, &one->exchange, why);
    outgoing_unlink(c, one);
    free(one);
}

static void connection_free(dns_connection *c)
{
    dns_connections *all = c->all;

    *(c->previous == NULL ? &all->first : &c->previous->next) = c->next;
    if (c->next != NULL) {
        c->next->previous = c->previous;
    }
    all->count--;
    octets_free(&c->input);
    free(c);
}

static void take_message(dns_connection *c, span message)
{
    outgoing *one = memory_new(sizeof(*one));

    if (!dns_service_take(c->all->service, &c->peer, c->listener, message, &one->exchange)) {
        free(one);
        return;
    }
    one->next = c->first;
    if (one->next != NULL) {
        one->next->previous = one;
    }
    c->first = one;
    stream_deliver(c->stream, &one->exchange.delivery, one);
}

/* How many octets the message at hand still wants, its length included; 0: it is whole. */
static size_t missing(const octets *input)
{
    if (input->length < PREFIX_SIZE) {
        return PREFIX_SIZE - input->length;
    }
    return PREFIX_SIZE + ((size_t)input->data[0] << 8 | input->data[1]) - input->length;
}

/* Takes of the octets what belongs to the message at hand: each is responded to before the next is
 * looked at, however they come. */
static size_t on_octets(void *arg, span data)
{
    dns_connection *c = arg;
    octets message;
    size_t taken = missing(&c->input);

    taken = taken < data.length ? taken : data.length;
    octets_append(&c->input, data.data, taken);
    if (missing(&c->input) > 0) {
        return taken;
    }
    message = c->input;
    c->input = (octets){0};
    take_message(c, (span){message.data + PREFIX_SIZE, message.length - PREFIX_SIZE});
    octets_free(&message);
    return taken;
}

static void on_held(void *arg, void *tag, bool all_written)
{
    dns_connection *c = arg;
    outgoing *one = tag;

    (void)all_written; /* only what is dropped or reset has nothing to write */
    dns_service_held(c->all->service, &one->exchange);
}

static void on_sent(void *arg, void *tag)
{
    dns_connection *c = arg;
    outgoing *one = tag;

    if (one->exchange.delivery.end != DELIVERY_KEEP) {
        c->end = one;
        return;
    }
    dns_service_sent(c->all->service, &one->exchange);
    outgoing_unlink(c, one);
    free(one);
}

static void on_lost(void *arg, void *tag)
{
    drop(arg, tag, "the connection was closed");
}

static void on_end(void *arg, const stream_end *end)
{
    dns_connection *c = arg;
    dns_service *s = c->all->service;
    json_t *fields = dns_peer_to_json(&c->peer);

    if (c->end != NULL) {
        json_t *why = dns_exchange_reset(&c->end->exchange);

        json_object_update(fields, why);
        json_decref(why);
        dns_exchange_clear(&c->end->exchange);
        outgoing_unlink(c, c->end);
        free(c->end);
    }
    json_object_set_new(fields, "by", json_string(end->by_us ? "us" : "peer"));
    json_object_set_new(fields, "how", json_string(end->reset ? "rst" : "fin"));
    json_object_set_new(fields, "sent", json_integer((json_int_t)end->sent));
    json_object_set_new(fields, "received", json_integer((json_int_t)end->received));
    event_log_append(s->terms.events, "close", fields);
    connection_free(c);
    listeners_resume(s->listeners);
    control_poke(s->control);
}

static void on_change(void *arg)
{
    dns_connection *c = arg;

    control_poke(c->all->service->control);
}

dns_connections *dns_connections_new(dns_service *s)
{
    dns_connections *all = memory_new(sizeof(*all));

    all->service = s;
    return all;
}

void dns_connections_accept(dns_connections *all, listener *l, int fd,
                            const struct sockaddr_storage *peer)
{
    static const stream_handlers handlers = {.on_octets = on_octets,
                                             .on_held = on_held,
                                             .on_sent = on_sent,
                                             .on_end = on_end,
                                             .on_lost = on_lost,
                                             .on_change = on_change};
    dns_service *s = all->service;
    const char *name = listener_endpoint(l)->name;
    dns_connection *c;

    if (all->count == CONNECTIONS_MAX) {
        event_log_append(s->terms.events, "dropped",
                         json_pack("{s:s, s:s, s:s}", "listener", name, "transport", "tcp", "why",
                                   "too many connections"));
        close(fd);
        return;
    }
    c = memory_new(sizeof(*c));
    *c = (dns_connection){.all = all, .listener = l, .next = all->first};
    c->peer = (dns_peer){.listener = name,
                         .port = endpoint_port(peer),
                         .tcp = true,
                         .connection = ++all->last_number};
    endpoint_ip(peer, c->peer.client, sizeof(c->peer.client));
    if (c->next != NULL) {
        c->next->previous = c;
    }
    all->first = c;
    all->count++;
    c->stream = stream_new(s->base, s->timers, fd, &handlers, c);
    event_log_append(s->terms.events, "accept", dns_peer_to_json(&c->peer));
    stream_start(c->stream);
}

void dns_connections_close(dns_connections *all, const char *why)
{
    while (all->first != NULL) {
        dns_connection *c = all->first;

        stream_close(c->stream);
        while (c->first != NULL) {
            drop(c, c->first, why);
        }
        connection_free(c);
    }
}

void dns_connections_free(dns_connections *all)
{
    if (all != NULL) {
        dns_connections_close(all, "end");
        free(all);
    }
}

size_t dns_connections_count(const dns_connections *all)
{
    return all->count;
}

size_t dns_connections_owed(const dns_connections *all)
{
    size_t owed = 0;

    for (const dns_connection *c = all->first; c != NULL; c = c->next) {
        owed += stream_owes(c->stream);
    }
    return owed;
}
