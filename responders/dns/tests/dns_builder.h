/* Queries octet by octet, without the programs' code. */
#ifndef STAPLELAB_DNS_BUILDER_H
#define STAPLELAB_DNS_BUILDER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    uint8_t octets[512];
    size_t length;
} query;

static inline void query_add(query *q, const void *data, size_t length)
{
    memcpy(q->octets + q->length, data, length);
    q->length += length;
}

/* ID 0x1234, RD, one question of class IN; the name is labels with dots. */
static inline query query_of(const char *name, uint16_t type)
{
    const uint8_t end[5] = {0, (uint8_t)(type >> 8), (uint8_t)type, 0, 1};
    query q = {0};

    query_add(&q, "\x12\x34\1\0\0\1\0\0\0\0\0\0", 12);
    while (*name != '\0') {
        const uint8_t length = (uint8_t)strcspn(name, ".");

        query_add(&q, &length, 1);
        query_add(&q, name, length);
        name += length + (name[length] == '.');
    }
    query_add(&q, end, sizeof(end));
    return q;
}

#endif
