/*
 * The reader of a batch's lines: words for a command line, or a problem of one line.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clients/batch_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    batch_line line;
    problem p;
    if (batch_line_parse((span){data, size}, &line, &p) != 0) {
        must(p.status == 400 && p.detail[0] != '\0' && strchr(p.detail, '\n') == NULL);
        return 0;
    }
    must(line.argc >= 1 && strcmp(line.argv[0], "staple-check") == 0);
    must(json_is_array(line.words));
    must((size_t)line.argc == json_array_size(line.words) + 1 && line.argv[line.argc] == NULL);
    for (int i = 1; i < line.argc; i++) {
        must(strlen(line.argv[i]) <= size);
    }
    batch_line_free(&line);
    return 0;
}
