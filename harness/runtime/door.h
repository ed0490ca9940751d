/*
 * The Unix socket at which a driver asks for programs (launched.h).
 */
#ifndef STAPLELAB_DOOR_H
#define STAPLELAB_DOOR_H

#include "harness/base/problem.h"

/* Makes a socket of type SOCK_SEQPACKET that listens at `path`, for the caller's user alone.  It
 * has its name only once it can be knocked at: whoever sees it may connect.  0 with its descriptor
 * (close-on-exec) in *fd, or -1 with *p. */
int door_open(const char *path, int *fd, problem *p);

#endif
