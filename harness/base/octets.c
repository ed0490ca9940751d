/* See octets.h. */
#include "harness/base/octets.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"

uint8_t *octets_reserve(octets *o, size_t more)
{
    size_t capacity = o->capacity ? o->capacity : 256;
    while (capacity - o->length < more) {
        if (capacity > SIZE_MAX / 2) {
            memory_exhausted();
        }
        capacity *= 2;
    }
    if (capacity != o->capacity) {
        o->data = memory_resize(o->data, capacity, 1);
        o->capacity = capacity;
    }
    return o->data + o->length;
}

void octets_append(octets *o, const void *data, size_t length)
{
    if (length == 0) {
        return;
    }
    memcpy(octets_reserve(o, length), data, length);
    o->length += length;
}

void octets_append_span(octets *o, span s)
{
    octets_append(o, s.data, s.length);
}

void octets_append_text(octets *o, const char *text)
{
    octets_append(o, text, strlen(text));
}

void octets_append_format(octets *o, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length > 0) {
        vsnprintf((char *)octets_reserve(o, (size_t)length + 1), (size_t)length + 1, format, again);
        o->length += (size_t)length;
    }
    va_end(again);
}

void octets_append_fill(octets *o, uint8_t fill, size_t count)
{
    memset(octets_reserve(o, count), fill, count);
    o->length += count;
}

void octets_append_seeded(octets *o, uint64_t seed, size_t count)
{
    uint8_t *out = octets_reserve(o, count);
    for (size_t i = 0; i < count; i++) {
        /* splitmix64: one step of the counter, then its finaliser. */
        uint64_t z = seed + (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        out[i] = (uint8_t)(z >> 56);
    }
    o->length += count;
}

void octets_cut(octets *o, size_t length)
{
    if (length < o->length) {
        o->length = length;
    }
}

void octets_free(octets *o)
{
    free(o->data);
    *o = (octets){0};
}

span octets_span(const octets *o)
{
    return (span){o->data, o->length};
}
