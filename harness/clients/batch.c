/*
 * Each check writes where a process of its own would, to descriptors 1 and 2; these are files in
 * memory here, read and emptied after each.
 */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/clients/batch.h"
#include "harness/clients/options.h"

/* Puts a file in memory in the place of `fd`. False with errno. */
static bool divert(int fd)
{
    int memory = memfd_create("output", MFD_CLOEXEC);
    bool good = memory != -1 && dup2(memory, fd) == fd;
    if (memory != -1) {
        close(memory);
    }
    return good;
}

/* Takes what was written to `fd` since the last time; NULL when it cannot be read. */
static json_t *take(int fd)
{
    json_t *text = NULL;
    off_t size = lseek(fd, 0, SEEK_CUR);
    char *octets = size < 0 ? NULL : malloc((size_t)size + 1);
    if (octets != NULL && pread(fd, octets, (size_t)size, 0) == size) {
        text = json_stringn(octets, (size_t)size);
        text = text == NULL ? json_string("(not UTF-8)\n") : text;
    }
    free(octets);
    if (lseek(fd, 0, SEEK_SET) != 0 || ftruncate(fd, 0) != 0) {
        json_decref(text);
        return NULL;
    }
    return text;
}

static bool is_command_line(const json_t *words)
{
    for (size_t i = 0; i < json_array_size(words); i++) {
        if (!json_is_string(json_array_get(words, i))) {
            return false;
        }
    }
    return json_is_array(words);
}

/* The words stay those of `words`; getopt puts them in another order. The exit status. */
static int run_words(int (*check)(int, char **), const json_t *words)
{
    static char program[] = "staple-check";
    size_t n = json_array_size(words);
    char **argv = calloc(n + 2, sizeof(*argv));
    if (argv == NULL) {
        fputs("staple-check: out of memory\n", stderr);
        return EXIT_OUTPUT;
    }
    argv[0] = program;
    for (size_t i = 0; i < n; i++) {
        argv[i + 1] = (char *)json_string_value(json_array_get(words, i));
    }
    int status = check((int)n + 1, argv);
    free(argv);
    return status;
}

static int run_line(int (*check)(int, char **), const char *line)
{
    json_error_t error;
    json_t *words = json_loads(line, 0, &error);
    int status = EXIT_USAGE;
    if (words == NULL) {
        fprintf(stderr, "staple-check: --batch takes a JSON array of strings a line: %s\n",
                error.text);
    } else if (!is_command_line(words)) {
        fputs("staple-check: --batch takes a JSON array of strings a line, not this\n", stderr);
    } else {
        status = run_words(check, words);
    }
    json_decref(words);
    return status;
}

/* False when the answer cannot be given. */
static bool answer(FILE *to, int status)
{
    bool flushed = fflush(stdout) == 0 && fflush(stderr) == 0;
    json_t *said = json_pack("{s:i, s:o, s:o}", "status", status, "stdout", take(STDOUT_FILENO),
                             "stderr", take(STDERR_FILENO));
    bool good = flushed && said != NULL && json_dumpf(said, to, JSON_COMPACT) == 0 &&
                putc('\n', to) == '\n' && fflush(to) == 0;
    json_decref(said);
    return good;
}

int batch_run(int (*check)(int argc, char **argv))
{
    char *line = NULL;
    size_t size = 0;
    int status = EXIT_OUTPUT;
    int kept = dup(STDOUT_FILENO);
    FILE *to = kept == -1 ? NULL : fdopen(kept, "w");
    if (to == NULL || !divert(STDOUT_FILENO) || !divert(STDERR_FILENO)) {
        fprintf(stderr, "staple-check: --batch: %s\n", strerror(errno));
        goto done;
    }
    while (getline(&line, &size, stdin) != -1) {
        if (!answer(to, run_line(check, line))) {
            goto done;
        }
    }
    status = 0;

done:
    free(line);
    if (to != NULL) {
        fclose(to);
    } else if (kept != -1) {
        close(kept);
    }
    return status;
}
