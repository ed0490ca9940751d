/* See fault.h. */
#include "responders/engine/fault.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/engine/recipe.h"

#define ORDINALS_MAX 1000000

static const param healthy_count = {.name = "n",
                                    .type = &param_integer,
                                    .unit = "requests",
                                    .summary = "how many are healthy first, in the rule's scope",
                                    .fallback = "1",
                                    .max = ORDINALS_MAX};

static const param faulty_count = {.name = "n",
                                   .type = &param_integer,
                                   .unit = "requests",
                                   .summary = "how many are faulty, in the rule's scope, before "
                                              "they are healthy; 0: all",
                                   .fallback = "1",
                                   .max = ORDINALS_MAX};

static const primitive *find_primitive(const primitive *const *primitives, const char *name)
{
    for (size_t i = 0; primitives[i] != NULL; i++) {
        if (strcmp(primitives[i]->name, name) == 0) {
            return primitives[i];
        }
    }
    return NULL;
}

static const recipe_setting *find_setting(const recipe_part *part, const char *name)
{
    for (size_t i = 0; i < part->nsettings; i++) {
        if (strcmp(part->settings[i].name, name) == 0) {
            return &part->settings[i];
        }
    }
    return NULL;
}

/* Whether the parameter takes the value, by its form alone. 0, or -1 with *p. */
static int check_value(const primitive *owner, const param *q, const json_t *value, problem *p)
{
    const size_t size = owner == NULL ? sizeof(int64_t) : owner->size;
    param alone = *q;
    void *params = memory_new(size);
    int rc;

    if (owner == NULL) {
        alone.offset = 0;
    }
    rc = param_read(&alone, value, NULL, owner == NULL ? "the sequence" : owner->name, "", params,
                    p);
    if (rc == 0) {
        param_clear(&alone, params);
    }
    free(params);
    return rc;
}

/* Narrows the range of the parameter. 0, or -1 with *p. */
static int set_range(param *q, const recipe_setting *setting, problem *p)
{
    if (q->min == q->max) {
        return problem_fail(p, "\"%s\" has no range", q->name);
    }
    if (setting->min > setting->max || setting->min < q->min || setting->max > q->max) {
        return problem_fail(p, "the range of \"%s\" is not within %lld to %lld", q->name,
                            (long long)q->min, (long long)q->max);
    }
    q->min = setting->min;
    q->max = setting->max;
    return 0;
}

static int add_param(fault *f, const param *q, size_t part, const recipe_setting *setting,
                     problem *p)
{
    const primitive *owner = part == FAULT_SEQUENCE ? NULL : f->parts[part].primitive;
    fault_param *one;

    for (size_t i = 0; i < f->nparams; i++) {
        if (strcmp(f->params[i].param.name, q->name) == 0) {
            return problem_fail(p, "the parameter \"%s\" stands twice; fix one of them", q->name);
        }
    }
    f->params = memory_resize(f->params, f->nparams + 1, sizeof(f->params[0]));
    one = &f->params[f->nparams++];
    *one = (fault_param){.param = *q, .part = part};
    if (setting != NULL) {
        one->fallback = json_dumps(setting->value, JSON_ENCODE_ANY | JSON_COMPACT);
        one->param.fallback = one->fallback;
    }
    if (setting != NULL && setting->ranged && set_range(&one->param, setting, p) != 0) {
        return -1;
    }
    if (one->param.fallback == NULL) {
        return 0;
    }
    one->value = param_fallback(&one->param);
    if (one->value == NULL) {
        return problem_fail(p, "the default of \"%s\" is not JSON: %s", q->name,
                            one->param.fallback);
    }
    return check_value(owner, &one->param, one->value, p);
}

/* One part of the recipe: its primitive, what is fixed, what is left open. */
static int add_part(fault *f, const recipe_part *source, const primitive *const *primitives,
                    problem *p)
{
    const primitive *found = find_primitive(primitives, source->primitive);
    const size_t index = f->nparts;
    fault_part *part;

    if (found == NULL) {
        return problem_fail(p, "there is no primitive \"%s\"", source->primitive);
    }
    f->parts = memory_resize(f->parts, f->nparts + 1, sizeof(f->parts[0]));
    part = &f->parts[f->nparts++];
    *part = (fault_part){.primitive = found, .settings = json_object()};
    for (size_t i = 0; i < source->nsettings; i++) {
        const recipe_setting *setting = &source->settings[i];
        const param *q = primitive_param(found, setting->name);

        if (q == NULL || find_setting(source, setting->name) != setting) {
            return problem_fail(p, "\"%s\" is %s %s", setting->name,
                                q == NULL ? "no parameter of" : "set twice for", found->name);
        }
        if (setting->fixed && check_value(found, q, setting->value, p) != 0) {
            return -1;
        }
        if (setting->fixed) {
            json_object_set(part->settings, q->name, setting->value);
        }
    }
    for (const param *q = found->params; q != NULL && q->name != NULL; q++) {
        const recipe_setting *setting = find_setting(source, q->name);

        if ((setting == NULL || !setting->fixed) && add_param(f, q, index, setting, p) != 0) {
            return -1;
        }
    }
    return 0;
}

