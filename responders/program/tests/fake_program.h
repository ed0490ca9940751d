/*
 * A responder with nothing to respond, for the tests of what all responders share.
 *
 * Its faults are those of the engine's tests.  A peer sends one line.  "KEY" is a request with that
 * serial: it is responded to with what the faults have written down, "healthy" if that is nothing,
 * and closed.  "hold" is left to the peer.  Only one connection is
 * accepted in a pass of the loop and none is read in the pass that accepted it.  PUT {"spin": true}
 * keeps it busy in every pass, until it is put false; {"refuse": true} lets it put no rules in
 * force.
 */
#ifndef STAPLELAB_FAKE_PROGRAM_H
#define STAPLELAB_FAKE_PROGRAM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "responders/engine/rule_decide.h"
#include "responders/engine/tests/engine_fixture.h"
#include "responders/program/program.h"

#define FAKE_PEERS 64

typedef struct fake_program fake_program;

typedef struct {
    fake_program *f;
    struct event *readable;
    bool owed;
} fake_peer;

struct fake_program {
    struct event_base *base;
    rule_set *rules;
    event_log *events;
    control *control;
    endpoint listener;
    int fd;
    struct event *acceptable;
    fake_peer peers[FAKE_PEERS];
    json_t *thing;
    struct event *spinning;
    bool refuses;         /* to put rules in force */
    int listener_faults;  /* in force, as of the last call of fake_apply */
    const char *greeting; /* --greeting */
};

static inline void fake_close(fake_peer *peer)
{
    if (peer->readable == NULL) {
        return;
    }
    close(event_get_fd(peer->readable));
    event_free(peer->readable);
    peer->readable = NULL;
    peer->owed = false;
    control_poke(peer->f->control);
}

static inline void fake_on_readable(evutil_socket_t fd, short what, void *arg)
{
    fake_peer *peer = arg;
    fake_program *f = peer->f;
    char line[256] = "";
    const char *values[] = {f->listener.name, line, NULL};
    ssize_t n = read(fd, line, sizeof(line) - 1);
    subject response = {.gives = EFFECT_DONE};
    const char *text;
    json_t *event;
    plan p;

    (void)what;
    if (n <= 0) {
        fake_close(peer);
        return;
    }
    line[strcspn(line, "\n")] = '\0';
    if (strcmp(line, "hold") == 0) {
        peer->owed = false;
        event_log_append(f->events, "held", NULL);
        return;
    }
    rule_decide(f->rules, false, values, &p);
    plan_do(&p, STAGE_MODEL, &response, NULL);
    plan_do(&p, STAGE_MESSAGE, &response, NULL);
    event = json_pack("{s:s}", "serial", line);
    plan_describe(&p, event);
    text = response.journal[0] == '\0' ? "healthy" : response.journal;
    if (write(fd, text, strlen(text)) < 0) {
        perror("write");
    }
    plan_happened(&p, STAGE_MODEL, STAGE_MESSAGE);
    plan_tell(&p, event);
    event_log_append(f->events, "request", event);
    plan_clear(&p);
    fake_close(peer);
}

static inline void fake_on_acceptable(evutil_socket_t fd, short what, void *arg)
{
    fake_program *f = arg;
    int accepted = accept(fd, NULL, NULL);

    (void)what;
    for (size_t i = 0; accepted >= 0 && i < FAKE_PEERS; i++) {
        if (f->peers[i].readable == NULL) {
            f->peers[i].f = f;
            f->peers[i].owed = true;
            f->peers[i].readable =
                event_new(f->base, accepted, EV_READ | EV_PERSIST, fake_on_readable, &f->peers[i]);
            event_add(f->peers[i].readable, NULL);
            event_log_append(f->events, "accept", NULL);
            return;
        }
    }
    close(accepted);
}

static inline json_t *fake_ready(void *arg)
{
    fake_program *f = arg;
    char address[80];

    endpoint_format((struct sockaddr *)&f->listener.address, address, sizeof(address));
    return json_pack("{s:[{s:s, s:s, s:i}]}", "listeners", "name", f->listener.name, "address",
                     address, "port",
                     ntohs(((struct sockaddr_in *)&f->listener.address)->sin_port));
}

static inline size_t fake_owed(void *arg)
{
    fake_program *f = arg;
    size_t n = 0;

    for (size_t i = 0; i < FAKE_PEERS; i++) {
        n += f->peers[i].owed ? 1 : 0;
    }
    return n;
}

typedef struct {
    int faults;
    bool unknown;
} fake_visitor;

