/* See batch_line.h. */
#include <stdbool.h>
#include <stdlib.h>

#include "harness/base/memory.h"
#include "harness/clients/batch_line.h"

static bool are_words(const json_t *words)
{
    for (size_t i = 0; i < json_array_size(words); i++) {
        if (!json_is_string(json_array_get(words, i))) {
            return false;
        }
    }
    return json_is_array(words);
}

int batch_line_parse(span text, batch_line *out, problem *p)
{
    static char program[] = "staple-check";
    json_error_t error;
    json_t *words =
        json_loadb(text.length == 0 ? "" : (const char *)text.data, text.length, 0, &error);
    if (words == NULL) {
        return problem_refuse(p, "", "--batch takes a JSON array of strings a line: %s",
                              error.text);
    }
    if (!are_words(words)) {
        json_decref(words);
        return problem_refuse(p, "", "--batch takes a JSON array of strings a line, not this");
    }

    size_t n = json_array_size(words);
    *out = (batch_line){
        .argc = (int)n + 1, .argv = memory_array(n + 2, sizeof(*out->argv)), .words = words};
    out->argv[0] = program;
    for (size_t i = 0; i < n; i++) {
        out->argv[i + 1] = (char *)json_string_value(json_array_get(words, i));
    }
    return 0;
}

void batch_line_free(batch_line *line)
{
    free(line->argv);
    json_decref(line->words);
    *line = (batch_line){0};
}
