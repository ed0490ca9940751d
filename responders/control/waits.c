/*
 * The long polls: answered when what they wait for has come, or when their bound, on the
 * kernel's clock, is over.
 *
 * Once the bound is over the question is judged a last time in a settled pass of the loop,
 * so that a machine that stood still for the whole bound does not turn what had already
 * arrived into a 408.  GRACE_MS bounds that pass under traffic that never settles.
 */
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/json_check.h"
#include "responders/control/control_internal.h"

#define GRACE_MS 1000

struct control_wait {
    control_wait *next;
    control *c;
    struct evhttp_request *request;
    int timer;
    struct event *bound; /* the timer has run out */
    struct event *gone;  /* the caller has closed its end */
    bool expired;
    json_int_t bound_ms;
    bool for_events; /* else for quiet */
    bool tell;       /* the events with the answer */
    json_t *match;
    size_t count;
    uint64_t looked; /* events up to this one have been looked at */
    json_t *found;
};

static void wait_free(control_wait *w)
{
    for (control_wait **link = &w->c->waits; *link != NULL; link = &(*link)->next) {
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

static int arm(int timer, json_int_t ms)
{
    const struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}};

    return timerfd_settime(timer, 0, &when, NULL);
}

static size_t owed(const control *c)
{
    return c->ops->owed == NULL ? 0 : c->ops->owed(c->ops->arg);
}

static void answer_reached(control_wait *w)
{
    const event_log *events = w->c->ops->events;
    struct evhttp_request *request = w->request;
    json_t *body = json_pack("{s:I}", "last", (json_int_t)event_log_last(events));

    if (w->tell) {
        json_object_set(body, "events", w->found);
        json_object_set_new(body, "dropped", json_integer((json_int_t)event_log_dropped(events)));
    }
    wait_free(w);
    control_http_answer(request, 200, body);
}

static void answer_expired(control_wait *w)
{
    const control_ops *ops = w->c->ops;
    struct evhttp_request *request = w->request;
    json_t *more = json_pack("{s:I}", "last", (json_int_t)event_log_last(ops->events));
    problem p;

    if (w->for_events) {
        problem_set(&p, 408, "", "%zu of %zu events came within %" JSON_INTEGER_FORMAT " ms",
                    json_array_size(w->found), w->count, w->bound_ms);
        json_object_set(more, "events", w->found);
    } else {
        const size_t left = owed(w->c);

        problem_set(&p, 408, "", "not quiet within %" JSON_INTEGER_FORMAT " ms: %zu still owed",
                    w->bound_ms, left);
        json_object_set_new(more, "owed", json_integer((json_int_t)left));
    }
    wait_free(w);
    control_http_problem(request, &p, more);
}

/* Takes the events that have come since the last look. */
static void look(control_wait *w)
{
    const event_log *events = w->c->ops->events;
    json_t *more = event_log_since(events, w->looked, w->match, 0);

    if (event_log_last(events) > w->looked) {
        w->looked = event_log_last(events);
    }
    json_array_extend(w->found, more);
    json_decref(more);
}

static bool events_reached(control_wait *w)
{
    look(w);
    return json_array_size(w->found) >= w->count;
}

static bool quiet_reached(control_wait *w)
{
    if (owed(w->c) > 0) {
        return false;
    }
    if (w->tell) {
        look(w);
    }
    return true;
}

void control_waits_appended(control *c)
{
    control_wait *next;

    for (control_wait *w = c->waits; w != NULL; w = next) {
        next = w->next;
        if (w->for_events && events_reached(w)) {
            answer_reached(w);
        }
    }
}

