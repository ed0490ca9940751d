/* See retry.h. */
#include "responders/net/retry.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "harness/base/memory.h"

struct retry {
    int timer;
    struct event *due;
    void (*again)(void *arg);
    void *arg;
};

static void on_due(evutil_socket_t fd, short what, void *arg)
{
    retry *r = arg;
    uint64_t times;

    (void)what;
    if (read(fd, &times, sizeof(times)) == sizeof(times)) {
        r->again(r->arg);
    }
}

retry *retry_new(struct event_base *base, void (*again)(void *arg), void *arg)
{
    retry *r = memory_new(sizeof(*r));

    *r = (retry){.again = again, .arg = arg};
    r->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (r->timer >= 0) {
        r->due = memory_made(event_new(base, r->timer, EV_READ | EV_PERSIST, on_due, r));
        if (event_add(r->due, NULL) != 0) {
            memory_exhausted();
        }
    }
    return r;
}

void retry_free(retry *r)
{
    if (r == NULL) {
        return;
    }
    if (r->due != NULL) {
        event_free(r->due);
        close(r->timer);
    }
    free(r);
}

void retry_in(retry *r, unsigned ms)
{
    const struct itimerspec when = {
        .it_value = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}};

    timerfd_settime(r->timer, 0, &when, NULL);
}

void retry_soon(retry *r)
{
    retry_in(r, RETRY_MS);
}

void retry_not(retry *r)
{
    retry_in(r, 0); /* disarmed */
}
