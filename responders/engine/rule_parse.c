/*
 * From JSON to a rule.  All that can be known to make no sense is refused here, since a
 * rule that silently never fires is the worst that a fault injector can have.
 */
#include "responders/engine/rule_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_check.h"
#include "harness/base/memory.h"

typedef struct {
    const rule_terms *terms;
    rule *rule;
    problem *p;
} parser;

static size_t count_keys(const match_key *keys)
{
    size_t n = 0;

    while (keys[n].name != NULL) {
        n++;
    }
    return n;
}

static int find_key(const match_key *keys, const char *name)
{
    for (int i = 0; keys[i].name != NULL; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static void list_keys(const match_key *keys, const char *first, char *out, size_t size)
{
    size_t length = (size_t)snprintf(out, size, "%s", first);

    for (size_t i = 0; keys[i].name != NULL && length < size; i++) {
        length += (size_t)snprintf(out + length, size - length, "%s%s", length == 0 ? "" : ", ",
                                   keys[i].name);
    }
}

static int parse_id(parser *x, json_t *source, const char *where)
{
    char pointer[sizeof(x->p->pointer)];
    const char *id = NULL;

    if (json_check_string(source, where, "id", &id, x->p) != 0) {
        return -1;
    }
    if (id == NULL) {
        return 0;
    }
    if (id[0] == '\0' || strlen(id) > RULE_ID_MAX ||
        strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") !=
            strlen(id)) {
        problem_pointer(pointer, sizeof(pointer), where, "id");
        return problem_refuse(
            x->p, pointer, "an id is 1 to %d letters, digits, \".\", \"_\" or \"-\", not \"%.80s\"",
            RULE_ID_MAX, id);
    }
    snprintf(x->rule->id, sizeof(x->rule->id), "%s", id);
    return 0;
}

static int parse_match(parser *x, json_t *match, const char *where)
{
    const char *name;
    json_t *value;
    char base[sizeof(x->p->pointer)], pointer[sizeof(x->p->pointer)], accepted[256], quoted[64];

    problem_pointer(base, sizeof(base), where, "match");
    if (match == NULL) {
        return 0;
    }
    if (!json_is_object(match)) {
        return problem_refuse(x->p, base, "must be an object of match keys and their values");
    }
    json_object_foreach(match, name, value)
    {
        int key = find_key(x->terms->keys, name);
        const match_key *k;

        problem_pointer(pointer, sizeof(pointer), base, name);
        if (key < 0) {
            list_keys(x->terms->keys, "", accepted, sizeof(accepted));
            return problem_refuse(x->p, pointer, "unknown match key \"%.80s\"; accepted: %s", name,
                                  accepted);
        }
        k = &x->terms->keys[key];
        if (json_is_string(value)) {
            x->rule->match[key] = k->normalise == NULL ? memory_text(json_string_value(value))
                                                       : k->normalise(json_string_value(value));
        }
        if (x->rule->match[key] == NULL) {
            json_check_quote(value, quoted, sizeof(quoted));
            return problem_refuse(x->p, pointer, "%s is not a value for \"%s\": %s", quoted, name,
                                  k->summary);
        }
    }
    return 0;
}

/* Two faults of a step compose unless they change the same thing: the acts from `added` on are held
 * against those before them. */
static int check_clashes(const parser *x, const rule_step *step, size_t added, const char *where)
{
    for (size_t i = added; i < step->acts.count; i++) {
        for (size_t k = 0; k < i; k++) {
            const fault_act *one = &step->acts.list[k], *other = &step->acts.list[i];
            const char *thing = primitive_clash(one->primitive, other->primitive);

            if (thing == NULL) {
                continue;
            }
            return problem_refuse(x->p, where,
                                  "%s and %s both change %s%s%s; a step can do only one of them",
                                  one->name, other->name, thing[0] == '\0' ? "everything" : "\"",
                                  thing, thing[0] == '\0' ? "" : "\"");
        }
    }
    return 0;
}

static int parse_use(parser *x, rule_step *step, json_t *use, const char *where)
{
    const size_t before = step->acts.count;

    if (catalogue_read(x->terms->faults, use, where, x->terms->store, &step->acts, x->p) != 0 ||
        check_clashes(x, step, before, where) != 0) {
        return -1;
    }
    for (size_t i = before; i < step->acts.count; i++) {
        if (step->acts.list[i].primitive->stage == STAGE_LISTENER) {
            x->rule->on_listener = true;
        }
    }
    return 0;
}

/* Stable: within a stage the order of the rule holds. */
static void sort_by_stage(fault_acts *acts)
{
    for (size_t i = 1; i < acts->count; i++) {
        const fault_act moved = acts->list[i];
        size_t k = i;

        for (; k > 0 && acts->list[k - 1].primitive->stage > moved.primitive->stage; k--) {
            acts->list[k] = acts->list[k - 1];
        }
        acts->list[k] = moved;
    }
}

static int parse_step(parser *x, rule_step *step, json_t *source, const char *where)
{
    static const char *const members[] = {"times", "do", NULL};
    char base[sizeof(x->p->pointer)], pointer[sizeof(x->p->pointer) + 24];
    json_int_t times = 0;
    json_t *uses = json_object_get(source, "do");
    json_t *use;
    size_t i;

    if (json_check_members(source, where, members, x->p) != 0 ||
        json_check_integer(source, where, "times", 1, RULE_TIMES_MAX, &times, x->p) != 0) {
        return -1;
    }
    step->times = times == 0 ? RULE_FOR_EVER : (uint64_t)times;

    problem_pointer(base, sizeof(base), where, "do");
    if (!json_is_array(uses)) {
        return problem_refuse(x->p, base, "a step needs \"do\", an array of faults ([] for none)");
    }
    if (json_array_size(uses) > RULE_FAULTS_MAX) {
        return problem_refuse(x->p, base, "a step does at most %d faults, not %zu", RULE_FAULTS_MAX,
                              json_array_size(uses));
    }
    json_array_foreach(uses, i, use)
    {
        snprintf(pointer, sizeof(pointer), "%s/%zu", base, i);
        if (parse_use(x, step, use, pointer) != 0) {
            return -1;
        }
    }
    sort_by_stage(&step->acts);
    return 0;
}

static int parse_sequence(parser *x, json_t *sequence, const char *where)
{
    char base[sizeof(x->p->pointer)], pointer[sizeof(x->p->pointer) + 24];
    rule *r = x->rule;
    const size_t n = json_array_size(sequence);

    problem_pointer(base, sizeof(base), where, "sequence");
    if (n == 0) {
        return problem_refuse(
            x->p, base,
            "a rule needs \"sequence\", an array of at least one step {\"times\", \"do\"}");
    }
    r->steps = memory_array(n, sizeof(r->steps[0]));
    r->nsteps = n;
    for (size_t i = 0; i < n; i++) {
        snprintf(pointer, sizeof(pointer), "%s/%zu", base, i);
        if (parse_step(x, &r->steps[i], json_array_get(sequence, i), pointer) != 0) {
            return -1;
        }
        if (r->steps[i].times != RULE_FOR_EVER) {
            r->period += r->steps[i].times;
            continue;
        }
        if (i + 1 < n || r->repeat) {
            return problem_refuse(
                x->p, pointer, "a step without \"times\" holds for ever, so %s; give it \"times\"",
                i + 1 < n ? "the steps after it are never reached" : "the sequence cannot repeat");
        }
    }
    return 0;
}

static int parse_scope(parser *x, json_t *source, const char *where)
{
    char pointer[sizeof(x->p->pointer)], accepted[256];
    const char *scope = "global";

    x->rule->scope = RULE_SCOPE_GLOBAL;
    if (json_check_string(source, where, "scope", &scope, x->p) != 0) {
        return -1;
    }
    if (strcmp(scope, "global") == 0) {
        return 0;
    }
    x->rule->scope = find_key(x->terms->keys, scope);
    if (x->rule->scope < 0) {
        problem_pointer(pointer, sizeof(pointer), where, "scope");
        list_keys(x->terms->keys, "global", accepted, sizeof(accepted));
        return problem_refuse(x->p, pointer, "unknown scope \"%.80s\"; accepted: %s", scope,
                              accepted);
    }
    return 0;
}

static int parse_probability(parser *x, json_t *source, const char *where)
{
    char pointer[sizeof(x->p->pointer)], quoted[64];
    const json_t *value = json_object_get(source, "probability");
    double probability = json_number_value(value);

    if (value == NULL) {
        return 0;
    }
    if (!json_is_number(value) || probability < 0 || probability > 1) {
        problem_pointer(pointer, sizeof(pointer), where, "probability");
        json_check_quote(value, quoted, sizeof(quoted));
        return problem_refuse(x->p, pointer, "\"probability\" must be a number from 0 to 1, not %s",
                              quoted);
    }
    x->rule->drawn = probability < 1;
    x->rule->probability = probability;
    return 0;
}

/* The first key that the rule matches or counts on and that is not known at accept. */
static const char *late_key(const parser *x)
{
    const rule *r = x->rule;

    for (size_t i = 0; i < r->nkeys; i++) {
        if ((r->match[i] != NULL || r->scope == (int)i) && !x->terms->keys[i].at_accept) {
            return x->terms->keys[i].name;
        }
    }
    return NULL;
}

/* A fault on a listener is there as long as its rule: nothing arrives that could be
 * matched, counted or drawn for. */
static int check_listener_rule(const parser *x, const char *where)
{
    const rule *r = x->rule;
    const char *name = NULL;

    for (size_t i = 0; i < r->nsteps; i++) {
        for (size_t j = 0; j < r->steps[i].acts.count; j++) {
            if (r->steps[i].acts.list[j].primitive->stage == STAGE_LISTENER) {
                name = r->steps[i].acts.list[j].name;
            }
        }
    }
    for (size_t i = 0; i < r->nkeys; i++) {
        if (r->match[i] != NULL && strcmp(x->terms->keys[i].name, "listener") != 0) {
            return problem_refuse(
                x->p, where,
                "%s acts on a listener, so its rule can match on \"listener\" only, "
                "not on \"%s\"",
                name, x->terms->keys[i].name);
        }
    }
    if (r->nsteps > 1 || r->steps[0].acts.count > 1 || r->steps[0].times != RULE_FOR_EVER ||
        r->scope != RULE_SCOPE_GLOBAL || r->drawn || r->repeat) {
        return problem_refuse(
            x->p, where,
            "%s acts on a listener as long as its rule is there: it must be alone in one "
            "step, without \"times\", \"scope\", \"probability\" or \"repeat\"",
            name);
    }
    return 0;
}

static int check_accept_rule(const parser *x, const char *where)
{
    const char *late = late_key(x);

    for (size_t i = 0; late != NULL && i < x->rule->nsteps; i++) {
        const rule_step *step = &x->rule->steps[i];

        for (size_t j = 0; j < step->acts.count; j++) {
            if (step->acts.list[j].primitive->stage == STAGE_ACCEPT) {
                return problem_refuse(
                    x->p, where,
                    "%s is done when a connection is accepted, where \"%s\" is not known "
                    "yet; its rule cannot match or count on it",
                    step->acts.list[j].name, late);
            }
        }
    }
    return 0;
}

int rule_parse(const rule_terms *terms, json_t *source, const char *where, rule **out, problem *p)
{
    static const char *const members[] = {"id",          "match",  "sequence", "scope",
                                          "probability", "repeat", NULL};
    parser x = {.terms = terms, .p = p};
    rule *r = NULL;

    if (json_check_members(source, where, members, p) != 0) {
        return -1;
    }
    r = rule_new(count_keys(terms->keys));
    x.rule = r;
    if (parse_id(&x, source, where) != 0 ||
        parse_match(&x, json_object_get(source, "match"), where) != 0 ||
        parse_scope(&x, source, where) != 0 || parse_probability(&x, source, where) != 0 ||
        json_check_boolean(source, where, "repeat", &r->repeat, p) != 0 ||
        parse_sequence(&x, json_object_get(source, "sequence"), where) != 0) {
        goto failed;
    }
    if (r->on_listener ? check_listener_rule(&x, where) != 0 : check_accept_rule(&x, where) != 0) {
        goto failed;
    }

    r->source = json_incref(source);
    *out = r;
    return 0;

failed:
    rule_unref(r);
    return -1;
}
