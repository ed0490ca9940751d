/*
 * The catalogue is data; this file reads it, for rules and for people.  A parameter is
 * checked here once, so that no fault has to doubt what it is given.
 */
#include "responders/engine/catalogue.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "harness/base/json_check.h"
#include "responders/engine/rule_set.h"

#define NAMES_MAX 512

static const char *const type_names[] = {
    [PARAM_INTEGER] = "integer", [PARAM_STRING] = "string", [PARAM_BOOLEAN] = "boolean",
    [PARAM_CHOICE] = "choice",   [PARAM_LIST] = "list",
};

static const char *const phase_names[] = {
    [FAULT_AT_REQUEST] = "request",
    [FAULT_AT_ACCEPT] = "accept",
    [FAULT_ON_LISTENER] = "listener",
};

const fault_spec *catalogue_find(const catalogue *c, const char *name)
{
    for (size_t i = 0; c->faults[i] != NULL; i++) {
        if (strcmp(c->faults[i]->name, name) == 0) {
            return c->faults[i];
        }
    }
    return NULL;
}

static json_t *fallback_value(const fault_param *param)
{
    return json_loads(param->fallback, JSON_DECODE_ANY, NULL);
}

static json_t *param_to_json(const fault_param *param)
{
    json_t *o = json_pack("{s:s, s:s, s:s?, s:s, s:b}", "name", param->name, "type",
                          type_names[param->type], "unit", param->unit, "summary", param->summary,
                          "required", param->fallback == NULL);

    if (param->fallback != NULL) {
        json_object_set_new(o, "default", fallback_value(param));
    }
    if (param->type == PARAM_INTEGER) {
        json_object_set_new(o, "min", json_integer(param->min));
        json_object_set_new(o, "max", json_integer(param->max));
    }
    if (param->type == PARAM_CHOICE) {
        json_t *choices = json_array();

        for (size_t i = 0; param->choices[i] != NULL; i++) {
            json_array_append_new(choices, json_string(param->choices[i]));
        }
        json_object_set_new(o, "choices", choices);
    }
    return o;
}

json_t *catalogue_to_json(const catalogue *c)
{
    json_t *list = json_array();

    for (size_t i = 0; c->faults[i] != NULL; i++) {
        const fault_spec *f = c->faults[i];
        json_t *params = json_array();

        for (const fault_param *p = f->params; p != NULL && p->name != NULL; p++) {
            json_array_append_new(params, param_to_json(p));
        }
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "name", f->name, "id",
                                        f->id, "layer", f->layer, "summary", f->summary, "phase",
                                        phase_names[f->phase], "parameters", params));
    }
    return list;
}

static bool param_accepts(const fault_param *param, const json_t *value)
{
    size_t i;
    json_t *item;

    if (json_is_null(value)) {
        return param->fallback != NULL && strcmp(param->fallback, "null") == 0;
    }
    switch (param->type) {
    case PARAM_INTEGER:
        return json_is_integer(value) && json_integer_value(value) >= param->min &&
               json_integer_value(value) <= param->max;
    case PARAM_STRING:
        return json_is_string(value);
    case PARAM_BOOLEAN:
        return json_is_boolean(value);
    case PARAM_CHOICE:
        for (i = 0; json_is_string(value) && param->choices[i] != NULL; i++) {
            if (strcmp(param->choices[i], json_string_value(value)) == 0) {
                return true;
            }
        }
        return false;
    case PARAM_LIST:
        json_array_foreach(value, i, item)
        {
            if (!json_is_string(item)) {
                return false;
            }
        }
        return json_is_array(value);
    }
    return false;
}

/* "an integer from 1 to 600 (s), or null" */
static void param_wants(const fault_param *param, char *out, size_t size)
{
    const bool or_null = param->fallback != NULL && strcmp(param->fallback, "null") == 0;
    char what[256] = "";

    switch (param->type) {
    case PARAM_INTEGER:
        snprintf(what, sizeof(what),
                 "an integer from %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT, param->min,
                 param->max);
        break;
    case PARAM_STRING:
        snprintf(what, sizeof(what), "a string");
        break;
    case PARAM_BOOLEAN:
        snprintf(what, sizeof(what), "true or false");
        break;
    case PARAM_CHOICE:
        snprintf(what, sizeof(what), "one of ");
        json_check_join(param->choices, what + strlen(what), sizeof(what) - strlen(what));
        break;
    case PARAM_LIST:
        snprintf(what, sizeof(what), "an array of strings");
        break;
    }
    snprintf(out, size, "%s%s%s%s%s", what, param->unit == NULL ? "" : " (",
             param->unit == NULL ? "" : param->unit, param->unit == NULL ? "" : ")",
             or_null ? ", or null" : "");
}