void control_waits_settled(control *c)
{
    control_wait *next;

    for (control_wait *w = c->waits; w != NULL; w = next) {
        next = w->next;
        if (w->for_events ? events_reached(w) : quiet_reached(w)) {
            answer_reached(w);
        } else if (w->expired) {
            answer_expired(w);
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
        answer_expired(w);
        return;
    }
    w->expired = true;
    arm(w->timer, GRACE_MS);
    event_active(w->c->settled, EV_TIMEOUT, 0);
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

/* The bound of the body, and a wait in the list. NULL with *p on error. */
static control_wait *wait_new(control *c, const exchange *x, problem *p)
{
    control_wait *w = calloc(1, sizeof(*w));
    struct evhttp_connection *connection = evhttp_request_get_connection(x->http);
    evutil_socket_t fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));

    if (w == NULL) {
        problem_set(p, 500, "", "out of memory");
        return NULL;
    }
    w->c = c;
    w->request = x->http;
    w->count = 1;
    w->bound_ms = CONTROL_BOUND_DEFAULT;
    w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    w->found = json_array();
    w->bound = event_new(c->base, w->timer, EV_READ | EV_PERSIST, on_bound, w);
    w->gone = event_new(c->base, fd, EV_CLOSED, on_gone, w);
    if (w->timer < 0 || w->found == NULL || w->bound == NULL || w->gone == NULL) {
        problem_set(p, 500, "", "cannot make a timer");
        goto failed;
    }
    if (x->body != NULL &&
        json_check_integer(x->body, "", "bound_ms", 0, CONTROL_BOUND_MAX, &w->bound_ms, p) != 0) {
        goto failed;
    }
    return w;

failed:
    wait_free(w);
    return NULL;
}

static outcome wait_start(control_wait *w, problem *p)
{
    control *c = w->c;

    w->expired = w->bound_ms == 0;
    if (arm(w->timer, w->expired ? GRACE_MS : w->bound_ms) != 0 || event_add(w->bound, NULL) != 0 ||
        event_add(w->gone, NULL) != 0) {
        wait_free(w);
        problem_set(p, 500, "", "cannot start a timer");
        return OUTCOME_PROBLEM;
    }
    w->next = c->waits;
    c->waits = w;
    event_active(c->settled, EV_TIMEOUT, 0);
    return OUTCOME_TAKEN;
}

outcome control_wait_events(control *c, const exchange *x, json_t **answer, problem *p)
{
    static const char *const members[] = {"match", "count", "since", "bound_ms", NULL};
    json_t *match = json_object_get(x->body, "match");
    json_int_t count = 1, since = 0;
    control_wait *w;

    (void)answer;
    if (x->body != NULL &&
        (json_check_members(x->body, "", members, p) != 0 ||
         json_check_integer(x->body, "", "count", 1, CONTROL_BODY_MAX, &count, p) != 0 ||
         json_check_integer(x->body, "", "since", 0, INT64_MAX, &since, p) != 0)) {
        return OUTCOME_PROBLEM;
    }
    if (match != NULL && !json_is_object(match)) {
        problem_set(p, 400, "/match", "must be an object of members that the events carry");
        return OUTCOME_PROBLEM;
    }
    w = wait_new(c, x, p);
    if (w == NULL) {
        return OUTCOME_PROBLEM;
    }
    w->for_events = true;
    w->tell = true;
    w->match = json_incref(match);
    w->count = (size_t)count;
    w->looked = (uint64_t)since;
    if (events_reached(w)) {
        answer_reached(w);
        return OUTCOME_TAKEN;
    }
    return wait_start(w, p);
}

outcome control_wait_quiet(control *c, const exchange *x, json_t **answer, problem *p)
{
    static const char *const members[] = {"since", "bound_ms", NULL};
    json_int_t since = 0;
    control_wait *w;

    (void)answer;
    if (x->body != NULL &&
        (json_check_members(x->body, "", members, p) != 0 ||
         json_check_integer(x->body, "", "since", 0, INT64_MAX, &since, p) != 0)) {
        return OUTCOME_PROBLEM;
    }
    w = wait_new(c, x, p);
    if (w == NULL) {
        return OUTCOME_PROBLEM;
    }
    w->tell = json_object_get(x->body, "since") != NULL;
    w->looked = (uint64_t)since;
    return wait_start(w, p);
}

void control_waits_free(control *c)
{
    while (c->waits != NULL) {
        wait_free(c->waits);
    }
}
