/*
 * The command line of staple-check.
 */
#ifndef STAPLELAB_OPTIONS_H
#define STAPLELAB_OPTIONS_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/clients/handshake.h"

typedef struct {
    handshake_options handshake;
    bool resume;
    int tries;
    int64_t skew;             /* seconds */
    STACK_OF(X509) * trusted; /* NULL for none */
    const char *staple_out;   /* NULL for none */
    char *target;             /* HOST:PORT, taken apart; handshake.host points into it */
} check_options;

/* Exit statuses besides the verdicts'. */
enum { EXIT_FAILED = 3, EXIT_USAGE = 2, EXIT_OUTPUT = 1 };

/* Takes "HOST:PORT" or "[v6]:PORT" apart in place. False when it is none. */
bool target_split(char *target, const char **host, const char **port);

/* Parses argv into *out. -1 to go on, or the status to exit with: 0 after --help and the like,
 * EXIT_USAGE after one line on stderr that says what was wrong and what is accepted. The caller
 * frees *out with options_free in any case. */
int options_parse(int argc, char **argv, check_options *out);

void options_free(check_options *options);

#endif
