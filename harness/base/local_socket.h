/*
 * The path of a Unix socket, claimed so that of two programs that start at the same time only one
 * gets it, whatever a killed one has left there.
 */
#ifndef STAPLELAB_BASE_LOCAL_SOCKET_H
#define STAPLELAB_BASE_LOCAL_SOCKET_H

#include <stddef.h>

/* Room for a reason. */
#define LOCAL_SOCKET_REASON 128

/* The reason of a path that another program has. */
#define LOCAL_SOCKET_SERVED "another program serves this socket"

/*
 * Clears the way for a socket of that type at `path`: one that nobody serves any more is removed.
 * Returns a descriptor that holds the folder against other claims until it is closed, which is to
 * be done once the new socket has its name; or -1 with the reason in `why`.  Who serves the path is
 * not disturbed by that: no connection is made.
 */
int local_socket_claim(const char *path, int type, char why[LOCAL_SOCKET_REASON]);

/* Only holds the folder. -1 when it cannot. */
int local_socket_hold(const char *path);

#endif
