/*
 * Rules are JSON that somebody else wrote.  Whatever is accepted must serve requests, and
 * must be accepted again in the form in which it is listed.
 */
#include "responders/program/tests/fake_program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void serve(rule_set *r, fault_phase phase, const char *serial)
{
    const char *values[] = {"web", serial, serial == NULL ? NULL : "GET", NULL};
    const match_subject subject = {.values = values};
    json_t *event = json_object();
    plan p;

    rules_decide(r, phase, &subject, &p);
    plan_describe(&p, event);
    plan_clear(&p);
    json_decref(event);
}

static void count_listener(const fault_use *use, const char *listener, void *arg)
{
    *(size_t *)arg += strlen(use->spec->name) + (listener == NULL ? 0 : strlen(listener));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *rules = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    rule_set *r = rules_new(&fake_catalogue, fake_keys, 1);
    problem p = {0};
    json_t *listed;
    size_t listeners = 0;

    if (rules == NULL) {
        goto done;
    }
    if (rules_replace(r, rules, &p) != 0) {
        json_t *told = problem_to_json(&p);

        if (told == NULL || p.status != 400 || rules_generation(r) != 0) {
            abort();
        }
        json_decref(told);
        goto done;
    }
    for (int i = 0; i < 8; i++) {
        serve(r, FAULT_AT_ACCEPT, NULL);
        serve(r, FAULT_AT_REQUEST, i % 2 == 0 ? "1001" : "1002");
    }
    rules_each_listener_fault(r, count_listener, &listeners);
    listed = rules_to_json(r);
    if (rules_replace(r, listed, &p) != 0) {
        abort();
    }
    json_decref(listed);

done:
    json_decref(rules);
    rules_free(r);
    return 0;
}
