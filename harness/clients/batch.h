/*
 * Many command lines, one process: what a driver saves is the start of libcrypto, which takes
 * longer than a handshake.
 */
#ifndef STAPLELAB_BATCH_H
#define STAPLELAB_BATCH_H

#include "harness/base/problem.h"

/* Runs `check` once for every line of standard input (batch_line.h), and says for each in one line
 * on standard output how it ended: {"status": exit status, "stdout": "...", "stderr": "..."}. A
 * line that is none has the status `refused`. 0 at the end of the input, or -1 with *p when what
 * was found cannot be written. */
int batch_run(int (*check)(int argc, char **argv), int refused, problem *p);

#endif
