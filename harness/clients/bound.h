/*
 * What a client waits under. The time allowed is the kernel's own, which a preloaded clock does not
 * move: frozen time must not let a client wait for ever. A client in the background has a leash,
 * too: a descriptor whose end tells it to end, and on which a line lets it go on.
 */
#ifndef STAPLELAB_BOUND_H
#define STAPLELAB_BOUND_H

#include <stdbool.h>

#include "harness/base/problem.h"

/* The status of a problem says why a wait ended. */
enum { BOUND_OVER = 408, BOUND_LET_GO = 410, BOUND_CLOSED = 502 };

#define BOUND_OVER_WORDS "the time allowed is over"

typedef struct {
    int timer;   /* readable once the time is over */
    int leash;   /* -1 for none */
    bool let_go; /* the leash has ended */
    int lines;   /* that came on it, and nobody has gone on by */
    /* Called for a line that comes during bound_wait, when nothing is ready: so that somebody can
     * ask whether the client still waits. NULL: the line counts for the next bound_hold. */
    void (*asked)(void *arg);
    void *arg;
} bound;

/* Makes *out, whose time begins now; the caller ends it with bound_free. `leash` (-1 for none)
 * stays the caller's. 0, or -1 with *p. */
int bound_make(int milliseconds, int leash, bound *out, problem *p);

/* The time begins anew. 0, or -1 with *p. */
int bound_restart(bound *b, int milliseconds, problem *p);

/* Waits until `fd` is ready for `events` (poll's). 0 when it is, or -1 with *p: of status
 * BOUND_OVER when the time is over, be it ready or not; BOUND_LET_GO when the leash has ended and
 * it is not. */
int bound_wait(bound *b, int fd, short events, problem *p);

/* Whether the time is over. */
bool bound_is_over(const bound *b);

/* Waits for a line on the leash, however long that takes. 0 when one came, or -1 with *p: of status
 * BOUND_LET_GO at its end, BOUND_CLOSED when the peer of the socket `fd` has closed. */
int bound_hold(bound *b, int fd, problem *p);

void bound_free(bound *b);

#endif
