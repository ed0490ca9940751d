/* See outbox.h. */
#include "responders/net/outbox.h"

#include <stdlib.h>

#include "harness/base/memory.h"

/* The time `ms` after `begin`. */
static int64_t later(int64_t begin, int64_t ms)
{
    int64_t time;
    return __builtin_add_overflow(begin, ms, &time) ? DELIVERY_NEVER : time;
}

void outbox_add(outbox *o, delivery *d, void *tag, int64_t now)
{
    outbox_item *one = memory_new(sizeof(*one));
    one->delivery = d;
    one->tag = tag;
    one->begin = now;
    one->first = d->cut > 0 ? outbox_next(one) : now;

    outbox_item *before = o->tail;
    while (before != NULL && before->first > one->first) {
        before = before->previous;
    }
    one->previous = before;
    one->next = before != NULL ? before->next : o->head;
    *(before != NULL ? &before->next : &o->head) = one;
    *(one->next != NULL ? &one->next->previous : &o->tail) = one;
}

void outbox_begin(outbox *o, int64_t now)
{
    for (outbox_item *one = o->head; one != NULL; one = one->next) {
        one->begin = now;
        one->first = later(now, one->first);
    }
}

void *outbox_drop(outbox *o)
{
    outbox_item *one = o->head;
    void *tag = one->tag;
    o->head = one->next;
    *(o->head != NULL ? &o->head->previous : &o->tail) = NULL;
    free(one);
    return tag;
}

size_t outbox_unsent(const outbox *o, int64_t now)
{
    size_t sum = 0;
    for (const outbox_item *one = o->head; one != NULL && one->first <= now; one = one->next) {
        sum += delivery_due(one->delivery, now - one->begin) - one->written;
    }
    return sum;
}

int64_t outbox_next(const outbox_item *one)
{
    return later(one->begin, delivery_next(one->delivery, one->written));
}

int64_t outbox_hold_end(const outbox_item *one)
{
    int64_t ms = one->delivery->hold_ms;
    return ms > 0 ? later(one->begin, ms) : DELIVERY_NEVER;
}
