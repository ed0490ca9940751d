/* See plan.h. */
#include "responders/engine/plan.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"

static bool is_between(const plan_item *item, stage first, stage last)
{
    const stage at = item->act->primitive->stage;

    return at >= first && at <= last;
}

void plan_make(plan *p, rule *r, const rule_step *step, uint64_t ordinal, double draw)
{
    const size_t count = step == NULL ? 0 : step->acts.count;

    p->rule = rule_ref(r);
    p->ordinal = ordinal;
    p->draw = draw;
    p->items = count == 0 ? NULL : memory_array(count, sizeof(p->items[0]));
    for (size_t i = 0; i < count; i++) {
        const fault_act *act = &step->acts.list[i];

        if (fault_act_is_due(act, ordinal)) {
            p->items[p->nitems++].act = act;
        }
    }
}

void plan_clear(plan *p)
{
    const uint64_t generation = p->generation;

    rule_unref(p->rule);
    free(p->items);
    *p = (plan){.generation = generation, .draw = -1};
}

void plan_do(plan *p, stage s, void *subject, const void *context)
{
    static const plan_state states[] = {[EFFECT_DONE] = PLAN_DONE,
                                        [EFFECT_NONE] = PLAN_NONE,
                                        [EFFECT_LATER] = PLAN_OPEN,
                                        [EFFECT_IMPOSSIBLE] = PLAN_FAILED};

    for (size_t i = 0; i < p->nitems; i++) {
        plan_item *item = &p->items[i];
        primitive_call call = {
            .subject = subject, .params = item->act->params, .context = context, .why = ""};

        if (item->act->primitive->stage == s && item->state == PLAN_OPEN) {
            item->state = states[item->act->primitive->act(&call)];
            item->why = call.why;
            item->from = call.from;
        }
    }
}

bool plan_has(const plan *p, stage first, stage last)
{
    return plan_name(p, first, last)[0] != '\0';
}

const char *plan_name(const plan *p, stage first, stage last)
{
    const char *name = "";

    for (size_t i = 0; i < p->nitems; i++) {
        const plan_item *item = &p->items[i];

        if (is_between(item, first, last) && item->state != PLAN_NONE &&
            item->state != PLAN_FAILED) {
            name = item->act->name;
        }
    }
    return name;
}

void plan_happened(plan *p, stage first, stage last)
{
    for (size_t i = 0; i < p->nitems; i++) {
        if (is_between(&p->items[i], first, last) && p->items[i].state == PLAN_DONE) {
            p->items[i].state = PLAN_HAPPENED;
        }
    }
}

/* Whether an item before this one belongs to the same fault. */
static bool is_named_before(const plan *p, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(p->items[i].act->name, p->items[index].act->name) == 0) {
            return true;
        }
    }
    return false;
}

void plan_happened_outside(plan *p, stage s, const char *thing)
{
    for (size_t i = 0; i < p->nitems; i++) {
        plan_item *item = &p->items[i];

        if (is_between(item, s, s) && item->state == PLAN_DONE &&
            !primitive_is_within(item->act->primitive, thing)) {
            item->state = PLAN_HAPPENED;
        }
    }
}

void plan_paced(plan *p, size_t octet)
{
    for (size_t i = 0; i < p->nitems; i++) {
        plan_item *item = &p->items[i];

        if (is_between(item, STAGE_PACE, STAGE_PACE) && item->state == PLAN_DONE &&
            item->from <= octet) {
            item->state = PLAN_HAPPENED;
        }
    }
}

void plan_describe(const plan *p, json_t *event)
{
    json_t *planned = json_array();

    for (size_t i = 0; i < p->nitems; i++) {
        if (!is_named_before(p, i)) {
            json_array_append_new(planned, json_string(p->items[i].act->name));
        }
    }
    json_object_set_new(event, "rule", p->rule == NULL ? json_null() : json_string(p->rule->id));
    json_object_set_new(event, "generation", json_integer((json_int_t)p->generation));
    json_object_set_new(event, "ordinal",
                        p->rule == NULL ? json_null() : json_integer((json_int_t)p->ordinal));
    json_object_set_new(event, "draw", p->draw >= 0 ? json_real(p->draw) : json_null());
    json_object_set_new(event, "planned", planned);
}

/* Whether all of the fault's primitives that had something to change have happened. */
static bool is_whole(const plan *p, const char *name)
{
    for (size_t i = 0; i < p->nitems; i++) {
        const plan_item *item = &p->items[i];

        if (strcmp(item->act->name, name) == 0 && item->state != PLAN_HAPPENED &&
            item->state != PLAN_NONE) {
            return false;
        }
    }
    return true;
}

void plan_tell(plan *p, json_t *event)
{
    json_t *faults = json_array();

    for (size_t i = 0; i < p->nitems; i++) {
        const char *name = p->items[i].act->name;

        if (p->items[i].state != PLAN_HAPPENED || !is_whole(p, name)) {
            continue;
        }
        json_array_append_new(faults, json_string(name));
        for (size_t k = i; k < p->nitems; k++) {
            if (strcmp(p->items[k].act->name, name) == 0) {
                p->items[k].state = PLAN_TOLD;
            }
        }
    }
    json_object_set_new(event, "faults", faults);
}

void plan_tell_problems(plan *p, event_log *events, const json_t *fields)
{
    for (size_t i = 0; i < p->nitems; i++) {
        plan_item *item = &p->items[i];
        json_t *event;

        if (item->state != PLAN_FAILED || item->why == NULL) {
            continue;
        }
        event = json_copy((json_t *)fields);
        json_object_set_new(event, "fault", json_string(item->act->name));
        json_object_set_new(event, "detail", json_string(item->why));
        event_log_append(events, "problem", event);
        item->why = NULL;
    }
}
