/*
 * The command line of staple-check.
 */
#ifndef STAPLELAB_CHECK_OPTIONS_H
#define STAPLELAB_CHECK_OPTIONS_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/problem.h"
#include "harness/clients/capture.h"
#include "harness/clients/handshake.h"
#include "harness/clients/retrying.h"

typedef struct {
    handshake_options handshake;
    bool resume;
    bool urls; /* print the chain's OCSP URLs, and judge nothing */
    retrying_options retrying;
    capture_options capture;
    int64_t skew;             /* seconds */
    STACK_OF(X509) * trusted; /* NULL for none */
    const char *staple_out;   /* NULL for none */
    const char *cert, *key;   /* files, both or neither; handshake.identity holds what is in them */
    bool background;          /* each stage is told of, and the end of standard input ends it */
    char *target;             /* HOST:PORT, taken apart; handshake.host points into it. NULL when
                                 a captured response is judged */
} check_options;

/* Takes "HOST:PORT" or "[v6]:PORT" apart in place. False when it is none. */
bool check_options_split(char *target, const char **host, const char **port);

/* Parses argv into *out. 0 to go on, 1 when all has been said, as with --help, or -1 with *p. The
 * caller frees *out with check_options_free in any case. */
int check_options_parse(int argc, char **argv, check_options *out, problem *p);

void check_options_free(check_options *options);

#endif
