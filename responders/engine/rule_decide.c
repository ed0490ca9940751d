/*
 * The decision depends on the rules, their counters and the seed only: not on time, not on other
 * rules' draws, so that a run can be had again.
 */
#include "responders/engine/rule_decide.h"

#include <string.h>

#include "harness/base/octets.h"
#include "harness/base/siphash.h"

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

/* Whether the request of this ordinal gets something at accept. */
static bool is_for_accept(const rule_step *step, uint64_t ordinal)
{
    for (size_t i = 0; step != NULL && i < step->acts.count; i++) {
        const fault_act *act = &step->acts.list[i];

        if (act->primitive->stage == STAGE_ACCEPT && fault_act_is_due(act, ordinal)) {
            return true;
        }
    }
    return false;
}

/* Whether the rule, which matches, serves the request now; then it counts it. */
static bool serve(const rule_set *set, rule *r, bool at_accept, const char *const *values,
                  plan *out)
{
    const char *value = r->scope == RULE_SCOPE_GLOBAL ? "" : values[r->scope];
    const rule_step *step;
    uint64_t ordinal;
    double draw = -1;

    value = value == NULL ? "" : value;
    ordinal = rule_ordinal(r, value);
    step = rule_due_step(r, ordinal);
    if (r->drawn) {
        draw = draw_of(rule_set_get_seed(set), r->id, value, ordinal);
        step = draw < r->probability ? step : NULL;
    }

    /* At accept a step for requests is left to the request. At the request a step for accept is too
     * late (the connection is older than the rule, or was kept alive): it is not used up, the next
     * connection gets it. */
    if (is_for_accept(step, ordinal) != at_accept) {
        return false;
    }

    rule_count(r, value);
    plan_make(out, r, step, ordinal, draw);
    return true;
}

bool rule_decide(const rule_set *r, bool at_accept, const char *const *values, plan *out)
{
    const rule_list *l = rule_set_current(r);

    *out = (plan){.generation = rule_set_generation(r), .draw = -1};
    for (size_t i = 0; i < l->count; i++) {
        rule *one = l->rules[i];

        if (one->on_listener || !rule_matches(one, values)) {
            continue;
        }
        if (serve(r, one, at_accept, values, out)) {
            return true;
        }
        if (at_accept) {
            return false;
        }
    }
    return false;
}
