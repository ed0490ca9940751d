/*
 * A list in the order of the times at which they are due, then of arrival, and one timer for
 * its head: a step of the clock sends all that is due at once, in the same order in every run.
 */
#include "responders/dns/pending.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "responders/dns/exchange.h"

#define PENDING_MAX 4096

struct pending {
    int64_t due; /* milliseconds of the monotonic clock */
    origin origin;
    json_t *event;
    pending *next;
    size_t length;
    uint8_t octets[];
};

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static pending *take(server *s, pending **place)
{
    pending *p = *place;

    *place = p->next;
    s->npending--;
    return p;
}

static void pending_free(pending *p)
{
    json_decref(p->event);
    free(p);
}

static int arm(server *s, int64_t now)
{
    int64_t wait = s->pending != NULL && s->pending->due > now ? s->pending->due - now : 0;
    const struct timeval delay = {.tv_sec = wait / 1000, .tv_usec = (wait % 1000) * 1000};

    if (s->pending == NULL) {
        return evtimer_del(s->pending_timer);
    }
    return evtimer_add(s->pending_timer, &delay);
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
    server *s = arg;
    int64_t now = now_ms();
    pending *p;
    origin o;

    (void)fd;
    (void)what;

    while (s->pending != NULL && s->pending->due <= now) {
        p = take(s, &s->pending);
        o = p->origin;
        answer_send(s, &o, p->octets, p->length, json_incref(p->event));
        pending_free(p);
        answer_sent(&o);
    }
    arm(s, now);
    server_poke(s);
}

int pending_start(server *s)
{
    s->pending_timer = evtimer_new(s->base, on_due, s);
    return s->pending_timer == NULL ? -1 : 0;
}

void pending_stop(server *s)
{
    pending_forget(s, NULL, "end");
    if (s->pending_timer != NULL) {
        event_free(s->pending_timer);
        s->pending_timer = NULL;
    }
}

int pending_add(server *s, const origin *o, const dns_octets *octets, int64_t ms, json_t *event)
{
    pending *p = s->npending < PENDING_MAX ? calloc(1, sizeof(*p) + octets->length) : NULL;
    pending **place = &s->pending;
    int64_t now = now_ms();

    if (p == NULL) {
        return -1;
    }

    p->due = now + ms;
    p->origin = *o;
    p->event = event;
    p->length = octets->length;
    memcpy(p->octets, octets->data, octets->length);

    while (*place != NULL && (*place)->due <= p->due) {
        place = &(*place)->next;
    }
    p->next = *place;
    *place = p;
    s->npending++;

    if (arm(s, now) != 0) {
        free(take(s, place));
        return -1;
    }
    return 0;
}

void pending_forget(server *s, const connection *c, const char *why)
{
    pending **place = &s->pending, *p;

    while (*place != NULL) {
        if (c != NULL && (*place)->origin.connection != c) {
            place = &(*place)->next;
            continue;
        }
        p = take(s, place);
        answer_dropped(s, json_incref(p->event), why);
        pending_free(p);
    }
}
