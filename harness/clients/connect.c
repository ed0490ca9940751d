/*
 * Sockets and the bound on waiting for them.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "harness/clients/connect.h"

int bound_start(int milliseconds)
{
    int bound = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (bound == -1) {
        return -1;
    }
    struct itimerspec once = {
        .it_value = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L}};
    if (timerfd_settime(bound, 0, &once, NULL) == -1) {
        close(bound);
        return -1;
    }
    return bound;
}

int bound_wait(int bound, int fd, short events)
{
    struct pollfd both[] = {{.fd = fd, .events = events}, {.fd = bound, .events = POLLIN}};
    int n;
    do {
        n = poll(both, 2, -1);
    } while (n == -1 && errno == EINTR);
    if (n == -1) {
        return -1;
    }
    return both[1].revents == 0;
}

/* One address. A descriptor, or -1 with errno; ETIMEDOUT and *over for the bound. */
static int connect_address(int bound, const struct addrinfo *address, int *over)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1) {
        return -1;
    }
    int failure = 0;
    if (connect(fd, address->ai_addr, address->ai_addrlen) == -1) {
        failure = errno;
    }
    if (failure == EINPROGRESS) {
        switch (bound_wait(bound, fd, POLLOUT)) {
        case -1:
            failure = errno;
            break;
        case 0:
            failure = ETIMEDOUT;
            *over = 1;
            break;
        default: {
            socklen_t length = sizeof(failure);
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length);
        }
        }
    }
    if (failure != 0) {
        close(fd);
        errno = failure;
        return -1;
    }

    /* the last flight of a handshake must not wait for an acknowledgement */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

int connect_within(int bound, const char *host, const char *port, char *error, size_t size)
{
    /* an address first: a name costs the loading of the resolver */
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *addresses;
    int rc = getaddrinfo(host, port, &hints, &addresses);
    if (rc == EAI_NONAME) {
        hints.ai_flags = AI_NUMERICSERV;
        rc = getaddrinfo(host, port, &hints, &addresses);
    }
    if (rc != 0) {
        snprintf(error, size, "the host name cannot be resolved: %s",
                 rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
        return -1;
    }

    int fd = -1;
    int over = 0;
    for (struct addrinfo *a = addresses; a != NULL && fd == -1 && !over; a = a->ai_next) {
        fd = connect_address(bound, a, &over);
    }
    int failure = errno;
    freeaddrinfo(addresses);
    if (fd == -1) {
        snprintf(error, size, "no connection: %s",
                 over ? "the time allowed is over" : strerror(failure));
    }
    return fd;
}
