/* Where the control API listens: a Unix socket, or TCP. */
#ifndef STAPLELAB_CONTROL_SOCKET_H
#define STAPLELAB_CONTROL_SOCKET_H

#include <sys/stat.h>

#include "harness/base/problem.h"

typedef struct {
    int fd;
    char where[160];   /* as control_where gives it */
    char path[108];    /* "" for TCP */
    struct stat inode; /* of `path`, so that only our own socket is removed */
} control_socket;

/* Opens what `where` says and listens. 0, or -1 with *p. */
int control_socket_open(control_socket *s, const char *where, problem *p);

/* Removes the file. The descriptor is the caller's, who may have given it away. */
void control_socket_remove(control_socket *s);

#endif
