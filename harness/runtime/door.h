/*
 * The Unix socket at which a driver asks for programs (launched.h).
 */
#ifndef STAPLELAB_DOOR_H
#define STAPLELAB_DOOR_H

/* Makes a socket of type SOCK_SEQPACKET that listens at `path`, for the caller's user alone.  It
 * has its name only once it can be knocked at: whoever sees it may connect.  Returns its
 * descriptor (close-on-exec), or -1 when it has said on stderr what is wrong. */
int door_open(const char *path);

#endif
