/* See routes.h. */
#include "responders/control/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/json_check.h"
#include "harness/base/version.h"
#include "responders/control/metrics.h"

typedef struct {
    const char *method;
    const char *path; /* one that ends with "/" has one more segment */
    int (*handle)(const control_routes *r, const control_request *x, json_t **body, problem *p);
    const char *query; /* the names it takes, separated by spaces */
} route;

json_t *control_ready(const control_ops *ops, const char *where)
{
    json_t *body = json_pack("{s:s, s:s, s:i, s:s?, s:I}", "program", ops->program, "version",
                             STAPLELAB_VERSION, "pid", (int)getpid(), "control", where, "seed",
                             (json_int_t)rule_set_get_seed(ops->rules));
    json_t *own = ops->ready == NULL ? NULL : ops->ready(ops->arg);

    if (own != NULL) {
        json_object_update(body, own);
        json_decref(own);
    }
    return body;
}

static int get_ready(const control_routes *r, const control_request *x, json_t **body, problem *p)
{
    (void)x;
    (void)p;
    *body = control_ready(r->ops, r->where);
    return 0;
}

static int get_faults(const control_routes *r, const control_request *x, json_t **body, problem *p)
{
    (void)x;
    (void)p;
    *body = json_pack("{s:s, s:o, s:o}", "program", r->ops->program, "faults",
                      catalogue_faults_to_json(r->ops->faults), "primitives",
                      catalogue_primitives_to_json(r->ops->faults));
    return 0;
}

static int get_rules(const control_routes *r, const control_request *x, json_t **body, problem *p)
{
    (void)x;
    (void)p;
    *body = json_pack("{s:I, s:o}", "generation", (json_int_t)rule_set_generation(r->ops->rules),
                      "rules", rule_set_to_json(r->ops->rules));
    return 0;
}

/* Puts the list in force and takes it over; what the program cannot do leaves the former one. */
static int put_in_force(const control_routes *r, rule_list *next, problem *p)
{
    const control_ops *ops = r->ops;
    problem ignored;

    if (ops->apply != NULL && ops->apply(ops->arg, next, p) != 0) {
        ops->apply(ops->arg, rule_set_current(ops->rules), &ignored);
        rule_list_free(next);
        return -1;
    }
    rule_set_swap(ops->rules, next);
    control_waits_poke(r->waits);
    return 0;
}

static json_t *generation_of(const control_routes *r)
{
    return json_pack("{s:I}", "generation", (json_int_t)rule_set_generation(r->ops->rules));
}

static int put_rules(const control_routes *r, const control_request *x, json_t **body, problem *p)
{
    rule_list *next;

    if (rule_set_replace(r->ops->rules, x->body, &next, p) != 0 || put_in_force(r, next, p) != 0) {
        return -1;
    }
    *body = generation_of(r);
    return 0;
}

static int delete_rules(const control_routes *r, const control_request *x, json_t **body,
                        problem *p)
{
    (void)x;
    if (put_in_force(r, rule_list_empty(), p) != 0) {
        return -1;
    }
    *body = generation_of(r);
    return 0;
}

static int post_rule(const control_routes *r, const control_request *x, json_t **body, problem *p)
{
    rule_list *next;

    if (rule_set_add(r->ops->rules, x->body, &next, p) != 0 || put_in_force(r, next, p) != 0) {
        return -1;
    }
    *body = generation_of(r);
    json_object_set_new(*body, "id", json_string(next->rules[next->count - 1]->id));
    return 0;
}

static int delete_rule(const control_routes *r, const control_request *x, json_t **body, problem *p)
{
    rule_list *next;

    if (rule_set_remove(r->ops->rules, strrchr(x->path, '/') + 1, &next, p) != 0 ||
        put_in_force(r, next, p) != 0) {
        return -1;
    }
    *body = generation_of(r);
    return 0;
}

/* A decimal number of the query. 0, or -1 with *p. */
static int query_number(const control_request *x, const char *name, uint64_t *value, problem *p)
{
    const char *text = evhttp_find_header(&x->query, name);
    char *end = NULL;

    if (text == NULL) {
        return 0;
    }
    if (text[0] >= '0' && text[0] <= '9' && strlen(text) <= 18) {
        *value = strtoull(text, &end, 10);
    }
    if (end == NULL || *end != '\0') {
        return problem_refuse(p, "", "\"%s\" in the query must be a whole number, not \"%.40s\"",
                              name, text);
    }
    return 0;
}

static int get_events(const control_routes *r, const control_request *x, json_t **body, problem *p)
{
    const event_log *events = r->ops->events;
    uint64_t since = 0, limit = 0;

    if (query_number(x, "since", &since, p) != 0 || query_number(x, "limit", &limit, p) != 0) {
        return -1;
    }
    *body = json_pack("{s:o, s:I, s:I}", "events", event_log_since(events, since, NULL, limit),
                      "last", (json_int_t)event_log_last(events), "dropped",
                      (json_int_t)event_log_dropped(events));
    return 0;
}

