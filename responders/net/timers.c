/*
 * See timers.h.  A list in the order of the times: most things are set for later than what is set
 * already, so a new one is put into its place from the end.
 */
#include "responders/net/timers.h"

#include <stdlib.h>
#include <time.h>

#include "harness/base/memory.h"

struct timers {
    struct event *event; /* for the head of the list */
    timer *head, *tail;
};

int64_t timers_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Has libevent wake us when the head is due. */
static void arm(timers *t)
{
    if (t->head == NULL) {
        event_del(t->event);
        return;
    }
    int64_t now = timers_now();
    int64_t wait = t->head->due > now ? t->head->due - now : 0;
    struct timeval in = {.tv_sec = wait / 1000, .tv_usec = wait % 1000 * 1000};
    event_add(t->event, &in);
}

static void unlink_timer(timer *one)
{
    timers *t = one->queue;
    *(one->previous != NULL ? &one->previous->next : &t->head) = one->next;
    *(one->next != NULL ? &one->next->previous : &t->tail) = one->previous;
    one->previous = NULL;
    one->next = NULL;
    one->queue = NULL;
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    timers *t = arg;
    int64_t now = timers_now();
    while (t->head != NULL && t->head->due <= now) {
        timer *one = t->head;
        unlink_timer(one);
        one->fire(one->arg);
    }
    arm(t);
}

timers *timers_new(struct event_base *base)
{
    timers *t = memory_new(sizeof(*t));
    t->event = memory_made(evtimer_new(base, on_due, t));
    return t;
}

void timers_free(timers *t)
{
    while (t->head != NULL) {
        unlink_timer(t->head);
    }
    event_free(t->event);
    free(t);
}

void timers_set(timers *t, timer *one, int64_t due)
{
    timers_cancel(one);
    timer *before = t->tail;
    while (before != NULL && before->due > due) {
        before = before->previous;
    }
    one->queue = t;
    one->due = due;
    one->previous = before;
    one->next = before != NULL ? before->next : t->head;
    *(before != NULL ? &before->next : &t->head) = one;
    *(one->next != NULL ? &one->next->previous : &t->tail) = one;
    if (t->head == one) {
        arm(t);
    }
}

void timers_cancel(timer *one)
{
    timers *t = one->queue;
    if (t == NULL) {
        return;
    }
    bool first = t->head == one;
    unlink_timer(one);
    if (first) {
        arm(t);
    }
}
