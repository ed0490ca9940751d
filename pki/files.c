/* Plain read and write loops: they see every error, and short counts are no surprise to them. */
#include "pki/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/memory.h"

/* All that is there, but no more than `limit` octets and one. 0, or -1 with *p. */
static int read_up_to(int fd, const char *path, size_t limit, char *buffer, size_t *size,
                      problem *p)
{
    *size = 0;
    while (*size <= limit) {
        ssize_t got = read(fd, buffer + *size, limit + 1 - *size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return problem_fail(p, "%s: %s", path, strerror(errno));
        }
        if (got == 0) {
            return 0;
        }
        *size += (size_t)got;
    }
    return problem_fail(p, "%s is longer than the %zu octets that are accepted", path, limit);
}

int files_read(const char *path, size_t limit, char **data, size_t *size, bool *found, problem *p)
{
    int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (found != NULL) {
        *found = fd >= 0 || errno != ENOENT;
    }
    if (fd < 0) {
        return problem_fail(p, "%s: %s", path, strerror(errno));
    }

    char *buffer = memory_array(limit + 2, 1); /* one more to see what is too long, and a NUL */
    int status = read_up_to(fd, path, limit, buffer, size, p);
    close(fd);
    if (status != 0) {
        free(buffer);
        return -1;
    }
    *data = buffer;
    return 0;
}

int files_fill(int fd, const char *name, const void *data, size_t size, problem *p)
{
    const char *next = data;
    while (size > 0) {
        ssize_t put = write(fd, next, size);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            problem_fail(p, "%s: %s", name, strerror(errno));
            close(fd);
            return -1;
        }
        next += put;
        size -= (size_t)put;
    }
    if (close(fd) != 0) {
        return problem_fail(p, "%s: %s", name, strerror(errno));
    }
    return 0;
}

void files_hold_signals(sigset_t *before)
{
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGQUIT);
    sigaddset(&held, SIGTERM);
    sigprocmask(SIG_BLOCK, &held, before);
}

void files_release_signals(const sigset_t *before)
{
    sigprocmask(SIG_SETMASK, before, NULL);
}
