/*
 * poll() on all that can end a wait at once.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "harness/clients/bound.h"

int bound_make(int milliseconds, int leash, bound *out, problem *p)
{
    *out = (bound){.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                   .leash = leash};
    if (out->timer == -1) {
        return problem_fail(p, "no timer: %s", strerror(errno));
    }
    return bound_restart(out, milliseconds, p);
}

int bound_restart(bound *b, int milliseconds, problem *p)
{
    struct itimerspec once = {
        .it_value = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L}};
    if (timerfd_settime(b->timer, 0, &once, NULL) == -1) {
        return problem_fail(p, "no timer: %s", strerror(errno));
    }
    return 0;
}

/* poll() that a signal does not end. The number that is ready, or -1 with *p. */
static int look(struct pollfd *at, nfds_t count, int timeout, problem *p)
{
    int n;
    do {
        n = poll(at, count, timeout);
    } while (n == -1 && errno == EINTR);
    return n == -1 ? problem_fail(p, "%s", strerror(errno)) : n;
}

/* Reads what is there on the leash: its lines count, what they say does not. */
static void read_leash(bound *b)
{
    char octets[256];
    ssize_t n = read(b->leash, octets, sizeof(octets));
    if (n == 0 || (n == -1 && errno != EINTR && errno != EAGAIN)) {
        b->let_go = true;
    }
    for (ssize_t i = 0; i < n; i++) {
        b->lines += octets[i] == '\n';
    }
}

static int was_let_go(problem *p)
{
    problem_set(p, BOUND_LET_GO, "", "standard input has ended");
    return -1;
}

int bound_wait(bound *b, int fd, short events, problem *p)
{
    for (;;) {
        struct pollfd all[] = {{.fd = fd, .events = events},
                               {.fd = b->timer, .events = POLLIN},
                               {.fd = b->let_go ? -1 : b->leash, .events = POLLIN}};
        if (look(all, 3, b->let_go ? 0 : -1, p) == -1) {
            return -1;
        }
        if (all[1].revents != 0) {
            problem_set(p, BOUND_OVER, "", BOUND_OVER_WORDS);
            return -1;
        }
        if (all[0].revents != 0) {
            return 0;
        }
        if (b->let_go) {
            return was_let_go(p);
        }
        read_leash(b);
        while (b->asked != NULL && b->lines > 0) {
            b->lines--;
            b->asked(b->arg);
        }
    }
}

bool bound_is_over(const bound *b)
{
    struct pollfd over = {.fd = b->timer, .events = POLLIN};
    return poll(&over, 1, 0) > 0;
}

static int was_closed(int fd, problem *p)
{
    int failure = 0;
    socklen_t length = sizeof(failure);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length);
    problem_set(p, BOUND_CLOSED, "", "%s",
                failure == 0 ? "the server closed the connection" : strerror(failure));
    return -1;
}

int bound_hold(bound *b, int fd, problem *p)
{
    while (b->lines == 0) {
        if (b->let_go) {
            return was_let_go(p);
        }
        struct pollfd both[] = {{.fd = fd, .events = POLLRDHUP},
                                {.fd = b->leash, .events = POLLIN}};
        if (look(both, 2, -1, p) == -1) {
            return -1;
        }
        if (both[0].revents != 0) { /* first: what the leash says may have come after it */
            return was_closed(fd, p);
        }
        if (both[1].revents != 0) {
            read_leash(b);
        }
    }
    b->lines--;
    return 0;
}

void bound_free(bound *b)
{
    if (b->timer != -1) {
        close(b->timer);
    }
    b->timer = -1;
}
