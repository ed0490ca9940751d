/* See delivery.h. */
#include "responders/net/delivery.h"

void delivery_init(delivery *d, size_t head)
{
    d->head = head;
    d->cut = d->wire.length;
    d->end = THEN_FIN;
}

void delivery_free(delivery *d)
{
    octets_free(&d->wire);
    *d = (delivery){0};
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* When the octet at that index becomes due. */
static int64_t due_time(const delivery *d, size_t index)
{
    int64_t time = 0;
    if (d->delay_ms > 0 && index >= d->pause_at) {
        time += d->delay_ms;
    }
    if (d->chunk > 0 && index >= d->drip_from && d->drip_to > d->drip_from) {
        size_t within = least(index, d->drip_to - 1) - d->drip_from;
        time += (int64_t)(within / d->chunk) * d->interval_ms;
    }
    return time;
}

size_t delivery_due(const delivery *d, int64_t elapsed_ms)
{
    /* due_time never falls as the index grows: look for the first octet that is not due. */
    size_t low = 0, high = d->cut;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (due_time(d, middle) <= elapsed_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int64_t delivery_next(const delivery *d, size_t written)
{
    return written >= d->cut ? DELIVERY_NEVER : due_time(d, written);
}
