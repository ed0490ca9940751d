/*
 * Whole files in and out, with errors that name them.
 */
#ifndef STAPLELAB_PKI_FILES_H
#define STAPLELAB_PKI_FILES_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/base/problem.h"

/* Reads a file of at most `limit` octets ("-": standard input) into a new text with a NUL after
 * it, which the caller frees. 0, or -1 with *p. *found (unless NULL) is false when, and only when,
 * there is no such file. */
int files_read(const char *path, size_t limit, char **data, size_t *size, bool *found, problem *p);

/* Writes all of it to `fd` and closes that in any case; `name` is for *p. 0, or -1. */
int files_fill(int fd, const char *name, const void *data, size_t size, problem *p);

/* Between the two, signals that would end the program wait: what is being written is then either
 * complete or taken back, never left half-made. */
void files_hold_signals(sigset_t *before);
void files_release_signals(const sigset_t *before);

#endif
