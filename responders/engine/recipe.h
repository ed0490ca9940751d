/* The small language of a fault's recipe and sequence; its grammar stands in fault.h. */
#ifndef STAPLELAB_ENGINE_RECIPE_H
#define STAPLELAB_ENGINE_RECIPE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/problem.h"

/* One NAME=VALUE or NAME?VALUE[MIN..MAX]. */
typedef struct {
    char *name;
    json_t *value;
    bool fixed;
    bool ranged; /* min and max were given */
    int64_t min, max;
} recipe_setting;

typedef struct {
    char *primitive;
    recipe_setting *settings;
    size_t nsettings;
} recipe_part;

typedef struct {
    recipe_part *parts;
    size_t nparts;
} recipe;

/* Which words a sequence has. */
typedef struct {
    bool healthy; /* "healthy n" comes first */
    bool faulty;  /* "faulty ...": its parameter is m after a healthy one, else n */
} recipe_sequence;

/* Reads a recipe. 0, or -1 with *p that quotes the place; *out is to be cleared in any case. */
int recipe_parse(const char *text, recipe *out, problem *p);
void recipe_clear(recipe *r);

/* Reads a sequence (NULL: none). 0, or -1 with *p. */
int recipe_sequence_parse(const char *text, recipe_sequence *out, problem *p);

#endif
