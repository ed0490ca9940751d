/* See rule_set.h. */
#include "responders/engine/rule_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_check.h"
#include "harness/base/memory.h"

struct rule_set {
    rule_terms terms;
    uint64_t seed;
    uint64_t generation;
    rule_list *current;
};

rule_list *rule_list_empty(void)
{
    return memory_new(sizeof(rule_list));
}

void rule_list_free(rule_list *l)
{
    if (l == NULL) {
        return;
    }
    for (size_t i = 0; i < l->count; i++) {
        rule_unref(l->rules[i]);
    }
    free(l->rules);
    free(l);
}

/* A list with room for so many rules; those of `from` come first. */
static rule_list *list_new(const rule_list *from, size_t room)
{
    rule_list *l = rule_list_empty();

    l->rules = memory_array(room + 1, sizeof(l->rules[0]));
    for (size_t i = 0; from != NULL && i < from->count; i++) {
        l->rules[l->count++] = rule_ref(from->rules[i]);
    }
    l->named = from == NULL ? 0 : from->named;
    return l;
}

rule_set *rule_set_new(const rule_terms *terms, uint64_t seed)
{
    rule_set *r = memory_new(sizeof(*r));

    r->terms = *terms;
    r->seed = seed;
    r->current = rule_list_empty();
    return r;
}

void rule_set_free(rule_set *r)
{
    if (r == NULL) {
        return;
    }
    rule_list_free(r->current);
    free(r);
}

/* The ids of a list, each a member, so that a long list is looked up quickly. */
static json_t *ids_of(const rule_list *l)
{
    json_t *ids = json_object();

    for (size_t i = 0; i < l->count; i++) {
        json_object_set_new(ids, l->rules[i]->id, json_null());
    }
    return ids;
}

/* Parses one rule onto the end of the list, which has room. */
static int parse_onto(const rule_set *r, rule_list *l, json_t *ids, json_t *source,
                      const char *where, problem *p)
{
    char pointer[sizeof(p->pointer)];
    rule *one;

    if (rule_parse(&r->terms, source, where, &one, p) != 0) {
        return -1;
    }
    l->rules[l->count++] = one;
    if (one->id[0] == '\0') {
        return 0;
    }
    if (json_object_get(ids, one->id) != NULL) {
        problem_pointer(pointer, sizeof(pointer), where, "id");
        return problem_refuse(p, pointer, "there is already a rule \"%s\"; ids are unique",
                              one->id);
    }
    json_object_set_new(ids, one->id, json_null());
    return 0;
}

/* After all given ids are known, so that no made-up name takes one of them. */
static void name_rules(rule_list *l, json_t *ids)
{
    char id[RULE_ID_MAX + 1];

    for (size_t i = 0; i < l->count; i++) {
        if (l->rules[i]->id[0] != '\0') {
            continue;
        }
        do {
            snprintf(id, sizeof(id), "rule-%llu", (unsigned long long)++l->named);
        } while (json_object_get(ids, id) != NULL);
        rule_name(l->rules[i], id);
    }
}

/* Names what has no name and hands the list out, or frees it where `rc` is not 0; returns that. */
static int finish(rule_list *l, json_t *ids, int rc, rule_list **out)
{
    if (rc == 0) {
        name_rules(l, ids);
        *out = l;
    } else {
        rule_list_free(l);
    }
    json_decref(ids);
    return rc;
}

int rule_set_replace(const rule_set *r, json_t *rules, rule_list **out, problem *p)
{
    static const char *const members[] = {"rules", NULL};
    char where[sizeof(p->pointer)];
    const char *base = "";
    json_t *source, *ids;
    rule_list *l;
    size_t i;
    int rc = 0;

    if (json_is_object(rules)) {
        if (json_check_members(rules, "", members, p) != 0) {
            return -1;
        }
        rules = json_object_get(rules, "rules");
        base = "/rules";
    }
    if (!json_is_array(rules)) {
        return problem_refuse(p, base, "rules are an array of rules, or {\"rules\": [...]}");
    }
    l = list_new(NULL, json_array_size(rules));
    ids = json_object();
    json_array_foreach(rules, i, source)
    {
        snprintf(where, sizeof(where), "%s/%zu", base, i);
        rc = parse_onto(r, l, ids, source, where, p);
        if (rc != 0) {
            break;
        }
    }
    return finish(l, ids, rc, out);
}

int rule_set_add(const rule_set *r, json_t *source, rule_list **out, problem *p)
{
    rule_list *l = list_new(r->current, r->current->count + 1);
    json_t *ids = ids_of(l);
    const int rc = parse_onto(r, l, ids, source, "", p);

    return finish(l, ids, rc, out);
}

int rule_set_remove(const rule_set *r, const char *id, rule_list **out, problem *p)
{
    const rule_list *now = r->current;
    rule_list *l = rule_list_empty();

    l->rules = memory_array(now->count + 1, sizeof(l->rules[0]));
    l->named = now->named;
    for (size_t i = 0; i < now->count; i++) {
        if (strcmp(now->rules[i]->id, id) != 0) {
            l->rules[l->count++] = rule_ref(now->rules[i]);
        }
    }
    if (l->count == now->count) {
        rule_list_free(l);
        problem_set(p, 404, "", "no rule has the id \"%.80s\"", id);
        return -1;
    }
    *out = l;
    return 0;
}

void rule_set_swap(rule_set *r, rule_list *next)
{
    rule_list_free(r->current);
    r->current = next;
    r->generation++;
}

void rule_set_seed(rule_set *r, uint64_t seed)
{
    r->seed = seed;
}

const rule_list *rule_set_current(const rule_set *r)
{
    return r->current;
}

uint64_t rule_set_generation(const rule_set *r)
{
    return r->generation;
}

uint64_t rule_set_get_seed(const rule_set *r)
{
    return r->seed;
}

json_t *rule_set_to_json(const rule_set *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->current->count; i++) {
        json_array_append_new(list, rule_to_json(r->current->rules[i]));
    }
    return list;
}

void rule_list_each_listener(const rule_list *l,
                             void (*visit)(const fault_act *act, const char *listener, void *arg),
                             void *arg)
{
    for (size_t i = 0; i < l->count; i++) {
        const rule *one = l->rules[i];
        const char *listener = NULL;

        if (!one->on_listener) {
            continue;
        }
        for (size_t k = 0; k < one->nkeys; k++) {
            listener = one->match[k] != NULL ? one->match[k] : listener;
        }
        visit(&one->steps[0].acts.list[0], listener, arg);
    }
}
