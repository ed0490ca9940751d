/* See delivery.h. */
#include "responders/net/delivery.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"

void delivery_init(delivery *d, size_t head, delivery_end end)
{
    d->head = head;
    d->cut = d->wire.length;
    d->segments = memory_new(sizeof(*d->segments));
    d->nsegments = 1;
    d->end = end;
}

void delivery_free(delivery *d)
{
    octets_free(&d->wire);
    free(d->segments);
    *d = (delivery){0};
}

/* Times that no clock reaches are DELIVERY_NEVER. */
static int64_t plus(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? DELIVERY_NEVER : sum;
}

static int64_t times(size_t count, int64_t ms)
{
    int64_t product;
    return __builtin_mul_overflow(count, ms, &product) ? DELIVERY_NEVER : product;
}

static void insert_segment(delivery *d, size_t index, delivery_segment new)
{
    d->segments = memory_resize(d->segments, d->nsegments + 1, sizeof(*d->segments));
    memmove(&d->segments[index + 1], &d->segments[index],
            (d->nsegments - index) * sizeof(*d->segments));
    d->segments[index] = new;
    d->nsegments++;
}

/* Makes a segment begin at `at` and returns its index; every octet keeps its time. */
static size_t split(delivery *d, size_t at)
{
    size_t i = d->nsegments - 1;
    while (d->segments[i].from > at) {
        i--;
    }
    delivery_segment s = d->segments[i];
    if (s.from == at) {
        return i;
    }
    size_t within = s.chunk > 0 ? (at - s.from) % s.chunk : 0;
    delivery_segment rest = {at, s.chunk > 0 ? s.interval_ms : 0, s.chunk, s.interval_ms};
    if (within == 0) {
        insert_segment(d, i + 1, rest);
        return i + 1;
    }
    /* In the middle of a chunk: its second half goes with the first.  A drip is never the last
     * segment, see delivery_drip. */
    if (s.chunk - within < d->segments[i + 1].from - at) {
        rest.from = at + (s.chunk - within);
        insert_segment(d, i + 1, rest);
    }
    insert_segment(d, i + 1, (delivery_segment){.from = at});
    return i + 1;
}

void delivery_delay(delivery *d, size_t at, int64_t ms)
{
    size_t i = split(d, at);
    d->segments[i].delay_ms = plus(d->segments[i].delay_ms, ms);
}

/* Where the chunk ends in which `at` lies; 0 when it is the first of its chunk. */
static size_t chunk_rest(size_t from, size_t at, size_t chunk)
{
    size_t within = (at - from) % chunk;
    return within == 0 ? 0 : chunk - within;
}

void delivery_drip(delivery *d, size_t from, size_t to, size_t chunk, int64_t interval_ms)
{
    if (from >= to) {
        return;
    }
    size_t first = split(d, from);
    split(d, to);
    for (size_t i = first; d->segments[i].from < to; i++) {
        delivery_segment *s = &d->segments[i];
        size_t rest = chunk_rest(from, s->from, chunk);
        s->chunk = 0;
        if (rest > 0) {
            /* A pause in the middle of a chunk: the chunk's second half goes after it at once. */
            if (rest < d->segments[i + 1].from - s->from) {
                insert_segment(d, i + 1, (delivery_segment){.from = s->from + rest});
            }
            continue;
        }
        s->chunk = chunk;
        s->interval_ms = interval_ms;
        if (i > first) {
            s->delay_ms = plus(s->delay_ms, interval_ms);
        }
    }
}

/* Where a segment's octets end that are ever written. */
static size_t end_of(const delivery *d, size_t index)
{
    size_t end = index + 1 < d->nsegments ? d->segments[index + 1].from : d->cut;
    return end < d->cut ? end : d->cut;
}

/* When the octet at `at` of that segment becomes due, if the segment starts at `start`. */
static int64_t due_time(const delivery_segment *s, int64_t start, size_t at)
{
    return s->chunk == 0 ? start : plus(start, times((at - s->from) / s->chunk, s->interval_ms));
}

size_t delivery_due(const delivery *d, int64_t elapsed_ms)
{
    int64_t last = 0;
    for (size_t i = 0; i < d->nsegments && d->segments[i].from < d->cut; i++) {
        const delivery_segment *s = &d->segments[i];
        int64_t start = plus(last, s->delay_ms);
        size_t end = end_of(d, i);
        if (start > elapsed_ms) {
            return s->from;
        }
        last = due_time(s, start, end - 1);
        if (last > elapsed_ms) {
            /* So there is an interval, and fewer chunks are due than there are. */
            size_t chunks = (size_t)((elapsed_ms - start) / s->interval_ms) + 1;
            return s->from + chunks * s->chunk;
        }
    }
    return d->cut;
}

int64_t delivery_next(const delivery *d, size_t written)
{
    int64_t last = 0;
    for (size_t i = 0; i < d->nsegments && written < d->cut; i++) {
        const delivery_segment *s = &d->segments[i];
        int64_t start = plus(last, s->delay_ms);
        size_t end = end_of(d, i);
        if (written < end) {
            return due_time(s, start, written);
        }
        last = due_time(s, start, end - 1);
    }
    return DELIVERY_NEVER;
}
