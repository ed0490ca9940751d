/* See catalogue.h. */
#include "responders/engine/catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/base/memory.h"

/* A list of faults; in the second of a catalogue each primitive stands for itself. */
typedef struct {
    fault **list;
    size_t count;
} faults;

struct catalogue {
    faults faults, primitives;
    fault_line *own; /* the lines that primitives have */
};

static int add(faults *to, const fault_line *line, const primitive *const *primitives, problem *p)
{
    fault *made;

    if (fault_new(line, primitives, &made, p) != 0) {
        return -1;
    }
    to->list = memory_resize(to->list, to->count + 1, sizeof(to->list[0]));
    to->list[to->count++] = made;
    return 0;
}

static void clear(faults *f)
{
    for (size_t i = 0; i < f->count; i++) {
        fault_free(f->list[i]);
    }
    free(f->list);
}

static const fault *find(const faults *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->list[i]->line->name, name) == 0) {
            return f->list[i];
        }
    }
    return NULL;
}

/* Names are unique among faults and primitives, since events tell them; ids among faults. */
static int check_unique(const catalogue *c, const fault_line *line, problem *p)
{
    if (find(&c->faults, line->name) != NULL || find(&c->primitives, line->name) != NULL) {
        return problem_fail(p, "fault %s %s: its name is taken", line->id, line->name);
    }
    for (size_t i = 0; i < c->faults.count && line->id[0] != '\0'; i++) {
        if (strcmp(c->faults.list[i]->line->id, line->id) == 0) {
            return problem_fail(p, "fault %s %s: its id is taken by %s", line->id, line->name,
                                c->faults.list[i]->line->name);
        }
    }
    return 0;
}

static int add_primitives(catalogue *c, const primitive *const *primitives, problem *p)
{
    size_t n = 0;

    while (primitives[n] != NULL) {
        n++;
    }
    c->own = memory_array(n + 1, sizeof(c->own[0]));
    for (size_t i = 0; i < n; i++) {
        const primitive *one = primitives[i];

        c->own[i] =
            (fault_line){.id = "", .name = one->name, .recipe = one->name, .summary = one->summary};
        if (check_unique(c, &c->own[i], p) != 0 ||
            add(&c->primitives, &c->own[i], primitives, p) != 0) {
            return -1;
        }
    }
    return 0;
}

int catalogue_new(const fault_line *lines, const primitive *const *primitives, catalogue **out,
                  problem *p)
{
    catalogue *c = memory_new(sizeof(*c));

    if (add_primitives(c, primitives, p) != 0) {
        goto failed;
    }
    for (; lines->name != NULL; lines++) {
        if (check_unique(c, lines, p) != 0 || add(&c->faults, lines, primitives, p) != 0) {
            goto failed;
        }
    }
    *out = c;
    return 0;

failed:
    catalogue_free(c);
    return -1;
}

void catalogue_free(catalogue *c)
{
    if (c == NULL) {
        return;
    }
    clear(&c->faults);
    clear(&c->primitives);
    free(c->own);
    free(c);
}

size_t catalogue_count(const catalogue *c)
{
    return c->faults.count;
}

const fault *catalogue_at(const catalogue *c, size_t index)
{
    return c->faults.list[index];
}

size_t catalogue_primitive_count(const catalogue *c)
{
    return c->primitives.count;
}

const fault *catalogue_primitive_at(const catalogue *c, size_t index)
{
    return c->primitives.list[index];
}

static json_t *to_json(const faults *f)
{
    json_t *list = json_array();

    for (size_t i = 0; i < f->count; i++) {
        json_array_append_new(list, fault_to_json(f->list[i]));
    }
    return list;
}

json_t *catalogue_faults_to_json(const catalogue *c)
{
    return to_json(&c->faults);
}

json_t *catalogue_primitives_to_json(const catalogue *c)
{
    return to_json(&c->primitives);
}

/* The names that are meant by a wrong one; that of an id is a sure guess. */
static void nearest(const faults *f, const char *name, char *out, size_t size)
{
    const char **names = memory_array(f->count + 1, sizeof(names[0]));

    out[0] = '\0';
    for (size_t i = 0; i < f->count; i++) {
        names[i] = f->list[i]->line->name;
        if (name[0] != '\0' && strcasecmp(f->list[i]->line->id, name) == 0) {
            snprintf(out, size, "%s", names[i]);
        }
    }
    if (out[0] == '\0') {
        problem_nearest(name, names, out, size);
    }
    free(names);
}

static void refuse(const faults *f, const char *naming, const char *name, const char *where,
                   problem *p)
{
    char pointer[sizeof(p->pointer)], near[256];

    nearest(f, name, near, sizeof(near));
    problem_pointer(pointer, sizeof(pointer), where, naming);
    if (near[0] == '\0') {
        problem_set(p, 400, pointer, "unknown %s \"%.80s\"; GET /v1/faults lists all %zu", naming,
                    name, f->count);
        return;
    }
    problem_set(p, 400, pointer, "unknown %s \"%.80s\"; the nearest are: %s", naming, name, near);
}

int catalogue_read(const catalogue *c, json_t *use, const char *where, const void *store,
                   fault_acts *acts, problem *p)
{
    const char *naming = json_object_get(use, "primitive") != NULL ? "primitive" : "fault";
    const faults *among = naming[0] == 'p' ? &c->primitives : &c->faults;
    const char *name = json_string_value(json_object_get(use, naming));
    const fault *found;

    if (name == NULL) {
        return problem_refuse(
            p, where,
            "a fault is an object with its name as \"fault\" and its parameters beside it");
    }
    found = find(among, name);
    if (found == NULL) {
        refuse(among, naming, name, where, p);
        return -1;
    }
    return fault_acts_read(found, naming, use, where, store, acts, p);
}
