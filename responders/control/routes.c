/* What the API can be asked: one function a resource and method. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/json_check.h"
#include "harness/base/version.h"
#include "responders/control/control_internal.h"
#include "responders/engine/rule.h"

typedef struct {
    const char *method;
    const char *path; /* one that ends with "/" has one more segment */
    outcome (*handle)(control *c, const exchange *x, json_t **answer, problem *p);
    const char *query; /* the names it takes, separated by spaces */
} route;

json_t *control_ready(const control_ops *ops, const char *where)
{
    json_t *answer = json_pack("{s:s, s:s, s:i, s:s?, s:I}", "program", ops->program, "version",
                               STAPLELAB_VERSION, "pid", (int)getpid(), "control", where, "seed",
                               (json_int_t)rules_seed(ops->rules));
    json_t *own = ops->ready == NULL ? NULL : ops->ready(ops->arg);

    if (own != NULL) {
        json_object_update(answer, own);
        json_decref(own);
    }
    return answer;
}

static outcome get_ready(control *c, const exchange *x, json_t **answer, problem *p)
{
    (void)x;
    (void)p;
    *answer = control_ready(c->ops, control_where(c));
    return OUTCOME_ANSWER;
}

static outcome get_faults(control *c, const exchange *x, json_t **answer, problem *p)
{
    (void)x;
    (void)p;
    *answer = json_pack("{s:s, s:o}", "program", c->ops->program, "faults",
                        catalogue_to_json(c->ops->faults));
    return OUTCOME_ANSWER;
}

static outcome get_rules(control *c, const exchange *x, json_t **answer, problem *p)
{
    (void)x;
    (void)p;
    *answer = json_pack("{s:I, s:o}", "generation", (json_int_t)rules_generation(c->ops->rules),
                        "rules", rules_to_json(c->ops->rules));
    return OUTCOME_ANSWER;
}

/* Does `change`; what the program cannot put in force is taken back as a whole. */
static int change_rules(control *c, const exchange *x,
                        int (*change)(rule_set *r, const exchange *x, problem *p), problem *p)
{
    const control_ops *ops = c->ops;
    rules_snapshot *before = rules_save(ops->rules);
    problem ignored = {0};
    int rc = -1;

    if (before == NULL) {
        problem_set(p, 500, "", "out of memory");
        return -1;
    }
    if (change(ops->rules, x, p) != 0) {
        goto done;
    }
    if (ops->rules_changed != NULL && ops->rules_changed(ops->arg, p) != 0) {
        rules_restore(ops->rules, before);
        ops->rules_changed(ops->arg, &ignored);
        goto done;
    }
    control_poke(c);
    rc = 0;

done:
    rules_snapshot_free(before);
    return rc;
}

static outcome answer_generation(control *c, json_t **answer)
{
    *answer = json_pack("{s:I}", "generation", (json_int_t)rules_generation(c->ops->rules));
    return OUTCOME_ANSWER;
}

static int replace_all(rule_set *r, const exchange *x, problem *p)
{
    return rules_replace(r, x->body, p);
}

static outcome put_rules(control *c, const exchange *x, json_t **answer, problem *p)
{
    if (change_rules(c, x, replace_all, p) != 0) {
        return OUTCOME_PROBLEM;
    }
    return answer_generation(c, answer);
}

static int remove_all(rule_set *r, const exchange *x, problem *p)
{
    json_t *none = json_array();
    int rc = rules_replace(r, none, p);

    (void)x;
    json_decref(none);
    return rc;
}

static outcome delete_rules(control *c, const exchange *x, json_t **answer, problem *p)
{
    if (change_rules(c, x, remove_all, p) != 0) {
        return OUTCOME_PROBLEM;
    }
    return answer_generation(c, answer);
}

static int add_one(rule_set *r, const exchange *x, problem *p)
{
    return rules_add(r, x->body, p);
}

static outcome post_rule(control *c, const exchange *x, json_t **answer, problem *p)
{
    json_t *rules;

    if (change_rules(c, x, add_one, p) != 0) {
        return OUTCOME_PROBLEM;
    }
    rules = rules_to_json(c->ops->rules);
    answer_generation(c, answer);
    json_object_set(*answer, "id",
                    json_object_get(json_array_get(rules, json_array_size(rules) - 1), "id"));
    json_decref(rules);
    return OUTCOME_ANSWER;
}

static int remove_one(rule_set *r, const exchange *x, problem *p)
{
    return rules_remove(r, strrchr(x->path, '/') + 1, p);
}

static outcome delete_rule(control *c, const exchange *x, json_t **answer, problem *p)
{
    if (change_rules(c, x, remove_one, p) != 0) {
        return OUTCOME_PROBLEM;
    }
    return answer_generation(c, answer);
}

/* A decimal number of the query. 0, or -1 with *p. */
static int query_number(const exchange *x, const char *name, uint64_t *value, problem *p)
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
        problem_set(p, 400, "", "\"%s\" in the query must be a whole number, not \"%.40s\"", name,
                    text);
        return -1;
    }
    return 0;
}

