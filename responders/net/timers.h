/*
 * A queue of what waits for the program's clock (CLOCK_MONOTONIC, which a lab moves), with one
 * event of libevent for its head: a step of the clock does all that is due, in the same order in
 * every run: by time, then by when it was set.
 */
#ifndef STAPLELAB_NET_TIMERS_H
#define STAPLELAB_NET_TIMERS_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct timers timers;
typedef struct timer timer;

/* One thing that waits; a member of what it is about, zeroed before its first use.  `fire` is
 * called once it is due; by then it is no longer set, and it may be set again or freed. */
struct timer {
    void (*fire)(void *arg);
    void *arg;
    int64_t due;   /* of timers_now */
    timers *queue; /* NULL: not set */
    timer *previous, *next;
};

timers *timers_new(struct event_base *base);

/* What is still set is forgotten. */
void timers_free(timers *t);

/* Milliseconds of the program's monotonic clock. */
int64_t timers_now(void);

/* Has one->fire called at `due`, in the place of what was set before. */
void timers_set(timers *t, timer *one, int64_t due);

/* Does nothing when it is not set. */
void timers_cancel(timer *one);

#endif
