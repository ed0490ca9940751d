/*
 * A ring, so that a responder left alone for a week holds as much as one that has just
 * started; what fell out is counted, so that nobody takes a hole for silence.
 */
#include "responders/engine/event_log.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/memory.h"

/* What jansson and the allocator take besides, nearly: for a value, and for a member of an object.
 */
#define VALUE_OCTETS  48
#define MEMBER_OCTETS 64

typedef struct {
    json_t *event;
    size_t octets;
} entry;

struct event_log {
    entry *ring; /* the event of number n lies at n % capacity */
    size_t capacity;
    size_t count;
    size_t octets;
    uint64_t last;
    uint64_t dropped;
    json_t *kinds;  /* kind -> how many */
    json_t *faults; /* fault -> how often it was told */
    void (*notify)(void *arg);
    void *notify_arg;
};

event_log *event_log_new(size_t capacity)
{
    event_log *log = memory_new(sizeof(*log));

    log->capacity = capacity == 0 ? 1 : capacity;
    log->ring = memory_array(log->capacity, sizeof(log->ring[0]));
    log->kinds = json_object();
    log->faults = json_object();
    return log;
}

static void drop_oldest(event_log *log)
{
    entry *oldest = &log->ring[(log->last - log->count + 1) % log->capacity];

    json_decref(oldest->event);
    log->octets -= oldest->octets;
    log->count--;
    log->dropped++;
    *oldest = (entry){0};
}

void event_log_clear(event_log *log)
{
    while (log->count > 0) {
        drop_oldest(log);
    }
    log->dropped = 0;
    json_object_clear(log->kinds);
    json_object_clear(log->faults);
}

void event_log_free(event_log *log)
{
    if (log == NULL) {
        return;
    }
    event_log_clear(log);
    json_decref(log->kinds);
    json_decref(log->faults);
    free(log->ring);
    free(log);
}

void event_log_on_append(event_log *log, void (*notify)(void *arg), void *arg)
{
    log->notify = notify;
    log->notify_arg = arg;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return ((double)t.tv_sec * 1000 + (double)(t.tv_nsec / 1000000)) / 1000;
}

static void count(json_t *counts, const char *what)
{
    json_object_set_new(counts, what,
                        json_integer(json_integer_value(json_object_get(counts, what)) + 1));
}

size_t event_log_octets_of(const json_t *value)
{
    size_t sum = VALUE_OCTETS, i;
    const char *name;
    json_t *one;

    if (json_is_string(value)) {
        return sum + json_string_length(value);
    }
    json_array_foreach((json_t *)value, i, one)
    {
        sum += event_log_octets_of(one);
    }
    json_object_foreach((json_t *)value, name, one)
    {
        sum += MEMBER_OCTETS + strlen(name) + event_log_octets_of(one);
    }
    return sum;
}

/* The newest is kept in any case. */
static void make_room(event_log *log, size_t octets)
{
    while (log->count > 0 &&
           (log->count == log->capacity || log->octets + octets > event_log_octets_max(log))) {
        drop_oldest(log);
    }
}

uint64_t event_log_append(event_log *log, const char *kind, json_t *fields)
{
    json_t *name;
    size_t i;

    const uint64_t seq = log->last + 1;
    size_t octets;
    json_t *event =
        json_pack("{s:I, s:f, s:s}", "seq", (json_int_t)seq, "time", now(), "kind", kind);

    json_array_foreach(json_object_get(fields, "faults"), i, name)
    {
        count(log->faults, json_string_value(name));
    }
    if (fields != NULL) {
        json_object_update_missing(event, fields);
    }
    json_decref(fields);

    octets = event_log_octets_of(event);
    make_room(log, octets);
    log->ring[seq % log->capacity] = (entry){event, octets};
    log->last = seq;
    log->octets += octets;
    log->count++;
    count(log->kinds, kind);

    if (log->notify != NULL) {
        log->notify(log->notify_arg);
    }
    return seq;
}

size_t event_log_capacity(const event_log *log)
{
    return log->capacity;
}

size_t event_log_octets(const event_log *log)
{
    return log->octets;
}

size_t event_log_octets_max(const event_log *log)
{
    return log->capacity * EVENT_LOG_OCTETS_EACH;
}

uint64_t event_log_last(const event_log *log)
{
    return log->last;
}

static bool matches(const json_t *event, const json_t *match)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)match, name, value)
    {
        json_t *own = json_object_get(event, name);

        if (own == NULL || !json_equal(own, value)) {
            return false;
        }
    }
    return true;
}

json_t *event_log_since(const event_log *log, uint64_t since, const json_t *match, size_t limit)
{
    json_t *found = json_array();
    uint64_t seq = log->last - log->count + 1;

    if (since >= log->last) {
        return found;
    }
    if (seq <= since) {
        seq = since + 1;
    }
    for (; seq <= log->last; seq++) {
        json_t *event = log->ring[seq % log->capacity].event;

        if (!matches(event, match)) {
            continue;
        }
        json_array_append(found, event);
        if (limit > 0 && json_array_size(found) == limit) {
            break;
        }
    }
    return found;
}

uint64_t event_log_dropped(const event_log *log)
{
    return log->dropped;
}

const json_t *event_log_counts(const event_log *log)
{
    return log->kinds;
}

const json_t *event_log_faults(const event_log *log)
{
    return log->faults;
}
