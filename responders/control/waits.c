/*
 * The long polls: responded to when what they wait for has come, or when their bound, on the
 * kernel's clock, is over.
 *
 * Once the bound is over the question is judged a last time in a settled pass of the loop,
 * so that a machine that stood still for the whole bound does not turn what had already
 * arrived into a 408.  GRACE_MS bounds that pass under traffic that never settles.
 */
#include "responders/control/waits.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/json_check.h"
#include "harness/base/memory.h"
#include "responders/control/reply.h"

#define GRACE_MS      1000
#define BOUND_DEFAULT 5000
#define BOUND_MAX     600000

typedef struct control_wait control_wait;

struct control_waits {
    const control_ops *ops;
    struct event_base *base;
    control_wait *list;
    struct event *appended; /* something was appended to the event log */
    struct event *settled;  /* nothing else was left to do in this pass of the loop */
};

struct control_wait {
    control_wait *next;
    control_waits *all;
    struct evhttp_request *request;
    int timer;
    struct event *bound; /* the timer has run out */
    struct event *gone;  /* the caller has closed its end */
    bool expired;
    json_int_t bound_ms;
    bool for_events; /* else for quiet */
    bool tell;       /* the events with the response */
    json_t *match;
    size_t count;
    uint64_t looked; /* events up to this one have been looked at */
    json_t *found;
    size_t octets; /* of what was found: it is held although it may have fallen out of the ring */
};

static void wait_free(control_wait *w)
{
    for (control_wait **link = &w->all->list; *link != NULL; link = &(*link)->next) {
        if (*link == w) {
            *link = w->next;
            break;
        }
    }
    if (w->bound != NULL) {
        event_free(w->bound);
    }
    if (w->gone != NULL) {
        event_free(w->gone);
    }
    if (w->timer >= 0) {
        close(w->timer);
    }
    json_decref(w->match);
    json_decref(w->found);
    free(w);
}

static bool arm(int timer, json_int_t ms)
{
    const struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}};

    return timerfd_settime(timer, 0, &when, NULL) == 0;
}

static size_t owed(const control_ops *ops)
{
    return ops->owed == NULL ? 0 : ops->owed(ops->arg);
}

static void reply_reached(control_wait *w)
{
    const event_log *events = w->all->ops->events;
    struct evhttp_request *request = w->request;
    json_t *body = json_pack("{s:I}", "last", (json_int_t)event_log_last(events));

    if (w->tell) {
        json_object_set(body, "events", w->found);
        json_object_set_new(body, "dropped", json_integer((json_int_t)event_log_dropped(events)));
    }
    wait_free(w);
    control_reply_json(request, 200, body);
}

static void reply_expired(control_wait *w)
{
    const control_ops *ops = w->all->ops;
    struct evhttp_request *request = w->request;
    json_t *more = json_pack("{s:I}", "last", (json_int_t)event_log_last(ops->events));
    problem p;

    if (w->for_events) {
        problem_set(&p, 408, "", "%zu of %zu events came within %" JSON_INTEGER_FORMAT " ms",
                    json_array_size(w->found), w->count, w->bound_ms);
        json_object_set(more, "events", w->found);
    } else {
        const size_t left = owed(w->all->ops);

        problem_set(&p, 408, "", "not quiet within %" JSON_INTEGER_FORMAT " ms: %zu still owed",
                    w->bound_ms, left);
        json_object_set_new(more, "owed", json_integer((json_int_t)left));
    }
    wait_free(w);
    control_reply_problem(request, &p, more);
}

/* Takes the events that have come since the last look. */
static void look(control_wait *w)
{
    const event_log *events = w->all->ops->events;
    json_t *more = event_log_since(events, w->looked, w->match, 0);

    if (event_log_last(events) > w->looked) {
        w->looked = event_log_last(events);
    }
    w->octets += event_log_octets_of(more);
    json_array_extend(w->found, more);
    json_decref(more);
}

/* What is waited for is more than is ever kept. */
static void reply_too_large(control_wait *w)
{
    struct evhttp_request *request = w->request;
    problem p;

    problem_set(&p, 413, "/count",
                "%zu of %zu events came, which take more memory than all that are kept may; wait "
                "for fewer, or start with more --events",
                json_array_size(w->found), w->count);
    wait_free(w);
    control_reply_problem(request, &p, NULL);
}

static bool is_too_large(const control_wait *w)
{
    return w->octets > event_log_octets_max(w->all->ops->events);
}

static bool events_reached(control_wait *w)
{
    look(w);
    return json_array_size(w->found) >= w->count;
}

static bool quiet_reached(control_wait *w)
{
    if (owed(w->all->ops) > 0) {
        return false;
    }
    if (w->tell) {
        look(w);
    }
    return true;
}

static void judge_events(control_waits *all)
{
    control_wait *next;

    for (control_wait *w = all->list; w != NULL; w = next) {
        next = w->next;
        if (w->for_events && events_reached(w)) {
            reply_reached(w);
        } else if (w->for_events && is_too_large(w)) {
            reply_too_large(w);
        }
    }
}

static void judge_all(control_waits *all)
{
    control_wait *next;

    for (control_wait *w = all->list; w != NULL; w = next) {
        next = w->next;
        if (w->for_events ? events_reached(w) : quiet_reached(w)) {
            reply_reached(w);
        } else if (w->expired) {
            reply_expired(w);
        }
    }
}

