/* A view of octets that somebody else owns. */
#ifndef STAPLELAB_BASE_SPAN_H
#define STAPLELAB_BASE_SPAN_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *data;
    size_t length;
} span;

#endif