static inline void fake_visit(const fault_act *act, const char *listener, void *arg)
{
    fake_visitor *v = arg;

    (void)act;
    v->faults++;
    v->unknown = v->unknown || (listener != NULL && strcmp(listener, "nosuch") == 0);
}

static inline int fake_apply(void *arg, const rule_list *rules, problem *p)
{
    fake_program *f = arg;
    fake_visitor v = {0};

    if (f->refuses) {
        problem_set(p, 500, "", "nothing can be put in force");
        return -1;
    }
    rule_list_each_listener(rules, fake_visit, &v);
    f->listener_faults = v.faults;
    if (v.unknown) {
        problem_set(p, 400, "", "no listener is named \"nosuch\"");
        return -1;
    }
    return 0;
}

static inline void fake_reset(void *arg)
{
    fake_program *f = arg;

    for (size_t i = 0; i < FAKE_PEERS; i++) {
        fake_close(&f->peers[i]);
    }
    json_decref(f->thing);
    f->thing = NULL;
}

/* Left unread, so it is there again in the next pass. */
static inline void fake_on_spin(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
}

static inline int fake_thing(void *arg, const char *method, const char *rest, json_t *body,
                             json_t **response, problem *p)
{
    fake_program *f = arg;

    if (strcmp(rest, "a b") != 0) {
        problem_set(p, 404, "", "there is no thing \"%.80s\"", rest);
        return -1;
    }
    if (strcmp(method, "PUT") == 0) {
        json_decref(f->thing);
        f->thing = json_incref(body);
        f->refuses = json_is_true(json_object_get(body, "refuse"));
        if (json_is_true(json_object_get(body, "spin"))) {
            event_add(f->spinning, NULL);
        } else {
            event_del(f->spinning);
        }
    } else if (strcmp(method, "GET") != 0) {
        problem_set_method(p, method, "GET, PUT");
        return -1;
    }
    *response = json_pack("{s:O?}", "thing", f->thing);
    return 0;
}

static const control_resource fake_resources[] = {{"/v1/things/", fake_thing}, {0}};

static inline void fake_metrics(void *arg, struct evbuffer *out)
{
    fake_program *f = arg;

    evbuffer_add_printf(out, "fake_listener_faults %d\n", f->listener_faults);
}

static inline int fake_start(void *arg, struct event_base *base, const program_options *o,
                             rule_set *rules, event_log *events, control_ops *ops, problem *p)
{
    fake_program *f = arg;

    f->base = base;
    f->rules = rules;
    f->events = events;
    f->listener = o->listeners[0];
    f->fd = endpoint_bind(&f->listener, SOCK_STREAM, p);
    if (f->fd < 0) {
        return -1;
    }
    f->acceptable = event_new(base, f->fd, EV_READ | EV_PERSIST, fake_on_acceptable, f);
    event_add(f->acceptable, NULL);
    f->spinning =
        event_new(base, eventfd(1, EFD_CLOEXEC), EV_READ | EV_PERSIST, fake_on_spin, NULL);
    *ops = (control_ops){.arg = f,
                         .ready = fake_ready,
                         .owed = fake_owed,
                         .apply = fake_apply,
                         .reset = fake_reset,
                         .resources = fake_resources,
                         .metrics = fake_metrics};
    return 0;
}

static inline void fake_started(void *arg, control *c)
{
    ((fake_program *)arg)->control = c;
}

static inline void fake_stop(void *arg)
{
    fake_program *f = arg;

    fake_reset(f);
    event_free(f->acceptable);
    close(event_get_fd(f->spinning));
    event_free(f->spinning);
    close(f->fd);
}

static inline int fake_take_greeting(void *arg, const char *value, problem *p)
{
    if (strcmp(value, "rude") == 0) {
        problem_set(p, 400, "", "--greeting \"rude\": expected a polite one");
        return -1;
    }
    ((fake_program *)arg)->greeting = value;
    return 0;
}

static const options_row fake_options[] = {
    {"greeting", "TEXT", "not used", fake_take_greeting},
    {0},
};

/* Runs it; returns the exit status. */
static inline int fake_run(int argc, char **argv)
{
    fake_program f = {.fd = -1};
    const program p = {.name = "fake-program",
                       .summary = "Responds with the name of a fault.",
                       .faults = fixture_lines,
                       .primitives = fixture_primitives,
                       .keys = fixture_keys,
                       .options = fake_options,
                       .start = fake_start,
                       .started = fake_started,
                       .stop = fake_stop,
                       .arg = &f};

    return program_run(&p, argc, argv);
}

#endif
