/*
 * How the octets of a response go out: when, in which pieces, and how it ends.  Pure arithmetic, no
 * sockets: primitives of the stages "pace" and "end" change it, a transport carries it out.
 *
 * All times are milliseconds from the moment that the delivery begins.
 */
#ifndef STAPLELAB_NET_DELIVERY_H
#define STAPLELAB_NET_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"

/* What a transport does once everything due was written. */
typedef enum {
    DELIVERY_KEEP,       /* nothing: the connection serves the next request */
    DELIVERY_FIN,        /* shut the sending side, wait for the peer's close */
    DELIVERY_RST,        /* reset at once */
    DELIVERY_HOLD,       /* nothing: the peer must act, or the clock (hold_ms) */
    DELIVERY_RST_UNREAD, /* reset once octets of the peer's are there, without reading them */
} delivery_end;

/* Never due. */
#define DELIVERY_NEVER INT64_MAX

/* The octets from `from` on, up to the next segment's: they start `delay_ms` after the last octet
 * before them is due, and go `chunk` octets at a time, one chunk each `interval_ms` (chunk 0: all
 * at once). */
typedef struct {
    size_t from;
    int64_t delay_ms;
    size_t chunk;
    int64_t interval_ms;
} delivery_segment;

typedef struct {
    octets wire; /* all octets of the response */
    size_t head; /* how many of them are a head: of HTTP, or the length prefix of DNS over TCP */
    size_t cut;  /* how many of them are written */
    delivery_segment *segments; /* at least one, the first from 0; in their order, no two alike */
    size_t nsegments;
    delivery_end end;
    int64_t hold_ms; /* DELIVERY_HOLD: then FIN after that time; 0: never */
} delivery;

/* Makes of *d, whose `wire` is filled and whose rest is zero, a healthy delivery: all octets at
 * once, then `end`. */
void delivery_init(delivery *d, size_t head, delivery_end end);

/* Frees what is in *d and zeroes it. */
void delivery_free(delivery *d);

/* Lets the octets from `at` on wait `ms` more than they did, drops and all. */
void delivery_delay(delivery *d, size_t at, int64_t ms);

/* Lets the octets in [from, to) go `chunk` (at least 1) at a time, one chunk each `interval_ms`;
 * those after `to` follow with the last chunk.  Pauses in the range stay and add up with it, an
 * earlier drip in the range is replaced.  Nothing where the range is empty. */
void delivery_drip(delivery *d, size_t from, size_t to, size_t chunk, int64_t interval_ms);

/* How many octets may have been written `elapsed_ms` after the begin. */
size_t delivery_due(const delivery *d, int64_t elapsed_ms);

/* When more than `written` octets become due; DELIVERY_NEVER when all d->cut of them are written.
 */
int64_t delivery_next(const delivery *d, size_t written);

#endif