static void on_bound(evutil_socket_t fd, short what, void *arg)
{
    control_wait *w = arg;
    uint64_t times;

    (void)what;
    if (read(fd, &times, sizeof(times)) != sizeof(times)) {
        return;
    }
    if (w->expired) {
        reply_expired(w);
        return;
    }
    w->expired = true;
    arm(w->timer, GRACE_MS);
    event_active(w->all->settled, EV_TIMEOUT, 0);
}

/* evhttp does not look at the connection while a request is open, so we do: a caller that
 * has closed (or only its writing side, as HTTP servers commonly take it) is let go. */
static void on_gone(evutil_socket_t fd, short what, void *arg)
{
    control_wait *w = arg;
    struct evhttp_connection *connection = evhttp_request_get_connection(w->request);

    (void)fd;
    (void)what;
    wait_free(w);
    evhttp_connection_free(connection); /* and the request with it */
}

/* A wait with the bound of the body. 0, or -1 with *p. */
static int wait_new(control_waits *all, const control_request *x, control_wait **out, problem *p)
{
    control_wait *w = memory_new(sizeof(*w));
    struct evhttp_connection *connection = evhttp_request_get_connection(x->http);
    evutil_socket_t fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));

    w->all = all;
    w->request = x->http;
    w->count = 1;
    w->bound_ms = BOUND_DEFAULT;
    w->found = json_array();
    w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (w->timer < 0) {
        problem_set(p, 500, "", "cannot make a timer: %s", strerror(errno));
        goto failed;
    }
    w->bound = memory_made(event_new(all->base, w->timer, EV_READ | EV_PERSIST, on_bound, w));
    w->gone = memory_made(event_new(all->base, fd, EV_CLOSED, on_gone, w));
    if (x->body != NULL &&
        json_check_integer(x->body, "", "bound_ms", 0, BOUND_MAX, &w->bound_ms, p) != 0) {
        goto failed;
    }
    *out = w;
    return 0;

failed:
    wait_free(w);
    return -1;
}

static int wait_start(control_wait *w, problem *p)
{
    control_waits *all = w->all;

    w->expired = w->bound_ms == 0;
    if (!arm(w->timer, w->expired ? GRACE_MS : w->bound_ms) || event_add(w->bound, NULL) != 0 ||
        event_add(w->gone, NULL) != 0) {
        wait_free(w);
        return problem_fail(p, "cannot start a timer");
    }
    w->next = all->list;
    all->list = w;
    event_active(all->settled, EV_TIMEOUT, 0);
    return 0;
}

int control_waits_events(control_waits *all, const control_request *x, problem *p)
{
    static const char *const members[] = {"match", "count", "since", "bound_ms", NULL};
    json_t *match = json_object_get(x->body, "match");
    json_int_t count = 1, since = 0;
    control_wait *w;

    if (x->body != NULL &&
        (json_check_members(x->body, "", members, p) != 0 ||
         json_check_integer(x->body, "", "count", 1,
                            (json_int_t)event_log_capacity(all->ops->events), &count, p) != 0 ||
         json_check_integer(x->body, "", "since", 0, INT64_MAX, &since, p) != 0)) {
        return -1;
    }
    if (match != NULL && !json_is_object(match)) {
        return problem_refuse(p, "/match", "must be an object of members that the events carry");
    }
    if (wait_new(all, x, &w, p) != 0) {
        return -1;
    }
    w->for_events = true;
    w->tell = true;
    w->match = json_incref(match);
    w->count = (size_t)count;
    w->looked = (uint64_t)since;
    if (events_reached(w)) {
        reply_reached(w);
        return 0;
    }
    return wait_start(w, p);
}

int control_waits_quiet(control_waits *all, const control_request *x, problem *p)
{
    static const char *const members[] = {"since", "bound_ms", NULL};
    json_int_t since = 0;
    control_wait *w;

    if (x->body != NULL &&
        (json_check_members(x->body, "", members, p) != 0 ||
         json_check_integer(x->body, "", "since", 0, INT64_MAX, &since, p) != 0)) {
        return -1;
    }
    if (wait_new(all, x, &w, p) != 0) {
        return -1;
    }
    w->tell = json_object_get(x->body, "since") != NULL;
    w->looked = (uint64_t)since;
    return wait_start(w, p);
}

static void on_append(void *arg)
{
    control_waits *all = arg;

    /* Not judged here: the program is in the middle of what it reports. */
    if (all->list != NULL) {
        event_active(all->appended, EV_TIMEOUT, 0);
        event_active(all->settled, EV_TIMEOUT, 0);
    }
}

static void on_appended(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    judge_events(arg);
}

static void on_settled(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    judge_all(arg);
}

control_waits *control_waits_new(struct event_base *base, const control_ops *ops)
{
    control_waits *all = memory_new(sizeof(*all));

    all->ops = ops;
    all->base = base;
    all->appended = memory_made(event_new(base, -1, 0, on_appended, all));
    all->settled = memory_made(event_new(base, -1, 0, on_settled, all));
    event_priority_set(all->settled, event_base_get_npriorities(base) - 1);
    event_log_on_append(ops->events, on_append, all);
    return all;
}

void control_waits_free(control_waits *all)
{
    if (all == NULL) {
        return;
    }
    event_log_on_append(all->ops->events, NULL, NULL);
    while (all->list != NULL) {
        wait_free(all->list);
    }
    event_free(all->appended);
    event_free(all->settled);
    free(all);
}

void control_waits_poke(control_waits *all)
{
    if (all->list != NULL) {
        event_active(all->settled, EV_TIMEOUT, 0);
    }
}