static outcome get_events(control *c, const exchange *x, json_t **answer, problem *p)
{
    uint64_t since = 0, limit = 0;

    if (query_number(x, "since", &since, p) != 0 || query_number(x, "limit", &limit, p) != 0) {
        return OUTCOME_PROBLEM;
    }
    *answer =
        json_pack("{s:o, s:I, s:I}", "events", event_log_since(c->ops->events, since, NULL, limit),
                  "last", (json_int_t)event_log_last(c->ops->events), "dropped",
                  (json_int_t)event_log_dropped(c->ops->events));
    return OUTCOME_ANSWER;
}

static int reset_rules(rule_set *r, const exchange *x, problem *p)
{
    static const char *const members[] = {"seed", NULL};
    json_int_t seed = -1;

    if (x->body != NULL && (json_check_members(x->body, "", members, p) != 0 ||
                            json_check_integer(x->body, "", "seed", 0, INT64_MAX, &seed, p) != 0)) {
        return -1;
    }
    rules_reset(r, seed < 0 ? UINT64_MAX : (uint64_t)seed);
    return 0;
}

static outcome post_reset(control *c, const exchange *x, json_t **answer, problem *p)
{
    if (change_rules(c, x, reset_rules, p) != 0) {
        return OUTCOME_PROBLEM;
    }
    if (c->ops->reset != NULL) {
        c->ops->reset(c->ops->arg);
    }
    event_log_clear(c->ops->events);
    control_poke(c);
    *answer = json_pack(
        "{s:I, s:I, s:I}", "generation", (json_int_t)rules_generation(c->ops->rules), "seed",
        (json_int_t)rules_seed(c->ops->rules), "last", (json_int_t)event_log_last(c->ops->events));
    return OUTCOME_ANSWER;
}

static const route routes[] = {
    {"GET", "/v1/ready", get_ready, ""},
    {"GET", "/v1/faults", get_faults, ""},
    {"GET", "/v1/rules", get_rules, ""},
    {"PUT", "/v1/rules", put_rules, ""},
    {"POST", "/v1/rules", post_rule, ""},
    {"DELETE", "/v1/rules", delete_rules, ""},
    {"DELETE", "/v1/rules/", delete_rule, ""},
    {"GET", "/v1/events", get_events, "since limit"},
    {"POST", "/v1/events/wait", control_wait_events, ""},
    {"POST", "/v1/quiet", control_wait_quiet, ""},
    {"POST", "/v1/reset", post_reset, ""},
    {"GET", "/metrics", control_metrics, ""},
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

static bool is_path(const route *r, const char *path)
{
    const size_t length = strlen(r->path);

    if (r->path[length - 1] != '/') {
        return strcmp(r->path, path) == 0;
    }
    return strncmp(r->path, path, length) == 0 && path[length] != '\0' &&
           strchr(path + length, '/') == NULL;
}

static int check_query(const exchange *x, const char *names, problem *p)
{
    const struct evkeyval *pair;

    TAILQ_FOREACH(pair, &x->query, next)
    {
        const size_t length = strlen(pair->key);
        const char *found = length == 0 ? NULL : strstr(names, pair->key);

        if (found == NULL || (found != names && found[-1] != ' ') ||
            (found[length] != ' ' && found[length] != '\0')) {
            problem_set(p, 400, "", "unknown \"%.40s\" in the query; %s takes: %s", pair->key,
                        x->path, names[0] == '\0' ? "nothing" : names);
            return -1;
        }
    }
    return 0;
}

static outcome route_to_program(control *c, const exchange *x, json_t **answer, problem *p)
{
    const control_ops *ops = c->ops;

    if (ops->resource == NULL || !ops->resource(ops->arg, x->method, x->path, x->body, answer, p)) {
        json_decref(*answer);
        *answer = NULL;
        problem_set(p, 404, "",
                    "there is no %.120s; GET /v1/ready, /v1/faults, /v1/rules, "
                    "/v1/events and /metrics are always there",
                    x->path);
        return OUTCOME_PROBLEM;
    }
    control_poke(c);
    if (*answer != NULL) {
        return OUTCOME_ANSWER;
    }
    if (p->status == 0) {
        problem_set(p, 500, "", "%s %.120s gave no answer", x->method, x->path);
    }
    return OUTCOME_PROBLEM;
}

outcome control_route(control *c, const exchange *x, json_t **answer, problem *p)
{
    char allow[sizeof(p->allow)] = "";

    for (size_t i = 0; i < ROUTES; i++) {
        if (!is_path(&routes[i], x->path)) {
            continue;
        }
        if (strcmp(routes[i].method, x->method) == 0) {
            if (check_query(x, routes[i].query, p) != 0) {
                return OUTCOME_PROBLEM;
            }
            return routes[i].handle(c, x, answer, p);
        }
        snprintf(allow + strlen(allow), sizeof(allow) - strlen(allow), "%s%s",
                 allow[0] == '\0' ? "" : ", ", routes[i].method);
    }
    if (allow[0] != '\0') {
        problem_set_method(p, x->method, allow);
        return OUTCOME_PROBLEM;
    }
    if (check_query(x, "", p) != 0) {
        return OUTCOME_PROBLEM;
    }
    return route_to_program(c, x, answer, p);
}
