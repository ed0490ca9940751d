/*
 * Rules are JSON that somebody else wrote.  Whatever is accepted must serve requests, and must be
 * accepted again in the form in which it is listed.
 */
#include "responders/engine/rule_decide.h"
#include "responders/engine/tests/engine_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void serve(const rule_set *r, bool at_accept, const char *serial)
{
    const char *values[] = {"web", serial, serial == NULL ? NULL : "GET"};
    json_t *event = json_object();
    subject s = {.gives = EFFECT_DONE};
    plan p;

    rule_decide(r, at_accept, values, &p);
    plan_describe(&p, event);
    for (int i = 0; i < STAGES; i++) {
        plan_do(&p, (stage)i, &s, NULL);
    }
    plan_happened(&p, STAGE_LISTENER, STAGE_END);
    plan_tell(&p, event);
    if (p.nitems > 0 && json_array_size(json_object_get(event, "faults")) == 0) {
        abort();
    }
    plan_clear(&p);
    json_decref(event);
}

static void count_listener(const fault_act *act, const char *listener, void *arg)
{
    *(size_t *)arg += strlen(act->name) + (listener == NULL ? 0 : strlen(listener));
}

static rule_list *replaced(const rule_set *r, json_t *rules)
{
    problem p = {0};
    rule_list *next;

    if (rule_set_replace(r, rules, &next, &p) != 0) {
        json_t *told = problem_to_json(&p);

        if (told == NULL || p.status != 400 || rule_set_current(r)->count > 0) {
            abort();
        }
        json_decref(told);
        return NULL;
    }
    return next;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static catalogue *faults;
    json_t *rules = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    json_t *listed;
    size_t listeners = 0;
    rule_list *next;
    rule_set *r;

    if (rules == NULL) {
        return 0;
    }
    faults = faults == NULL ? fixture_catalogue() : faults;
    r = rule_set_new(&(rule_terms){.faults = faults, .keys = fixture_keys}, 1);
    next = replaced(r, rules);
    if (next == NULL) {
        goto done;
    }
    rule_set_swap(r, next);
    for (int i = 0; i < 8; i++) {
        serve(r, true, NULL);
        serve(r, false, i % 2 == 0 ? "1001" : "1002");
    }
    rule_list_each_listener(rule_set_current(r), count_listener, &listeners);
    listed = rule_set_to_json(r);
    rule_set_swap(r, rule_list_empty());
    next = replaced(r, listed);
    if (next == NULL) {
        abort();
    }
    rule_list_free(next);
    json_decref(listed);

done:
    json_decref(rules);
    rule_set_free(r);
    return 0;
}
