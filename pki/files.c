/* Plain read and write loops: they see every error, and short counts are no surprise to them. */
#include "pki/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int file_read(const char *path, size_t limit, char **data, size_t *size, mint_error *e)
{
    int status = -1;
    int missing = 0;
    size_t n = 0;
    char *buffer = malloc(limit + 2); /* one more to notice what is too long, and a NUL */
    int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || buffer == NULL) {
        missing = fd < 0 && errno == ENOENT;
        mint_fail(e, "%s: %s", path, strerror(errno));
        goto done;
    }
    while (n <= limit) {
        ssize_t got = read(fd, buffer + n, limit + 1 - n);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            mint_fail(e, "%s: %s", path, strerror(errno));
            goto done;
        }
        if (got == 0) {
            break;
        }
        n += (size_t)got;
    }
    if (n > limit) {
        mint_fail(e, "%s is longer than the %zu octets that are accepted", path, limit);
        goto done;
    }
    buffer[n] = '\0';
    *data = buffer;
    *size = n;
    buffer = NULL;
    status = 0;

done:
    if (fd >= 0) {
        close(fd);
    }
    free(buffer);
    errno = missing ? ENOENT : 0;
    return status;
}

int file_fill(int fd, const char *name, const void *data, size_t size, mint_error *e)
{
    const char *next = data;
    while (size > 0) {
        ssize_t put = write(fd, next, size);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            mint_fail(e, "%s: %s", name, strerror(errno));
            close(fd);
            return -1;
        }
        next += put;
        size -= (size_t)put;
    }
    if (close(fd) != 0) {
        return mint_fail(e, "%s: %s", name, strerror(errno));
    }
    return 0;
}

void signals_hold(sigset_t *before)
{
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGQUIT);
    sigaddset(&held, SIGTERM);
    sigprocmask(SIG_BLOCK, &held, before);
}

void signals_release(const sigset_t *before)
{
    sigprocmask(SIG_SETMASK, before, NULL);
}
