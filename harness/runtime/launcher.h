/*
 * The launcher: starts programs when the driver asks for them, and lets none outlive the driver.
 *
 * A driver killed with SIGKILL cannot clean up, and nginx's workers survive their master.  So
 * the driver starts nothing that stays: it asks the launcher over a Unix socket, and every
 * connection is one program (launched.h), which lives no longer than its connection.  The lease
 * is one connection more: when it closes, because the driver has finished or died, the launcher
 * ends everything and itself.
 *
 * In a container it is the first process.  A program that the container engine starts costs a
 * tenth of a second, one by the launcher a millisecond, and it can inherit sockets that listen.
 */
#ifndef STAPLELAB_LAUNCHER_H
#define STAPLELAB_LAUNCHER_H

#include "harness/base/problem.h"

typedef struct {
    const char *door;   /* the name of the socket to make */
    const char *folder; /* a folder to make first and to remove at the end; NULL for none */
    int lease;          /* an inherited socket; -1: the first connection is the lease */
} launcher_options;

/* Says "ready" over the lease and serves until that closes, or SIGTERM or SIGINT comes; then ends
 * all descendants of the process.  0, or -1 with *p when it could not start. */
int launcher_run(const launcher_options *o, problem *p);

#endif
