/* See fault_act.h. */
#include "responders/engine/fault_act.h"

#include <stdlib.h>

#include "harness/base/json_check.h"
#include "harness/base/memory.h"
#include "responders/engine/recipe.h"

static int check_members(const fault *f, const char *naming, json_t *use, const char *where,
                         problem *p)
{
    const char **names = memory_array(f->nparams + 2, sizeof(names[0]));
    int rc;

    names[0] = naming;
    for (size_t i = 0; i < f->nparams; i++) {
        names[i + 1] = f->params[i].param.name;
    }
    rc = json_check_members(use, where, names, p);
    free(names);
    return rc;
}

/* Reads into `target` the parameter as the rule gives it, or its default. */
static int read_param(const fault *f, const fault_param *q, json_t *use, const char *where,
                      const void *store, void *target, problem *p)
{
    char pointer[sizeof(p->pointer)], wanted[320];
    const json_t *given = json_object_get(use, q->param.name);
    const json_t *value = given != NULL ? given : q->value;

    if (value == NULL) {
        param_accepts(&q->param, wanted, sizeof(wanted));
        problem_pointer(pointer, sizeof(pointer), where, q->param.name);
        return problem_refuse(p, pointer, "%s needs its parameter \"%s\": %s", f->line->name,
                              q->param.name, wanted);
    }
    return param_read(&q->param, value, store, f->line->name, where, target, p);
}

/* The window of the sequence, from its parameters. */
static int read_window(const fault *f, json_t *use, const char *where, uint64_t *from,
                       uint64_t *until, problem *p)
{
    recipe_sequence sequence;
    int64_t counts[2] = {0};
    size_t n = 0;
    problem ignored;

    recipe_sequence_parse(f->line->sequence, &sequence, &ignored);
    for (size_t i = 0; i < f->nparams; i++) {
        if (f->params[i].part == FAULT_SEQUENCE &&
            read_param(f, &f->params[i], use, where, NULL, &counts[n++], p) != 0) {
            return -1;
        }
    }
    *from = sequence.healthy ? (uint64_t)counts[0] : 0;
    *until = UINT64_MAX;
    if (sequence.faulty && counts[n - 1] > 0) {
        *until = *from + (uint64_t)counts[n - 1];
    }
    return 0;
}

static int read_part(const fault *f, size_t index, json_t *use, const char *where,
                     const void *store, fault_act *out, problem *p)
{
    const fault_part *part = &f->parts[index];
    const char *name;
    json_t *value;

    *out = (fault_act){.primitive = part->primitive, .name = f->line->name};
    if (part->primitive->size == 0) {
        return 0;
    }
    out->params = memory_new(part->primitive->size);
    json_object_foreach(part->settings, name, value)
    {
        if (param_read(primitive_param(part->primitive, name), value, store, f->line->name, where,
                       out->params, p) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < f->nparams; i++) {
        if (f->params[i].part == index &&
            read_param(f, &f->params[i], use, where, store, out->params, p) != 0) {
            return -1;
        }
    }
    return 0;
}

int fault_acts_read(const fault *f, const char *naming, json_t *use, const char *where,
                    const void *store, fault_acts *acts, problem *p)
{
    const size_t before = acts->count;
    uint64_t from, until;

    if (check_members(f, naming, use, where, p) != 0 ||
        read_window(f, use, where, &from, &until, p) != 0) {
        return -1;
    }
    acts->list = memory_resize(acts->list, before + f->nparts, sizeof(acts->list[0]));
    for (size_t i = 0; i < f->nparts; i++) {
        fault_act *one = &acts->list[acts->count++];

        if (read_part(f, i, use, where, store, one, p) != 0) {
            goto failed;
        }
        one->from = from;
        one->until = until;
    }
    return 0;

failed:
    while (acts->count > before) {
        acts->count--;
        primitive_params_free(acts->list[acts->count].primitive, acts->list[acts->count].params);
    }
    if (before == 0) {
        fault_acts_clear(acts); /* nobody clears what nothing was put into */
    }
    return -1;
}

bool fault_act_is_due(const fault_act *act, uint64_t ordinal)
{
    return ordinal >= act->from && ordinal < act->until;
}

void fault_acts_clear(fault_acts *acts)
{
    for (size_t i = 0; i < acts->count; i++) {
        primitive_params_free(acts->list[i].primitive, acts->list[i].params);
    }
    free(acts->list);
    *acts = (fault_acts){0};
}
