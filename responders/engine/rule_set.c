/*
 * The set of rules in force: how it changes.  Every change is whole or not at all, and
 * can be taken back (rules_save), since the program may be unable to do what it asks for.
 */
#include "responders/engine/rule_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_check.h"
#include "responders/engine/rule.h"

struct rules_snapshot {
    uint64_t seed, generation, named;
    rule_list list;
    json_t *served;
};

static rule *rule_ref(rule *r)
{
    r->references++;
    return r;
}

void rule_unref(rule *r)
{
    if (r == NULL || --r->references > 0) {
        return;
    }
    for (size_t i = 0; r->match != NULL && i < r->nkeys; i++) {
        free(r->match[i]);
    }
    for (size_t i = 0; i < r->nsteps; i++) {
        for (size_t j = 0; j < r->steps[i].nuses; j++) {
            json_decref(r->steps[i].uses[j].params);
        }
    }
    free(r->match);
    free(r->steps);
    json_decref(r->counters);
    json_decref(r->source);
    free(r);
}

/* Gives a rule that came without an id its name. */
static void rule_name(rule *r, const char *id)
{
    snprintf(r->id, sizeof(r->id), "%s", id);
    json_object_set_new(r->source, "id", json_string(r->id));
}

static void list_clear(rule_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        rule_unref(l->rules[i]);
    }
    free(l->rules);
    l->rules = NULL;
    l->n = 0;
}

/* 0, or -1 out of memory; takes over the reference only on success. */
static int list_append(rule_list *l, rule *r)
{
    rule **rules = realloc(l->rules, (l->n + 1) * sizeof(rules[0]));

    if (rules == NULL) {
        return -1;
    }
    l->rules = rules;
    l->rules[l->n++] = r;
    return 0;
}

static int list_copy(rule_list *to, const rule_list *from)
{
    for (size_t i = 0; i < from->n; i++) {
        if (list_append(to, from->rules[i]) != 0) {
            list_clear(to);
            return -1;
        }
        rule_ref(from->rules[i]);
    }
    return 0;
}

static rule *list_find(const rule_list *l, const char *id)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->rules[i]->id, id) == 0) {
            return l->rules[i];
        }
    }
    return NULL;
}

rule_set *rules_new(const catalogue *c, const match_key *keys, uint64_t seed)
{
    rule_set *r = calloc(1, sizeof(*r));

    if (r == NULL) {
        return NULL;
    }
    r->faults = c;
    r->keys = keys;
    r->seed = seed;
    r->served = json_object();
    return r;
}

void rules_free(rule_set *r)
{
    if (r == NULL) {
        return;
    }
    list_clear(&r->list);
    json_decref(r->served);
    free(r);
}

/* Parses one rule onto the end of `list`. */
static int parse_onto(const rule_set *r, rule_list *list, json_t *source, const char *where,
                      problem *p)
{
    char pointer[sizeof(p->pointer)];
    rule *one = rule_parse(r->faults, r->keys, source, where, p);

    if (one == NULL) {
        return -1;
    }
    if (one->id[0] != '\0' && list_find(list, one->id) != NULL) {
        problem_pointer(pointer, sizeof(pointer), where, "id");
        problem_set(p, 400, pointer, "there is already a rule \"%s\"; ids are unique", one->id);
        rule_unref(one);
        return -1;
    }
    if (list_append(list, one) != 0) {
        problem_set(p, 500, where, "out of memory");
        rule_unref(one);
        return -1;
    }
    return 0;
}

/* After all given ids are known, so that no made-up name takes one of them. */
static void name_rules(rule_list *list, uint64_t *named)
{
    char id[RULE_ID_MAX + 1];

    for (size_t i = 0; i < list->n; i++) {
        if (list->rules[i]->id[0] != '\0') {
            continue;
        }
        do {
            snprintf(id, sizeof(id), "rule-%llu", (unsigned long long)++*named);
        } while (list_find(list, id) != NULL);
        rule_name(list->rules[i], id);
    }
}

int rules_replace(rule_set *r, json_t *rules, problem *p)
{
    static const char *const members[] = {"rules", NULL};
    rule_list list = {0};
    char where[sizeof(p->pointer)];
    const char *base = "";
    json_t *source;
    size_t i;

    if (json_is_object(rules)) {
        if (json_check_members(rules, "", members, p) != 0) {
            return -1;
        }
        rules = json_object_get(rules, "rules");
        base = "/rules";
    }
    if (!json_is_array(rules)) {
        problem_set(p, 400, base, "rules are an array of rules, or {\"rules\": [...]}");
        return -1;
    }
    json_array_foreach(rules, i, source)
    {
        snprintf(where, sizeof(where), "%s/%zu", base, i);
        if (parse_onto(r, &list, source, where, p) != 0) {
            list_clear(&list);
            return -1;
        }
    }
    r->named = 0;
    name_rules(&list, &r->named);
    list_clear(&r->list);
    r->list = list;
    r->generation++;
    return 0;
}

int rules_add(rule_set *r, json_t *source, problem *p)
{
    if (parse_onto(r, &r->list, source, "", p) != 0) {
        return -1;
    }
    name_rules(&r->list, &r->named);
    r->generation++;
    return 0;
}

int rules_remove(rule_set *r, const char *id, problem *p)
{
    for (size_t i = 0; i < r->list.n; i++) {
        if (strcmp(r->list.rules[i]->id, id) != 0) {
            continue;
        }
        rule_unref(r->list.rules[i]);
        r->list.n--;
        memmove(&r->list.rules[i], &r->list.rules[i + 1],
                (r->list.n - i) * sizeof(r->list.rules[0]));
        r->generation++;
        return 0;
    }
    problem_set(p, 404, "", "no rule has the id \"%.80s\"", id);
    return -1;
}

void rules_reset(rule_set *r, uint64_t seed)
{
    list_clear(&r->list);
    json_decref(r->served); /* a snapshot may still hold it */
    r->served = json_object();
    r->named = 0;
    r->generation++;
    if (seed != UINT64_MAX) {
        r->seed = seed;
    }
}

uint64_t rules_generation(const rule_set *r)
{
    return r->generation;
}

uint64_t rules_seed(const rule_set *r)
{
    return r->seed;
}

const json_t *rules_served(const rule_set *r)
{
    return r->served;
}

json_t *rules_to_json(const rule_set *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->list.n; i++) {
        json_array_append_new(list, json_deep_copy(r->list.rules[i]->source));
    }
    return list;
}

rules_snapshot *rules_save(const rule_set *r)
{
    rules_snapshot *s = calloc(1, sizeof(*s));

    if (s == NULL || list_copy(&s->list, &r->list) != 0) {
        free(s);
        return NULL;
    }
    s->seed = r->seed;
    s->generation = r->generation;
    s->named = r->named;
    s->served = json_incref(r->served);
    return s;
}

void rules_restore(rule_set *r, rules_snapshot *s)
{
    const rule_list list = r->list;
    json_t *served = r->served;

    r->list = s->list;
    s->list = list;
    r->served = s->served;
    s->served = served;
    r->seed = s->seed;
    r->generation = s->generation;
    r->named = s->named;
}

void rules_snapshot_free(rules_snapshot *s)
{
    if (s == NULL) {
        return;
    }
    list_clear(&s->list);
    json_decref(s->served);
    free(s);
}
