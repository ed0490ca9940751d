/*
 * A TCP connection: octets in, deliveries out, an end.
 *
 * Sockets and single events, no bufferevents: a fault must be able to reset, to half-close and to
 * stay silent, and its owner must learn who closed and how.
 *
 * Deliveries go one after another in the order of the time at which their first octet is due, then
 * of their coming; one that has begun is never mixed with another.  A peer that sends FIN while we
 * wait for the clock or for nothing is taken to be gone; one that does so while octets that are due
 * are being written still gets them.  As long as a peer takes none of many octets that are due,
 * none of its own are taken, not even of those that were read already.
 */
#ifndef STAPLELAB_NET_STREAM_H
#define STAPLELAB_NET_STREAM_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"
#include "responders/net/delivery.h"
#include "responders/net/timers.h"

typedef struct stream stream;

/* How a stream ended. */
typedef struct {
    bool by_us;        /* else by the peer */
    bool reset;        /* RST, else FIN */
    uint64_t sent;     /* octets in all */
    uint64_t received; /* octets in all */
    size_t unfinished; /* octets of the delivery under way that were written; 0 if there was none */
} stream_end;

/* What the owner is told; `tag` is that of stream_deliver.  None is called from within
 * stream_new, stream_deliver or stream_close: all come from the loop, or from stream_start. */
typedef struct {
    /* Octets came; returns how many it has taken, at least one.  The rest is given again, once what
     * was handed over meanwhile has been carried out as far as it can be, maybe in a later pass.
     * Not called once a delivery that does not KEEP the stream was handed over. */
    size_t (*on_octets)(void *arg, span octets);
    /* A delivery waits for the clock with octets left, or for the peer (DELIVERY_HOLD,
     * `all_written`).  At most once for each of the two. */
    void (*on_held)(void *arg, void *tag, bool all_written);
    /* All d->cut octets of a delivery were written; the stream has forgotten *d by then. */
    void (*on_sent)(void *arg, void *tag);
    /* The stream is gone and freed after this call; on_lost was called for each delivery that
     * will not be finished. */
    void (*on_end)(void *arg, const stream_end *end);
    /* A delivery was given up; the stream has forgotten *d by then.  May be NULL. */
    void (*on_lost)(void *arg, void *tag);
    /* It may owe less than before (see stream_owes). */
    void (*on_change)(void *arg);
} stream_handlers;

/* Takes over the non-blocking descriptor of an accepted connection; `handlers` must outlive it.
 * Nothing is read before stream_start. */
stream *stream_new(struct event_base *base, timers *t, int fd, const stream_handlers *handlers,
                   void *arg);

/* Begins: carries out what was handed over already, and reads from the next pass of the loop on.
 * The stream may be gone when this returns: on_end has said so then. */
void stream_start(stream *s);

/* Hands a delivery over; *d stays the owner's and must stay as it is until on_sent or on_lost. */
void stream_deliver(stream *s, delivery *d, void *tag);

/* Closes without a word: no handler is called any more, deliveries are forgotten.  A handler may
 * do it, too. */
void stream_close(stream *s);

/*
 * Whether something is owed, as control.h says it for /v1/quiet: nothing has been received or sent
 * yet, octets that are due are unwritten, or FIN was sent and the peer's close not seen.  What
 * waits for the rest of a request, for the clock, or for nothing is not owed.
 */
bool stream_owes(const stream *s);

#endif
