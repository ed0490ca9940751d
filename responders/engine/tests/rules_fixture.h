/* What the tests of the rules share: sets written as JSON, and requests held against them. */
#ifndef STAPLELAB_RULES_FIXTURE_H
#define STAPLELAB_RULES_FIXTURE_H

#include "harness/base/tests/cm.h"

#include "responders/engine/rule_decide.h"
#include "responders/engine/tests/engine_fixture.h"

#define TRY "{\"fault\": \"status-try-later\"}"

/* One catalogue for a whole test program. */
static catalogue *rules_catalogue;

static inline int rules_begin(void **state)
{
    (void)state;
    rules_catalogue = fixture_catalogue();
    return 0;
}

static inline int rules_end(void **state)
{
    (void)state;
    catalogue_free(rules_catalogue);
    return 0;
}

static inline rule_set *rules_new(uint64_t seed)
{
    const rule_terms terms = {.faults = rules_catalogue, .keys = fixture_keys};

    return rule_set_new(&terms, seed);
}

static inline json_t *json_of(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

    if (value == NULL) {
        fail_msg("not JSON: %s", text);
    }
    return value;
}

/* Each changes the set, as the control API does where the program can put the list in force. 0, or
 * -1 with *p and nothing is changed. */
static inline int rules_replace(rule_set *r, const char *text, problem *p)
{
    json_t *rules = json_of(text);
    rule_list *next;
    const int rc = rule_set_replace(r, rules, &next, p);

    json_decref(rules);
    if (rc == 0) {
        rule_set_swap(r, next);
    }
    return rc;
}

static inline int rules_add(rule_set *r, const char *text, problem *p)
{
    json_t *source = json_of(text);
    rule_list *next;
    const int rc = rule_set_add(r, source, &next, p);

    json_decref(source);
    if (rc == 0) {
        rule_set_swap(r, next);
    }
    return rc;
}

static inline int rules_remove(rule_set *r, const char *id, problem *p)
{
    rule_list *next;
    const int rc = rule_set_remove(r, id, &next, p);

    if (rc == 0) {
        rule_set_swap(r, next);
    }
    return rc;
}

static inline rule_set *set_of_seed(const char *text, uint64_t seed)
{
    rule_set *r = rules_new(seed);
    problem p = {0};

    if (rules_replace(r, text, &p) != 0) {
        fail_msg("%s: %s", p.pointer, p.detail);
    }
    return r;
}

static inline rule_set *set_of(const char *text)
{
    return set_of_seed(text, 1);
}

/* One request: "RULE/ORDINAL FAULT...", or "-" when no rule served it. */
static inline const char *decide(rule_set *r, bool at_accept, const char *listener,
                                 const char *serial, const char *method)
{
    static char text[256];
    const char *values[] = {listener, serial, method};
    plan p;
    const bool served = rule_decide(r, at_accept, values, &p);

    assert_true(p.generation == rule_set_generation(r));
    if (!served) {
        assert_null(p.rule);
        assert_int_equal(p.nitems, 0);
        snprintf(text, sizeof(text), "-");
    } else {
        snprintf(text, sizeof(text), "%s/%llu", p.rule->id, (unsigned long long)p.ordinal);
        for (size_t i = 0; i < p.nitems; i++) {
            assert_int_equal(p.items[i].state, PLAN_OPEN);
            snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s", p.items[i].act->name);
        }
    }
    plan_clear(&p);
    return text;
}

static inline const char *request(rule_set *r, const char *serial)
{
    return decide(r, false, "web", serial, "GET");
}

static inline const char *accepted(rule_set *r)
{
    return decide(r, true, "web", NULL, NULL);
}

#endif