static int add_sequence(fault *f, problem *p)
{
    recipe_sequence sequence;
    param faulty = faulty_count;

    if (recipe_sequence_parse(f->line->sequence, &sequence, p) != 0 ||
        (sequence.healthy && add_param(f, &healthy_count, FAULT_SEQUENCE, NULL, p) != 0)) {
        return -1;
    }
    faulty.name = sequence.healthy ? "m" : "n";
    return sequence.faulty ? add_param(f, &faulty, FAULT_SEQUENCE, NULL, p) : 0;
}

static bool is_on_listener(const fault *f)
{
    for (size_t i = 0; i < f->nparts; i++) {
        if (f->parts[i].primitive->stage == STAGE_LISTENER) {
            return true;
        }
    }
    return false;
}

static int check_parts(const fault *f, problem *p)
{
    if (f->line->sequence != NULL && is_on_listener(f)) {
        return problem_fail(p, "a listener sees no requests that a sequence could count");
    }
    for (size_t i = 0; i < f->nparts; i++) {
        for (size_t k = 0; k < i; k++) {
            if (primitive_clash(f->parts[i].primitive, f->parts[k].primitive) != NULL) {
                return problem_fail(p, "%s and %s cannot be done together",
                                    f->parts[k].primitive->name, f->parts[i].primitive->name);
            }
        }
    }
    return 0;
}

int fault_new(const fault_line *line, const primitive *const *primitives, fault **out, problem *p)
{
    fault *f = memory_new(sizeof(*f));
    recipe r;
    problem why = {0};
    int rc = recipe_parse(line->recipe, &r, &why);

    f->line = line;
    rc = rc == 0 ? add_sequence(f, &why) : rc;
    for (size_t i = 0; rc == 0 && i < r.nparts; i++) {
        rc = add_part(f, &r.parts[i], primitives, &why);
    }
    rc = rc == 0 ? check_parts(f, &why) : rc;
    recipe_clear(&r);
    if (rc != 0) {
        problem_set(p, 500, "", "fault %s %s: %s", line->id, line->name, why.detail);
        fault_free(f);
        return -1;
    }
    *out = f;
    return 0;
}

void fault_free(fault *f)
{
    for (size_t i = 0; i < f->nparts; i++) {
        json_decref(f->parts[i].settings);
    }
    for (size_t i = 0; i < f->nparams; i++) {
        free(f->params[i].fallback);
        json_decref(f->params[i].value);
    }
    free(f->parts);
    free(f->params);
    free(f);
}

static json_t *param_to_json(const fault_param *from)
{
    const param *q = &from->param;
    json_t *o = json_pack("{s:s, s:s, s:s?, s:s, s:b}", "name", q->name, "type", q->type->name,
                          "unit", q->unit, "summary", q->summary, "required", q->fallback == NULL);
    json_t *choices = json_array();

    if (from->value != NULL) {
        json_object_set(o, "default", from->value);
    }
    if (q->type == &param_integer) {
        json_object_set_new(o, "min", json_integer(q->min));
        json_object_set_new(o, "max", json_integer(q->max));
    }
    for (size_t i = 0; q->choices != NULL && q->choices[i] != NULL; i++) {
        json_array_append_new(choices, json_string(q->choices[i]));
    }
    if (q->choices != NULL) {
        json_object_set(o, "choices", choices);
    }
    json_decref(choices);
    return o;
}

json_t *fault_to_json(const fault *f)
{
    json_t *stages = json_array(), *params = json_array();

    for (size_t i = 0; i < f->nparts; i++) {
        json_array_append_new(stages, json_string(stage_name(f->parts[i].primitive->stage)));
    }
    for (size_t i = 0; i < f->nparams; i++) {
        json_array_append_new(params, param_to_json(&f->params[i]));
    }
    return json_pack("{s:s, s:s, s:s, s:s?, s:o, s:o}", "name", f->line->name, "id", f->line->id,
                     "summary", f->line->summary, "source", f->line->source, "stages", stages,
                     "parameters", params);
}
