/* See accept.h. */
#include "responders/control/accept.h"

#include <errno.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/memory.h"
#include "responders/net/retry.h"

#define RESERVE    8
#define FOR_A_CALL 2 /* its connection, and the timer of its long poll */

struct control_accept {
    struct evconnlistener *listener; /* evhttp's */
    retry *retry;
    int reserve[RESERVE];
    size_t kept;
    bool told;
    control_accept *next;
};

/* libevent tells of a failure with evhttp's argument, so ours is found by the listener. */
static control_accept *all;

static control_accept *find(const struct evconnlistener *listener)
{
    control_accept *a = all;

    while (a->listener != listener) {
        a = a->next;
    }
    return a;
}

static void on_error(struct evconnlistener *listener, void *arg)
{
    control_accept *a = find(listener);
    const int reason = errno;

    (void)arg;
    if (a->kept >= FOR_A_CALL) {
        for (int i = 0; i < FOR_A_CALL; i++) {
            close(a->reserve[--a->kept]);
        }
        return; /* who waits is told of again at once */
    }
    if (!a->told) {
        fprintf(stderr, "%s: the control API cannot accept: %s\n", program_invocation_short_name,
                strerror(reason));
        a->told = true;
    }
    evconnlistener_disable(listener);
    retry_soon(a->retry);
}

static void on_retry(void *arg)
{
    control_accept *a = arg;

    evconnlistener_enable(a->listener);
}

void control_accept_refill(control_accept *a)
{
    while (a->kept < RESERVE) {
        const int fd = fcntl(evconnlistener_get_fd(a->listener), F_DUPFD_CLOEXEC, 0);

        if (fd < 0) {
            if (a->kept > 0) {
                close(a->reserve[--a->kept]); /* the last one is the caller's, for a timer */
            }
            return;
        }
        a->reserve[a->kept++] = fd;
    }
    a->told = false;
}

control_accept *control_accept_new(struct event_base *base, struct evhttp *http, int fd)
{
    control_accept *a = memory_new(sizeof(*a));

    a->listener =
        evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_CLOSE_ON_FREE, 0, fd);
    if (a->listener == NULL || evhttp_bind_listener(http, a->listener) == NULL) {
        if (a->listener != NULL) {
            evconnlistener_free(a->listener);
        } else {
            close(fd);
        }
        free(a);
        return NULL;
    }
    evconnlistener_set_error_cb(a->listener, on_error);
    a->retry = retry_new(base, on_retry, a);
    a->next = all;
    all = a;
    control_accept_refill(a);
    return a;
}

void control_accept_free(control_accept *a)
{
    if (a == NULL) {
        return;
    }
    for (control_accept **link = &all; *link != NULL; link = &(*link)->next) {
        if (*link == a) {
            *link = a->next;
            break;
        }
    }
    while (a->kept > 0) {
        close(a->reserve[--a->kept]);
    }
    retry_free(a->retry);
    free(a);
}