static void refuse_fault(const catalogue *c, const char *name, const char *where, problem *p)
{
    const char *names[NAMES_MAX + 1];
    char pointer[sizeof(p->pointer)], near[256] = "";
    size_t n = 0;

    for (size_t i = 0; c->faults[i] != NULL; i++) {
        if (strcasecmp(c->faults[i]->id, name) == 0) {
            snprintf(near, sizeof(near), "%s", c->faults[i]->name);
        }
        if (n < NAMES_MAX) {
            names[n++] = c->faults[i]->name;
        }
    }
    names[n] = NULL;
    if (near[0] == '\0') {
        problem_nearest(name, names, near, sizeof(near));
    }
    problem_pointer(pointer, sizeof(pointer), where, "fault");
    if (near[0] == '\0') {
        problem_set(p, 400, pointer, "unknown fault \"%.80s\"; GET /v1/faults lists all %zu", name,
                    n);
        return;
    }
    problem_set(p, 400, pointer, "unknown fault \"%.80s\"; the nearest are: %s", name, near);
}

static int refuse_unknown_params(const fault_spec *spec, json_t *use, const char *where, problem *p)
{
    const char *names[NAMES_MAX + 1] = {"fault"};
    size_t n = 1;

    for (const fault_param *q = spec->params; q != NULL && q->name != NULL && n < NAMES_MAX; q++) {
        names[n++] = q->name;
    }
    names[n] = NULL;
    return json_check_members(use, where, names, p);
}

json_t *catalogue_check_use(const catalogue *c, json_t *use, const char *where,
                            const fault_spec **spec, problem *p)
{
    char pointer[sizeof(p->pointer)], wanted[320], quoted[64];
    const char *name = NULL;
    json_t *params;

    if (!json_is_object(use) || !json_is_string(json_object_get(use, "fault"))) {
        problem_set(p, 400, where,
                    "a fault is an object with its name as \"fault\" and its parameters beside it");
        return NULL;
    }
    name = json_string_value(json_object_get(use, "fault"));
    *spec = catalogue_find(c, name);
    if (*spec == NULL) {
        refuse_fault(c, name, where, p);
        return NULL;
    }
    if (refuse_unknown_params(*spec, use, where, p) != 0) {
        return NULL;
    }

    params = json_object();
    for (const fault_param *q = (*spec)->params; q != NULL && q->name != NULL; q++) {
        json_t *value = json_object_get(use, q->name);

        if (value != NULL && param_accepts(q, value)) {
            json_object_set_new(params, q->name, json_deep_copy(value));
            continue;
        }
        if (value == NULL && q->fallback != NULL) {
            json_object_set_new(params, q->name, fallback_value(q));
            continue;
        }
        param_wants(q, wanted, sizeof(wanted));
        problem_pointer(pointer, sizeof(pointer), where, q->name);
        if (value == NULL) {
            problem_set(p, 400, pointer, "%s needs its parameter \"%s\": %s", name, q->name,
                        wanted);
        } else {
            json_check_quote(value, quoted, sizeof(quoted));
            problem_set(p, 400, pointer, "\"%s\" of %s must be %s, not %s", q->name, name, wanted,
                        quoted);
        }
        json_decref(params);
        return NULL;
    }
    return params;
}

json_int_t param_integer(const json_t *params, const char *name)
{
    return json_integer_value(json_object_get(params, name));
}

const char *param_string(const json_t *params, const char *name)
{
    return json_string_value(json_object_get(params, name));
}

bool param_boolean(const json_t *params, const char *name)
{
    return json_is_true(json_object_get(params, name));
}

const json_t *param_list(const json_t *params, const char *name)
{
    return json_object_get(params, name);
}

bool param_is_null(const json_t *params, const char *name)
{
    return json_is_null(json_object_get(params, name));
}

static int validate_params(const fault_spec *f, problem *p)
{
    for (const fault_param *q = f->params; q != NULL && q->name != NULL; q++) {
        json_t *value;
        bool accepted;

        if (q->type == PARAM_CHOICE && q->choices == NULL) {
            problem_set(p, 500, "", "%s: parameter %s has no choices", f->name, q->name);
            return -1;
        }
        if (q->fallback == NULL) {
            continue;
        }
        value = fallback_value(q);
        accepted = value != NULL && param_accepts(q, value);
        json_decref(value);
        if (!accepted) {
            problem_set(p, 500, "", "%s: the fallback of %s is not one that it accepts: %s",
                        f->name, q->name, q->fallback);
            return -1;
        }
    }
    return 0;
}

int catalogue_validate(const catalogue *c, problem *p)
{
    const char *layers[PLAN_LAYERS_MAX] = {NULL};
    size_t nlayers = 0;

    for (size_t i = 0; c->faults[i] != NULL; i++) {
        const fault_spec *f = c->faults[i];
        size_t layer = 0;

        for (size_t j = 0; j < i; j++) {
            if (strcmp(f->name, c->faults[j]->name) == 0 || strcmp(f->id, c->faults[j]->id) == 0) {
                problem_set(p, 500, "", "%s %s: its name or id is taken by %s %s", f->id, f->name,
                            c->faults[j]->id, c->faults[j]->name);
                return -1;
            }
        }
        while (layer < nlayers && strcmp(layers[layer], f->layer) != 0) {
            layer++;
        }
        if (layer == PLAN_LAYERS_MAX) {
            problem_set(p, 500, "", "%s: layer %s is one too many", f->name, f->layer);
            return -1;
        }
        if (layer == nlayers) {
            layers[nlayers++] = f->layer;
        }
        if (validate_params(f, p) != 0) {
            return -1;
        }
    }
    return 0;
}
