/*
 * Many command lines, one process: what a driver saves is the start of libcrypto, which takes
 * longer than a handshake.
 */
#ifndef STAPLELAB_BATCH_H
#define STAPLELAB_BATCH_H

/* Runs `check` once for every line of standard input, a JSON array of the words that would follow
 * the program's name, and answers each with one line on standard output:
 * {"status": exit status, "stdout": "...", "stderr": "..."}. A line that is none is answered with
 * status EXIT_USAGE. Returns 0 at the end of the input, EXIT_OUTPUT when no answer can be given. */
int batch_run(int (*check)(int argc, char **argv));

#endif
