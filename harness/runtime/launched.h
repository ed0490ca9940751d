/*
 * One program that the launcher has been asked for: from the request to its end.
 *
 * A request is one message (SOCK_SEQPACKET) of NUL-ended words,
 *     [SOCKET]... [NAME=VALUE]... PROGRAM [ARGUMENT]...
 * with descriptors attached (SCM_RIGHTS): the program's stdout and stderr, and one for each
 * SOCKET that is inherited, in their order.  A SOCKET is one of
 *     listen=DESCRIPTOR,ADDRESS,PORT   opened, and listening before the program starts
 *     inherit=DESCRIPTOR               one that is attached
 * and the program has it under that number.
 *
 * The responses: "error TEXT", or "pid N" and then, when the program has ended, "left process N
 * (NAME)" for every process that it leaves behind, which is ended, and "exit N" (128 + the
 * signal that ended it).  A message "signal N" is passed on.  All messages are text.
 */
#ifndef STAPLELAB_LAUNCHED_H
#define STAPLELAB_LAUNCHED_H

#include <signal.h>

/* The exit status of a program that cannot be run, the shells' own. */
#define LAUNCHED_CANNOT_RUN 127

/* Sends one message of at most 255 octets; a peer that is gone is no error. */
__attribute__((format(printf, 2, 3))) void launched_say(int peer, const char *format, ...);

/* Serves the connection `peer` until its program has ended, or ends the program with all its
 * descendants when the connection closes. To be called with SIGCHLD blocked, in a process that
 * does nothing else meanwhile; the program runs with the signal mask `mask`. */
void launched_serve(int peer, const sigset_t *mask);

#endif
