/*
 * What a driver asks the launcher for, taken apart and checked; launched.h says what it looks like.
 * Nothing is opened or started here.
 */
#ifndef STAPLELAB_LAUNCHED_REQUEST_H
#define STAPLELAB_LAUNCHED_REQUEST_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/base/problem.h"

#define LAUNCHED_REQUEST_OCTETS_MAX   65535
#define LAUNCHED_REQUEST_WORDS_MAX    256
#define LAUNCHED_REQUEST_ATTACHED_MAX 8

/* The numbers of inherited sockets begin here. */
#define LAUNCHED_REQUEST_SOCKETS_FROM 100

/* The first attached descriptors are stdout and stderr. */
#define LAUNCHED_REQUEST_OUTPUTS 2

/* A socket of the program. */
typedef struct {
    int descriptor;             /* its number there */
    int attached;               /* which of the attached descriptors it is; -1: a new one */
    struct sockaddr_in address; /* where a new one listens */
} launched_request_socket;

typedef struct {
    launched_request_socket sockets[LAUNCHED_REQUEST_WORDS_MAX];
    size_t nsockets;
    char *words[LAUNCHED_REQUEST_WORDS_MAX + 1]; /* all of them, in the message; ends with NULL */
    char **variables;                            /* NAME=VALUE, in `words` */
    size_t nvariables;
    char **argv; /* the program and its arguments, in `words`; ends with NULL */
} launched_request;

/* Takes the message `text` of `length` octets, with a NUL after them, apart; it must live as long
 * as *out.  `nattached` descriptors came with it.  0, or -1 with *p (status 400). */
int launched_request_parse(char *text, size_t length, size_t nattached, launched_request *out,
                           problem *p);

#endif