static int post_wait(const control_routes *r, const control_request *x, json_t **body, problem *p)
{
    (void)body;
    return control_waits_events(r->waits, x, p);
}

static int post_quiet(const control_routes *r, const control_request *x, json_t **body, problem *p)
{
    (void)body;
    return control_waits_quiet(r->waits, x, p);
}

static int post_reset(const control_routes *r, const control_request *x, json_t **body, problem *p)
{
    static const char *const members[] = {"seed", NULL};
    const control_ops *ops = r->ops;
    json_int_t seed = -1;

    if (x->body != NULL && (json_check_members(x->body, "", members, p) != 0 ||
                            json_check_integer(x->body, "", "seed", 0, INT64_MAX, &seed, p) != 0)) {
        return -1;
    }
    if (put_in_force(r, rule_list_empty(), p) != 0) {
        return -1;
    }
    if (seed >= 0) {
        rule_set_seed(ops->rules, (uint64_t)seed);
    }
    if (ops->reset != NULL) {
        ops->reset(ops->arg);
    }
    event_log_clear(ops->events);
    control_waits_poke(r->waits);
    *body = json_pack("{s:I, s:I, s:I}", "generation", (json_int_t)rule_set_generation(ops->rules),
                      "seed", (json_int_t)rule_set_get_seed(ops->rules), "last",
                      (json_int_t)event_log_last(ops->events));
    return 0;
}

static int get_metrics(const control_routes *r, const control_request *x, json_t **body, problem *p)
{
    (void)body;
    (void)p;
    control_metrics(r->ops, x->http);
    return 0;
}

static const route routes[] = {
    {"GET", "/v1/ready", get_ready, ""},        {"GET", "/v1/faults", get_faults, ""},
    {"GET", "/v1/rules", get_rules, ""},        {"PUT", "/v1/rules", put_rules, ""},
    {"POST", "/v1/rules", post_rule, ""},       {"DELETE", "/v1/rules", delete_rules, ""},
    {"DELETE", "/v1/rules/", delete_rule, ""},  {"GET", "/v1/events", get_events, "since limit"},
    {"POST", "/v1/events/wait", post_wait, ""}, {"POST", "/v1/quiet", post_quiet, ""},
    {"POST", "/v1/reset", post_reset, ""},      {"GET", "/metrics", get_metrics, ""},
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

static bool is_path(const route *one, const char *path)
{
    const size_t length = strlen(one->path);

    if (one->path[length - 1] != '/') {
        return strcmp(one->path, path) == 0;
    }
    return strncmp(one->path, path, length) == 0 && path[length] != '\0' &&
           strchr(path + length, '/') == NULL;
}

static int check_query(const control_request *x, const char *names, problem *p)
{
    const struct evkeyval *pair;

    TAILQ_FOREACH(pair, &x->query, next)
    {
        const size_t length = strlen(pair->key);
        const char *found = length == 0 ? NULL : strstr(names, pair->key);

        if (found == NULL || (found != names && found[-1] != ' ') ||
            (found[length] != ' ' && found[length] != '\0')) {
            return problem_refuse(p, "", "unknown \"%.40s\" in the query; %s takes: %s", pair->key,
                                  x->path, names[0] == '\0' ? "nothing" : names);
        }
    }
    return 0;
}

static const control_resource *find_resource(const control_ops *ops, const char *path)
{
    for (const control_resource *r = ops->resources; r != NULL && r->path != NULL; r++) {
        const size_t length = strlen(r->path);

        if (r->path[length - 1] == '/' ? strncmp(r->path, path, length) == 0
                                       : strcmp(r->path, path) == 0) {
            return r;
        }
    }
    return NULL;
}

static int route_to_program(const control_routes *r, const control_request *x, json_t **body,
                            problem *p)
{
    const control_resource *found = find_resource(r->ops, x->path);
    int rc;

    if (found == NULL) {
        problem_set(p, 404, "",
                    "there is no %.120s; GET /v1/ready, /v1/faults, /v1/rules, "
                    "/v1/events and /metrics are always there",
                    x->path);
        return -1;
    }
    rc = found->serve(r->ops->arg, x->method, x->path + strlen(found->path), x->body, body, p);
    control_waits_poke(r->waits);
    return rc;
}

int control_route(const control_routes *r, const control_request *x, json_t **body, problem *p)
{
    char allow[sizeof(p->allow)] = "";

    *body = NULL;
    for (size_t i = 0; i < ROUTES; i++) {
        if (!is_path(&routes[i], x->path)) {
            continue;
        }
        if (strcmp(routes[i].method, x->method) == 0) {
            return check_query(x, routes[i].query, p) != 0 ? -1 : routes[i].handle(r, x, body, p);
        }
        snprintf(allow + strlen(allow), sizeof(allow) - strlen(allow), "%s%s",
                 allow[0] == '\0' ? "" : ", ", routes[i].method);
    }
    if (allow[0] != '\0') {
        problem_set_method(p, x->method, allow);
        return -1;
    }
    return check_query(x, "", p) != 0 ? -1 : route_to_program(r, x, body, p);
}
