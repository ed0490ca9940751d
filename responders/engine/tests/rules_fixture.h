/* What the tests of the rules share: sets written as JSON, and requests held against them. */
#ifndef STAPLELAB_RULES_FIXTURE_H
#define STAPLELAB_RULES_FIXTURE_H

#include "harness/base/tests/cm.h"

#include "responders/program/tests/fake_program.h"

#define TRY "{\"fault\": \"status-try-later\"}"

static inline rule_set *set_of(const char *text)
{
    rule_set *r = rules_new(&fake_catalogue, fake_keys, 1);
    json_t *rules = json_loads(text, 0, NULL);
    problem p = {0};

    assert_non_null(rules);
    if (rules_replace(r, rules, &p) != 0) {
        fail_msg("%s: %s", p.pointer, p.detail);
    }
    json_decref(rules);
    return r;
}

/* One request: "RULE/ORDINAL FAULT...", or "-" when no rule served it. */
static inline const char *decide(rule_set *r, fault_phase phase, const char *listener,
                                 const char *serial, const char *method)
{
    static char text[256];
    const char *values[] = {listener, serial, method, NULL};
    const match_subject subject = {.values = values};
    plan p;
    bool served = rules_decide(r, phase, &subject, &p);

    assert_true(p.generation == rules_generation(r));
    if (!served) {
        assert_string_equal(p.rule, "");
        assert_int_equal(p.nuses, 0);
        snprintf(text, sizeof(text), "-");
    } else {
        snprintf(text, sizeof(text), "%s/%llu", p.rule, (unsigned long long)p.ordinal);
        for (size_t i = 0; i < p.nuses; i++) {
            snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s", p.uses[i].spec->name);
        }
    }
    plan_clear(&p);
    return text;
}

static inline const char *request(rule_set *r, const char *serial)
{
    return decide(r, FAULT_AT_REQUEST, "web", serial, "GET");
}

static inline const char *accepted(rule_set *r)
{
    return decide(r, FAULT_AT_ACCEPT, "web", NULL, NULL);
}

#endif
