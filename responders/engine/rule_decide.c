/*
 * The decision for one request.  It depends on the rules, the counters and the seed only:
 * not on time, not on other rules' draws, so that a run can be had again.
 */
#include <stdio.h>
#include <string.h>

#include "harness/base/octets.h"
#include "harness/base/siphash.h"
#include "responders/engine/rule.h"

/*
 * The draw in [0, 1), a pure function of what it is about, so that a run can be replayed and no
 * rule's luck depends on how many others drew before it: the upper 53 bits of
 *   SipHash-2-4(key = seed, 0;  rule 0x00 scope value 0x00 ordinal as 8 octets, low first)
 * over 2^53.
 */
static double draw_of(uint64_t seed, const char *id, const char *value, uint64_t ordinal)
{
    octets message = {0};
    uint64_t hash;

    octets_append(&message, id, strlen(id) + 1);
    octets_append(&message, value, strlen(value) + 1);
    for (size_t i = 0; i < 8; i++) {
        const uint8_t octet = (uint8_t)(ordinal >> (8 * i));

        octets_append(&message, &octet, 1);
    }
    hash = siphash(seed, 0, message.data, message.length);
    octets_free(&message);
    return (double)(hash >> 11) * 0x1p-53;
}

/* The step that the request of this ordinal gets, or NULL past the last one. */
static const rule_step *due_step(const rule *r, uint64_t ordinal)
{
    uint64_t left = r->repeat ? ordinal % r->period : ordinal;

    for (size_t i = 0; i < r->nsteps; i++) {
        if (left < r->steps[i].times) {
            return &r->steps[i];
        }
        left -= r->steps[i].times;
    }
    return NULL;
}

static bool holds_for(const rule *r, const match_subject *subject)
{
    for (size_t i = 0; i < r->nkeys; i++) {
        if (r->match[i] != NULL &&
            (subject->values[i] == NULL || strcmp(r->match[i], subject->values[i]) != 0)) {
            return false;
        }
    }
    return true;
}

static void count_fault(rule_set *r, const char *name)
{
    json_object_set_new(r->served, name,
                        json_integer(json_integer_value(json_object_get(r->served, name)) + 1));
}

/* Whether the rule, which matches, serves the request now; then it counts it. */
static bool serve(rule_set *set, rule *r, fault_phase phase, const match_subject *subject,
                  plan *out)
{
    const char *value = r->scope == RULE_SCOPE_GLOBAL ? "" : subject->values[r->scope];
    const rule_step *step;
    uint64_t ordinal;
    double draw = -1;
    bool done = true;

    value = value == NULL ? "" : value;
    ordinal = (uint64_t)json_integer_value(json_object_get(r->counters, value));
    step = due_step(r, ordinal);
    if (r->drawn) {
        draw = draw_of(set->seed, r->id, value, ordinal);
        done = draw < r->probability;
    }
    done = done && step != NULL;

    /* At accept a step of faults for requests is left to the request. At the request a step
     * for accept is too late (the connection is older than the rule, or was kept alive): it
     * is not used up, the next connection gets it. */
    if ((done && step->at_accept) != (phase == FAULT_AT_ACCEPT)) {
        return false;
    }

    /* The value may hold any octets that a peer sent, so it is not checked for UTF-8. */
    json_object_set_new_nocheck(r->counters, value, json_integer((json_int_t)ordinal + 1));
    snprintf(out->rule, sizeof(out->rule), "%s", r->id);
    out->ordinal = ordinal;
    out->draw = draw;
    for (size_t i = 0; done && i < step->nuses; i++) {
        out->uses[i].spec = step->uses[i].spec;
        out->uses[i].params = json_incref(step->uses[i].params);
        count_fault(set, step->uses[i].spec->name);
        out->nuses++;
    }
    return true;
}

bool rules_decide(rule_set *r, fault_phase phase, const match_subject *subject, plan *out)
{
    memset(out, 0, sizeof(*out));
    out->draw = -1;
    out->generation = r->generation;

    for (size_t i = 0; i < r->list.n; i++) {
        rule *one = r->list.rules[i];

        if (one->on_listener || !holds_for(one, subject)) {
            continue;
        }
        if (serve(r, one, phase, subject, out)) {
            return true;
        }
        if (phase == FAULT_AT_ACCEPT) {
            return false;
        }
    }
    return false;
}

void plan_clear(plan *p)
{
    for (size_t i = 0; i < p->nuses; i++) {
        json_decref(p->uses[i].params);
    }
    memset(p, 0, sizeof(*p));
    p->draw = -1;
}

const fault_use *plan_layer(const plan *p, const char *layer)
{
    for (size_t i = 0; i < p->nuses; i++) {
        if (strcmp(p->uses[i].spec->layer, layer) == 0) {
            return &p->uses[i];
        }
    }
    return NULL;
}

void plan_describe(const plan *p, json_t *event)
{
    const bool served = p->rule[0] != '\0';
    json_t *faults = json_array();

    for (size_t i = 0; i < p->nuses; i++) {
        json_array_append_new(faults, json_string(p->uses[i].spec->name));
    }
    json_object_set_new(event, "rule", served ? json_string(p->rule) : json_null());
    json_object_set_new(event, "generation", json_integer((json_int_t)p->generation));
    json_object_set_new(event, "ordinal",
                        served ? json_integer((json_int_t)p->ordinal) : json_null());
    json_object_set_new(event, "draw", p->draw >= 0 ? json_real(p->draw) : json_null());
    json_object_set_new(event, "faults", faults);
}

void rules_each_listener_fault(const rule_set *r,
                               void (*visit)(const fault_use *use, const char *listener, void *arg),
                               void *arg)
{
    for (size_t i = 0; i < r->list.n; i++) {
        const rule *one = r->list.rules[i];
        const char *listener = NULL;

        if (!one->on_listener) {
            continue;
        }
        for (size_t k = 0; k < one->nkeys; k++) {
            listener = one->match[k] != NULL ? one->match[k] : listener;
        }
        visit(&one->steps[0].uses[0], listener, arg);
    }
}
