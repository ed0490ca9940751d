/* From argv to a running responder, and down again without leaving anything behind. */
#include "responders/program/program.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/control/routes.h"

/* What a run holds; each may be NULL. */
typedef struct {
    const program *program;
    program_options options;
    struct event_base *base;
    struct event *terminate, *interrupt;
    catalogue *faults;
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
    const rule_terms terms = {
        .faults = r->faults, .keys = r->program->keys, .store = r->program->store};

    signal(SIGPIPE, SIG_IGN);
    r->base = event_base_new();
    r->rules = rule_set_new(&terms, r->options.seed);
    r->events = event_log_new(r->options.events);
    if (r->base == NULL || event_base_priority_init(r->base, CONTROL_PRIORITIES) != 0) {
        return problem_fail(p, "cannot set up the event loop");
    }
    r->terminate = catch_signal(r, SIGTERM);
    r->interrupt = catch_signal(r, SIGINT);
    if (r->terminate == NULL || r->interrupt == NULL) {
        return problem_fail(p, "cannot catch signals");
    }
    return 0;
}

/* Before anything listens, so that a file that is wrong disturbs nobody. */
static int load_rules(run *r, problem *p)
{
    const char *path = r->options.rules_file;
    json_error_t error;
    rule_list *list = NULL;
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
    rc = rule_set_replace(r->rules, rules, &list, &why);
    json_decref(rules);
    if (rc == 0) {
        rule_set_swap(r->rules, list);
    } else {
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
    ops->faults = r->faults;
    ops->rules = r->rules;
    ops->events = r->events;

    if (r->options.control != NULL &&
        control_new(r->base, r->options.control, r->options.control_token, ops, &r->control, p) !=
            0) {
        return -1;
    }
    if (self->started != NULL) {
        self->started(self->arg, r->control);
    }
    if (r->options.rules_file != NULL && ops->apply != NULL &&
        ops->apply(ops->arg, rule_set_current(r->rules), &why) != 0) {
        return problem_refuse(p, "", "--rules %.200s: %s", r->options.rules_file, why.detail);
    }
    return 0;
}

static int announce(run *r, problem *p)
{
    json_t *ready = control_ready(&r->ops, r->control == NULL ? NULL : control_where(r->control));
    int rc = json_dumpf(ready, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));

    json_decref(ready);
    if (rc != 0 || printf("\n") < 0 || fflush(stdout) != 0) {
        return problem_fail(p, "cannot write the ready line to standard output");
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
    rule_set_free(r->rules);
    catalogue_free(r->faults);
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
    program_options_clear(&r->options);
}

/* What libevent allocates, by the same policy. */
static void *allocate(size_t size)
{
    return memory_resize(NULL, size, 1);
}

static void *reallocate(void *old, size_t size)
{
    return memory_resize(old, size, 1);
}

int program_run(const program *self, int argc, char **argv)
{
    run r = {.program = self};
    program_options_terms terms = {
        .name = self->name, .summary = self->summary, .own = {self->options, self->arg}};
    problem p = {0};
    int parsed, status = 1;

    memory_begin();
    event_set_mem_functions(allocate, reallocate, free);
    if (catalogue_new(self->faults, self->primitives, &r.faults, &p) != 0) {
        goto done;
    }
    terms.faults = r.faults;
    parsed = program_options_parse(&terms, argc, argv, &r.options, &p);
    if (parsed != 0) {
        status = parsed == 1 ? 0 : p.status == 400 ? 2 : 1;
        goto done;
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
