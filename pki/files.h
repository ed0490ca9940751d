/*
 * Whole files in and out, with errors that name them.
 */
#ifndef STAPLELAB_PKI_FILES_H
#define STAPLELAB_PKI_FILES_H

#include <signal.h>
#include <stddef.h>

#include "pki/mint_error.h"

/* Reads a file of at most `limit` octets ("-": standard input) into a new text with a NUL behind
 * it. 0, or -1 with *e, and errno ENOENT when (and only when) there is no such file. */
int file_read(const char *path, size_t limit, char **data, size_t *size, mint_error *e);

/* Writes all of it to `fd` and closes that in any case; `name` is for *e. 0, or -1. */
int file_fill(int fd, const char *name, const void *data, size_t size, mint_error *e);

/* Between the two, signals that would end the program wait: what is being written is then either
 * complete or taken back, never left half-made. */
void signals_hold(sigset_t *before);
void signals_release(const sigset_t *before);

#endif
