/*
 * What the tests of sockets share: a clock that stands until it is moved, for libevent, too, and
 * loopback connections.  The alarm ends a test whose wait does not end.
 */
#ifndef STAPLELAB_NET_TESTS_LAB_H
#define STAPLELAB_NET_TESTS_LAB_H

#include "harness/base/tests/cm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WATCHDOG_SECONDS 60

static int64_t lab_clock_ms = 1000000;

/* Takes the place of the C library's, in the shared libraries, too. */
int clock_gettime(clockid_t id, struct timespec *now)
{
    (void)id;
    now->tv_sec = (time_t)(lab_clock_ms / 1000);
    now->tv_nsec = (long)(lab_clock_ms % 1000) * 1000000;
    return 0;
}

static inline struct event_base *lab_begin(void)
{
    alarm(WATCHDOG_SECONDS);
    struct event_base *base = event_base_new();
    assert_non_null(base);
    return base;
}

/* Does what is there to be done. */
static inline void lab_settle(struct event_base *base)
{
    for (int i = 0; i < 8; i++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
}

static inline void lab_step(struct event_base *base, int64_t ms)
{
    lab_clock_ms += ms;
    lab_settle(base);
}

/* A connection of which both ends are ours; `client` blocks, the other does not.  From us to the
 * client little fits in. */
static inline void lab_connect(int *client, int *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    const int little = 16384;
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &length), 0);
    *client = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(*client, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little));
    assert_int_equal(connect(*client, (struct sockaddr *)&address, sizeof(address)), 0);
    *server = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
    assert_true(*server >= 0);
    setsockopt(*server, SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
    close(listening);
}

/* Closes with RST. */
static inline void lab_reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(fd);
}

#endif
