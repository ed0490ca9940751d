/*
 * The fault catalogue of one program: what can be asked for by name.
 *
 * A program has one table of lines and one of primitives.  They are the single source of what a
 * rule may say, of GET /v1/faults, of --list-faults and of the generated documentation, so the four
 * cannot drift apart.
 */
#ifndef STAPLELAB_ENGINE_CATALOGUE_H
#define STAPLELAB_ENGINE_CATALOGUE_H

#include <jansson.h>
#include <stddef.h>

#include "harness/base/problem.h"
#include "responders/engine/fault.h"
#include "responders/engine/fault_act.h"

typedef struct catalogue catalogue;

/* Makes the catalogue of the lines (the last has a name of NULL) and the primitives (the last is
 * NULL); both must outlive it. 0, or -1 with *p that names a line which is wrong: its recipe, a
 * name or an id that another has, too. */
int catalogue_new(const fault_line *lines, const primitive *const *primitives, catalogue **out,
                  problem *p);
void catalogue_free(catalogue *c);

size_t catalogue_count(const catalogue *c);
const fault *catalogue_at(const catalogue *c, size_t index);

/* The primitives, each as a fault that stands for itself, its id "". */
size_t catalogue_primitive_count(const catalogue *c);
const fault *catalogue_primitive_at(const catalogue *c, size_t index);

/* All faults, in their order, or all primitives, as a new array of what fault_to_json makes. */
json_t *catalogue_faults_to_json(const catalogue *c);
json_t *catalogue_primitives_to_json(const catalogue *c);

/* Reads one entry of a rule's "do": {"fault": NAME, PARAMETER: VALUE, ...} or {"primitive": NAME,
 * ...}. As fault_acts_read; a misspelt name is told the nearest. */
int catalogue_read(const catalogue *c, json_t *use, const char *where, const void *store,
                   fault_acts *acts, problem *p);

#endif
