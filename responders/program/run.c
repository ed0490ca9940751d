/* From argv to a running responder, and down again without leaving anything behind. */
#include "responders/program/program.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responders/control/control_internal.h"
#include "responders/program/program_internal.h"

/* What a run holds; each may be NULL. */
typedef struct {
    const program *program;
    program_options options;
    struct event_base *base;
    struct event *terminate, *interrupt;
    rule_set *rules;
    event_log *events;
    control_ops ops;
    control *control;
    bool started;
} run;

static void on_signal(evutil_socket_t signal_number, short what, void *arg)
{
    run *r = arg;

    (void)signal_number;
    (void)what;
    event_base_loopbreak(r->base);
}

static struct event *catch_signal(run *r, int signal_number)
{
    struct event *e = evsignal_new(r->base, signal_number, on_signal, r);

    if (e == NULL || event_add(e, NULL) != 0) {
        return NULL;
    }
    return e;
}

static int prepare(run *r, problem *p)
{
    signal(SIGPIPE, SIG_IGN);
    r->base = event_base_new();
    r->rules = rules_new(r->program->faults, r->program->keys, r->options.seed);
    r->events = event_log_new(r->options.events);
    if (r->base == NULL || r->rules == NULL || r->events == NULL ||
        event_base_priority_init(r->base, CONTROL_PRIORITIES) != 0) {
        problem_set(p, 500, "", "cannot set up the event loop");
        return -1;
    }
    r->terminate = catch_signal(r, SIGTERM);
    r->interrupt = catch_signal(r, SIGINT);
    if (r->terminate == NULL || r->interrupt == NULL) {
        problem_set(p, 500, "", "cannot catch signals");
        return -1;
    }
    return 0;
}

/* Before anything listens, so that a file that is wrong disturbs nobody. */
static int load_rules(run *r, problem *p)
{
    const char *path = r->options.rules_file;
    json_error_t error;
    json_t *rules;
    problem why;
    int rc;

    if (path == NULL) {
        return 0;
    }
    rules = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (rules == NULL) {
        if (error.line < 0) {
            problem_set(p, 400, "", "--rules %.200s", error.text);
        } else {
            problem_set(p, 400, "", "--rules %.200s: line %d, column %d: %s", path, error.line,
                        error.column, error.text);
        }
        return -1;
    }
    rc = rules_replace(r->rules, rules, &why);
    json_decref(rules);
    if (rc != 0) {
        problem_set(p, 400, why.pointer, "--rules %.200s: %s: %s", path,
                    why.pointer[0] == '\0' ? "as a whole" : why.pointer, why.detail);
    }
    return rc;
}

static int start(run *r, problem *p)
{
    const program *self = r->program;
    control_ops *ops = &r->ops;
    problem why = {0};

    if (self->start(self->arg, r->base, &r->options, r->rules, r->events, ops, p) != 0) {
        return -1;
    }
    r->started = true;
    ops->program = self->name;
    ops->faults = self->faults;
    ops->rules = r->rules;
    ops->events = r->events;

    if (r->options.control != NULL) {
        r->control = control_new(r->base, r->options.control, r->options.control_token, ops, p);
        if (r->control == NULL) {
            return -1;
        }
    }
    if (self->started != NULL) {
        self->started(self->arg, r->control);
    }
    if (r->options.rules_file != NULL && ops->rules_changed != NULL &&
        ops->rules_changed(ops->arg, &why) != 0) {
        problem_set(p, 400, "", "--rules %.200s: %s", r->options.rules_file, why.detail);
        return -1;
    }
    return 0;
}

static int announce(run *r, problem *p)
{
    json_t *ready = control_ready(&r->ops, r->control == NULL ? NULL : control_where(r->control));
    int rc = json_dumpf(ready, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));

    json_decref(ready);
    if (rc != 0 || printf("\n") < 0 || fflush(stdout) != 0) {
        problem_set(p, 500, "", "cannot write the ready line to standard output");
        return -1;
    }
    return 0;
}

/* Asked to end once, it ends: being asked again on the way must not make that a death by signal. */
static void ignore_further_signals(void)
{
    sigset_t ends;

    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
}

static void finish(run *r)
{
    ignore_further_signals();
    if (r->started) {
        r->program->stop(r->program->arg);
    }
    control_free(r->control);
    rules_free(r->rules);
    event_log_free(r->events);
    if (r->terminate != NULL) {
        event_free(r->terminate);
    }
    if (r->interrupt != NULL) {
        event_free(r->interrupt);
    }
    if (r->base != NULL) {
        event_base_free(r->base);
    }
    options_free(&r->options);
}

int program_run(const program *self, int argc, char **argv)
{
    run r = {.program = self};
    problem p = {0};
    int status = 1;

    if (catalogue_validate(self->faults, &p) != 0) {
        goto done;
    }
    switch (options_parse(self, argc, argv, &r.options, &p)) {
    case OPTIONS_DONE:
        status = 0;
        goto done;
    case OPTIONS_WRONG:
        status = 2;
        goto done;
    case OPTIONS_RUN:
        break;
    }
    if (prepare(&r, &p) != 0 || load_rules(&r, &p) != 0 || start(&r, &p) != 0 ||
        announce(&r, &p) != 0) {
        goto done;
    }
    event_base_dispatch(r.base);
    status = 0;

done:
    if (status != 0) {
        fprintf(stderr, "%s: %s\n", self->name, p.detail);
    }
    finish(&r);
    return status;
}
