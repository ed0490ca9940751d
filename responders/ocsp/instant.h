/*
 * A point in time as people give it, in rules and in the control API alike: a number is seconds
 * from now, a text is the time itself, "2030-01-01T00:00:00Z" (RFC 3339, in UTC).
 */
#ifndef STAPLELAB_OCSP_INSTANT_H
#define STAPLELAB_OCSP_INSTANT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Twenty years: the seconds since 1970 are further away, and were meant to be something else. */
#define INSTANT_SECONDS_MAX INT64_C(631152000)

#define INSTANT_TEXT_SIZE 32
#define INSTANT_FORM                                                                               \
    "a whole number of seconds from now, up to twenty years, or a time in UTC like "               \
    "\"2030-01-01T00:00:00Z\""

typedef struct {
    bool absolute;
    int64_t seconds; /* from now, or since 1970 when it is absolute */
} instant;

bool instant_read(const json_t *value, instant *out);

/* Only such a text. */
bool instant_read_text(const char *text, instant *out);

/* In Unix seconds. */
int64_t instant_at(const instant *i, int64_t now);

/* Unix seconds as such a text. */
void instant_to_text(int64_t epoch, char out[INSTANT_TEXT_SIZE]);

#endif
