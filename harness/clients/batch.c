/*
 * Each check writes where a process of its own would, to descriptors 1 and 2; these are files in
 * memory here, read and rewound after each.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/memory.h"
#include "harness/clients/batch.h"
#include "harness/clients/batch_line.h"

/* Puts a file in memory in the place of `fd`. 0, or -1 with *p. */
static int divert(int fd, problem *p)
{
    int memory = memfd_create("output", MFD_CLOEXEC);
    int rc = 0;
    if (memory == -1 || dup2(memory, fd) != fd) {
        rc = problem_fail(p, "--batch: %s", strerror(errno));
    }
    if (memory != -1) {
        close(memory);
    }
    return rc;
}

/* Takes what was written to `fd` since the last time. 0 with *out, or -1 with *p. */
static int take(int fd, json_t **out, problem *p)
{
    off_t size = lseek(fd, 0, SEEK_CUR);
    size_t length = size < 0 ? 0 : (size_t)size;
    char *said = memory_array(length + 1, 1);
    int rc = 0;
    if (size < 0 || pread(fd, said, length, 0) != size || lseek(fd, 0, SEEK_SET) != 0) {
        rc = problem_fail(p, "--batch: %s", strerror(errno));
    } else {
        json_t *text = json_stringn(said, length);
        *out = text == NULL ? json_string("(not UTF-8)\n") : text;
    }
    free(said);
    return rc;
}

/* The exit status of one line. */
static int run_line(int (*check)(int, char **), int refused, span text)
{
    batch_line line;
    problem p;
    if (batch_line_parse(text, &line, &p) != 0) {
        fprintf(stderr, "staple-check: %s\n", p.detail);
        return refused;
    }
    int status = check(line.argc, line.argv);
    batch_line_free(&line);
    return status;
}

/* Says how a line ended. 0, or -1 with *p. */
static int tell(FILE *to, int status, problem *p)
{
    json_t *out, *err;
    fflush(stdout);
    fflush(stderr);
    if (take(STDOUT_FILENO, &out, p) != 0) {
        return -1;
    }
    if (take(STDERR_FILENO, &err, p) != 0) {
        json_decref(out);
        return -1;
    }
    json_t *ended = json_pack("{s:i, s:o, s:o}", "status", status, "stdout", out, "stderr", err);
    int rc = 0;
    if (json_dumpf(ended, to, JSON_COMPACT) != 0 || putc('\n', to) != '\n' || fflush(to) != 0) {
        rc = problem_fail(p, "--batch: %s", strerror(errno));
    }
    json_decref(ended);
    return rc;
}

int batch_run(int (*check)(int argc, char **argv), int refused, problem *p)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    int rc = -1;
    int kept = dup(STDOUT_FILENO);
    int kept_stderr = dup(STDERR_FILENO);
    FILE *to = kept == -1 ? NULL : fdopen(kept, "w");
    if (to == NULL || kept_stderr == -1) {
        problem_fail(p, "--batch: %s", strerror(errno));
        goto done;
    }
    if (divert(STDOUT_FILENO, p) != 0 || divert(STDERR_FILENO, p) != 0) {
        goto done;
    }
    rc = 0;
    while (rc == 0 && (length = getline(&line, &size, stdin)) != -1) {
        span text = {(const uint8_t *)line, (size_t)length};
        rc = tell(to, run_line(check, refused, text), p);
    }

done:
    free(line);
    if (kept_stderr != -1) {
        dup2(kept_stderr, STDERR_FILENO); /* for the problem */
        close(kept_stderr);
    }
    if (to != NULL) {
        fclose(to);
    } else if (kept != -1) {
        close(kept);
    }
    return rc;
}
