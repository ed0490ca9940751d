/*
 * A driver's side of the launcher, for tests: requests out, responses in, each within a bound.
 */
#ifndef STAPLELAB_RUNTIME_TESTS_DRIVER_H
#define STAPLELAB_RUNTIME_TESTS_DRIVER_H

#include "harness/base/tests/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

static UNUSED void set_bound(int fd)
{
    const struct timeval bound = {.tv_sec = 20};

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound)), 0);
}

/* Sends `length` octets with `n` descriptors attached. */
static UNUSED void send_request(int peer, const char *text, size_t length, const int *fds, size_t n)
{
    char control[CMSG_SPACE(16 * sizeof(int))] = {0};
    struct iovec part = {.iov_base = (char *)text, .iov_len = length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    assert_true(n <= 16);
    if (n > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(n * sizeof(int));
        CMSG_FIRSTHDR(&message)->cmsg_level = SOL_SOCKET;
        CMSG_FIRSTHDR(&message)->cmsg_type = SCM_RIGHTS;
        CMSG_FIRSTHDR(&message)->cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), fds, n * sizeof(int));
    }
    assert_int_equal(sendmsg(peer, &message, MSG_NOSIGNAL), length);
}

/* The next response; "" when the connection is closed. It lives until the next call. */
static UNUSED const char *response(int peer)
{
    static char text[257];
    ssize_t length = recv(peer, text, sizeof(text) - 1, 0);

    if (length < 0) {
        fail_msg("no response: %s", strerror(errno));
    }
    text[length] = '\0';
    return text;
}

/* The next response is `word` and a number, which is returned. */
static UNUSED int number_in_response(int peer, const char *word)
{
    const char *text = response(peer);
    char *end;
    long number;

    if (strncmp(text, word, strlen(word)) != 0 || text[strlen(word)] != ' ') {
        fail_msg("\"%s\" instead of \"%s\"", text, word);
    }
    number = strtol(text + strlen(word) + 1, &end, 10);
    if (*end != '\0' && *end != ' ') {
        fail_msg("no number in \"%s\"", text);
    }
    return (int)number;
}

/* Reads a line from a pipe. */
static UNUSED const char *line_from(int fd)
{
    static char text[256];
    size_t n = 0;

    while (n < sizeof(text) - 1 && read(fd, &text[n], 1) == 1 && text[n] != '\n') {
        n++;
    }
    text[n] = '\0';
    return text;
}

/* The exit status of a child that ends by itself. */
static UNUSED int status_of(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static UNUSED void assert_is_gone(pid_t pid)
{
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

#endif
