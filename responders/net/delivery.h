/*
 * How the octets of an answer go onto the connection: when, in which pieces, and how it
 * ends.  Pure arithmetic, no sockets: faults of the "tcp" layer change it, the connection
 * carries it out.
 */
#ifndef STAPLELAB_OCSP_DELIVERY_H
#define STAPLELAB_OCSP_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"

/* How a connection ends once everything due was written. */
typedef enum {
    THEN_FIN,        /* shut the sending side, wait for the peer's close */
    THEN_RST,        /* reset at once */
    THEN_HOLD,       /* nothing: the peer must act, or the clock (hold_ms) */
    THEN_RST_UNREAD, /* reset when octets of the peer's are there, without reading them */
} delivery_end;

/* Never due. */
#define DELIVERY_NEVER INT64_MAX

typedef struct {
    octets wire; /* all octets of the answer */
    size_t head; /* how many of them are the HTTP head */
    size_t cut;  /* how many of them are written */
    delivery_end end;
    int64_t hold_ms; /* THEN_HOLD: then FIN after that time; 0: never */
    /* The octets from pause_at on are written delay_ms after the request was read. */
    int64_t delay_ms;
    size_t pause_at;
    /* Octets in [drip_from, drip_to) go in chunks, one each interval_ms; chunk 0: no drip. */
    size_t drip_from, drip_to;
    size_t chunk;
    int64_t interval_ms;
    const char *why; /* the fault that makes it wait: for the "held" event */
} delivery;

/* A healthy delivery of all octets in d->wire: at once, then FIN. */
void delivery_init(delivery *d, size_t head);
void delivery_free(delivery *d);

/* How many octets may have been written `elapsed_ms` after the request was read. */
size_t delivery_due(const delivery *d, int64_t elapsed_ms);

/* When, in ms after the request was read, more than `written` octets become due;
 * DELIVERY_NEVER when all d->cut of them are written. */
int64_t delivery_next(const delivery *d, size_t written);

#endif
