/*
 * One line of a batch: a JSON array of the words of a command line.
 */
#ifndef STAPLELAB_BATCH_LINE_H
#define STAPLELAB_BATCH_LINE_H

#include <jansson.h>

#include "harness/base/octets.h"
#include "harness/base/problem.h"

typedef struct {
    int argc;
    char **argv;   /* the program's name, the words, NULL; the array may be reordered */
    json_t *words; /* what they live in */
} batch_line;

/* Reads `text` into *out, which the caller frees with batch_line_free. 0, or -1 with *p. */
int batch_line_parse(span text, batch_line *out, problem *p);

void batch_line_free(batch_line *line);

#endif
