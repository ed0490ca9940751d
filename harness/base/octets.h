/* A growing string of octets: what a message is while it is being made. */
#ifndef STAPLELAB_BASE_OCTETS_H
#define STAPLELAB_BASE_OCTETS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/base/span.h"

typedef struct {
    uint8_t *data; /* NULL while nothing was ever appended */
    size_t length;
    size_t capacity;
} octets;

/* Makes room for `more` octets after the present ones and returns where they go; the
 * length does not change. */
uint8_t *octets_reserve(octets *o, size_t more);

void octets_append(octets *o, const void *data, size_t length);
void octets_append_span(octets *o, span s);
void octets_append_text(octets *o, const char *text);
void octets_append_format(octets *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
void octets_append_fill(octets *o, uint8_t fill, size_t count);

/* Appends `count` octets that depend on the seed alone: the same in every run. */
void octets_append_seeded(octets *o, uint64_t seed, size_t count);

/* Cuts to `length`; does nothing when there are no more than that. */
void octets_cut(octets *o, size_t length);

/* Frees the octets; the object is empty and usable afterwards. */
void octets_free(octets *o);

span octets_span(const octets *o);

#endif
