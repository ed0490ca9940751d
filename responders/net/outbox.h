/*
 * The deliveries that a stream has still to carry out: in the order of the time at which their
 * first octet is due, then of their coming.  All times are those of timers_now.
 */
#ifndef STAPLELAB_NET_OUTBOX_H
#define STAPLELAB_NET_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "responders/net/delivery.h"

typedef struct outbox_item outbox_item;
struct outbox_item {
    delivery *delivery;
    void *tag;
    int64_t begin; /* when it was handed over */
    int64_t first; /* when its first octet is due */
    size_t written;
    bool waited; /* its owner was told that it waits for the clock */
    outbox_item *previous, *next;
};

/* All zero when empty. */
typedef struct {
    outbox_item *head, *tail;
} outbox;

/* Puts *d into its place, which is never before one of which octets were written: the time of that
 * one has come, and none that comes later has an earlier time. */
void outbox_add(outbox *o, delivery *d, void *tag, int64_t now);

/* Has everything that was handed over at 0 begin now. */
void outbox_begin(outbox *o, int64_t now);

/* Forgets the first delivery and returns its tag. */
void *outbox_drop(outbox *o);

/* Octets that are due and not written, all deliveries together. */
size_t outbox_unsent(const outbox *o, int64_t now);

/* When the next octet of one is due, and when it ends by itself after that (DELIVERY_HOLD);
 * DELIVERY_NEVER where it does not. */
int64_t outbox_next(const outbox_item *one);
int64_t outbox_hold_end(const outbox_item *one);

#endif
