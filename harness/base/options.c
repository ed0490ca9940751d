/* See options.h. */
#include "harness/base/options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"

/* Above every letter: what getopt_long leaves in optopt is one of these, a letter or 0. */
#define ROW_FIRST 1000

#define COLUMNS  100
#define LEFT_MAX 30 /* what is longer has a line of its own */

/* All rows of all groups, as getopt_long knows them. */
typedef struct {
    size_t count;
    struct option *known; /* each ends with zeroes */
    const options_row **rows;
    void **args;
    const char **names;
} table;

static void table_make(table *t, const options_group *groups)
{
    size_t n = 0;

    for (const options_group *g = groups; g->rows != NULL; g++) {
        for (const options_row *row = g->rows; row->name != NULL; row++) {
            n++;
        }
    }
    t->count = n;
    t->known = memory_array(n + 1, sizeof(*t->known));
    t->rows = memory_array(n + 1, sizeof(*t->rows));
    t->args = memory_array(n + 1, sizeof(*t->args));
    t->names = memory_array(n + 1, sizeof(*t->names));

    n = 0;
    for (const options_group *g = groups; g->rows != NULL; g++) {
        for (const options_row *row = g->rows; row->name != NULL; row++, n++) {
            t->known[n].name = row->name;
            t->known[n].val = ROW_FIRST + (int)n;
            t->known[n].has_arg = row->value == NULL                  ? no_argument
                                  : strncmp(row->value, "[=", 2) == 0 ? optional_argument
                                                                      : required_argument;
            t->rows[n] = row;
            t->args[n] = g->arg;
            t->names[n] = row->name;
        }
    }
}

static void table_free(table *t)
{
    free(t->known);
    free(t->rows);
    free(t->args);
    free(t->names);
}

/* `found` is '?' or ':', `word` the one that getopt_long has read last. */
static void refuse(const table *t, int found, const char *word, problem *p)
{
    char name[64], near[200];

    if (optopt >= ROW_FIRST) {
        problem_set(p, 400, "", "--%s %s; see --help", t->names[optopt - ROW_FIRST],
                    found == ':' ? "needs a value" : "takes no value");
        return;
    }
    if (optopt != 0) { /* a letter, which may stand within a word */
        problem_set(p, 400, "", "unknown option \"-%c\"; see --help", optopt);
        return;
    }
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
    problem_nearest(name, t->names, near, sizeof(near));
    problem_set(p, 400, "", "unknown option \"--%s\"%s%s; see --help", name,
                near[0] == '\0' ? "" : "; the nearest are: ", near);
}

/* Whether it takes two words. */
static bool is_pair(const options_row *row)
{
    return row->value != NULL && strchr(row->value, ' ') != NULL;
}

/* Takes the option that getopt_long has just found. */
static int take(const options_row *row, void *arg, int argc, char **argv, problem *p)
{
    if (!is_pair(row)) {
        return row->take(arg, optarg, p);
    }
    if (optind >= argc || strncmp(argv[optind], "--", 2) == 0) {
        return problem_refuse(p, "", "--%s needs two values: %s; see --help", row->name,
                              row->value);
    }
    const int rc = row->take(arg, optarg, p);
    return rc != 0 ? rc : row->take(arg, argv[optind++], p);
}

int options_parse(const options_group *groups, int argc, char **argv, int *first_operand,
                  problem *p)
{
    table t;
    int found, rc = 0;

    table_make(&t, groups);
    optind = 0; /* glibc: start anew, whoever parsed before */
    opterr = 0;
    while (rc == 0 && (found = getopt_long(argc, argv, ":", t.known, NULL)) != -1) {
        if (found < ROW_FIRST) {
            refuse(&t, found, argv[optind - 1], p);
            rc = -1;
        } else {
            rc = take(t.rows[found - ROW_FIRST], t.args[found - ROW_FIRST], argc, argv, p);
        }
    }
    *first_operand = optind;
    table_free(&t);
    if (rc == 1 && (fflush(stdout) != 0 || ferror(stdout))) {
        return problem_fail(p, "standard output: %s", strerror(errno));
    }
    return rc;
}

/* "--name VALUE", and how many columns that takes. */
static size_t left_part(const options_row *row, char *out, size_t size)
{
    const bool spaced = row->value != NULL && strncmp(row->value, "[=", 2) != 0;
    int length = snprintf(out, size, "--%s%s%s", row->name, spaced ? " " : "",
                          row->value == NULL ? "" : row->value);

    return (size_t)length;
}

/* Writes the words from column `left` on, and a line break after them. */
static void wrap(const char *words, size_t left, FILE *out)
{
    size_t column = left;

    while (*words != '\0') {
        const size_t length = strcspn(words, " ");

        if (column > left && column + 1 + length > COLUMNS) {
            fprintf(out, "\n%*s", (int)left, "");
            column = left;
        } else if (column > left) {
            fputc(' ', out);
            column++;
        }
        fwrite(words, 1, length, out);
        column += length;
        words += length;
        words += strspn(words, " ");
    }
    fputc('\n', out);
}

void options_help(const options_group *groups, FILE *out)
{
    char text[COLUMNS];
    size_t width = 0;

    for (const options_group *g = groups; g->rows != NULL; g++) {
        for (const options_row *row = g->rows; row->name != NULL; row++) {
            const size_t length = left_part(row, text, sizeof(text));

            width = length <= LEFT_MAX && length > width ? length : width;
        }
    }
    for (const options_group *g = groups; g->rows != NULL; g++) {
        for (const options_row *row = g->rows; row->name != NULL; row++) {
            if (left_part(row, text, sizeof(text)) > width) {
                fprintf(out, "  %s\n  %*s  ", text, (int)width, "");
            } else {
                fprintf(out, "  %-*s  ", (int)width, text);
            }
            wrap(row->summary, 2 + width + 2, out);
        }
    }
}

int options_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *out,
                   problem *p)
{
    char *end = NULL;
    uint64_t number = 0;

    errno = 0;
    if (text[0] >= '0' && text[0] <= '9') {
        number = strtoull(text, &end, 10);
    }
    if (end == NULL || *end != '\0' || errno != 0 || number < min || number > max) {
        return problem_refuse(p, "", "%s \"%.60s\": expected a number from %" PRIu64 " to %" PRIu64,
                              option, text, min, max);
    }
    *out = number;
    return 0;
}
