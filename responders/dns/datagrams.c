/*
 * See datagrams.h.  A response is sent at once, or waits in a list of its own: a datagram has no
 * connection whose end could take it along.
 */
#include "responders/dns/datagrams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/net/datagram.h"

/* One socket. */
typedef struct {
    dns_datagrams *all;
    datagram *datagram;
    listener *tcp;
} door;

/* A response that waits for the clock. */
typedef struct waiting waiting;
struct waiting {
    door *door;
    datagram_peer to;
    dns_exchange exchange;
    timer timer;
    waiting *previous, *next;
};

struct dns_datagrams {
    dns_service *service;
    door **doors;
    size_t count;
    waiting *first;
};

static void send_now(door *d, const datagram_peer *to, dns_exchange *x)
{
    const span message = {x->delivery.wire.data, x->delivery.cut};

    if (datagram_send(d->datagram, to, message)) {
        dns_service_sent(d->all->service, x);
    } else {
        dns_service_dropped(d->all->service, x, strerror(errno));
    }
}

static void waiting_free(waiting *w)
{
    timers_cancel(&w->timer);
    *(w->previous == NULL ? &w->door->all->first : &w->previous->next) = w->next;
    if (w->next != NULL) {
        w->next->previous = w->previous;
    }
    free(w);
}

static void on_due(void *arg)
{
    waiting *w = arg;
    dns_service *s = w->door->all->service;

    send_now(w->door, &w->to, &w->exchange);
    waiting_free(w);
    control_poke(s->control);
}

/* Takes over *x. */
static void wait_for_clock(door *d, const datagram_peer *to, const dns_exchange *x, int64_t ms)
{
    dns_datagrams *all = d->all;
    waiting *w = memory_new(sizeof(*w));

    *w = (waiting){.door = d, .to = *to, .exchange = *x, .next = all->first};
    w->timer = (timer){.fire = on_due, .arg = w};
    if (w->next != NULL) {
        w->next->previous = w;
    }
    all->first = w;
    dns_service_held(all->service, &w->exchange);
    timers_set(all->service->timers, &w->timer, timers_now() + ms);
}

static void on_message(void *arg, const datagram_peer *from, span message)
{
    door *d = arg;
    dns_peer peer = {.listener = listener_endpoint(d->tcp)->name};
    dns_exchange x;
    int64_t ms;

    endpoint_ip(&from->address, peer.client, sizeof(peer.client));
    peer.port = endpoint_port(&from->address);
    if (!dns_service_take(d->all->service, &peer, d->tcp, message, &x)) {
        return;
    }
    ms = delivery_next(&x.delivery, 0);
    if (ms == 0) {
        send_now(d, from, &x);
    } else {
        wait_for_clock(d, from, &x, ms);
    }
}

static void on_change(void *arg)
{
    door *d = arg;

    control_poke(d->all->service->control);
}

dns_datagrams *dns_datagrams_new(dns_service *s)
{
    dns_datagrams *d = memory_new(sizeof(*d));

    d->service = s;
    return d;
}

void dns_datagrams_free(dns_datagrams *d)
{
    if (d == NULL) {
        return;
    }
    while (d->first != NULL) {
        dns_exchange_clear(&d->first->exchange);
        waiting_free(d->first);
    }
    for (size_t i = 0; i < d->count; i++) {
        datagram_free(d->doors[i]->datagram);
        free(d->doors[i]);
    }
    free(d->doors);
    free(d);
}

int dns_datagrams_add(dns_datagrams *d, const endpoint *e, int fd, listener *tcp, problem *p)
{
    static const datagram_handlers handlers = {.on_message = on_message, .on_change = on_change};
    door *one = memory_new(sizeof(*one));

    *one = (door){.all = d, .tcp = tcp};
    if (datagram_new(d->service->base, e, fd, &handlers, one, &one->datagram, p) != 0) {
        free(one);
        return -1;
    }
    d->doors = memory_resize(d->doors, d->count + 1, sizeof(d->doors[0]));
    d->doors[d->count++] = one;
    return 0;
}

void dns_datagrams_drop(dns_datagrams *d, const char *why)
{
    while (d->first != NULL) {
        dns_service_dropped(d->service, &d->first->exchange, why);
        waiting_free(d->first);
    }
}
