/*
 * Doing a thing a moment later, for what has failed because descriptors had run out and must
 * neither be tried without a pause nor be given up.  The moment is one of the kernel's clock: that
 * of the program may stand still.
 */
#ifndef STAPLELAB_NET_RETRY_H
#define STAPLELAB_NET_RETRY_H

#include <event2/event.h>

#define RETRY_MS 50

typedef struct retry retry;

/* Its own descriptor is taken here, while there are some; without one `again` is never called. */
retry *retry_new(struct event_base *base, void (*again)(void *arg), void *arg);
void retry_free(retry *r); /* NULL is nothing */

/* Has `again` called once after RETRY_MS, or after so many, or not after all. */
void retry_soon(retry *r);
void retry_in(retry *r, unsigned ms);
void retry_not(retry *r);

#endif
