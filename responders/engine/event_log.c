/*
 * A ring, so that a responder left alone for a week holds as much as one that has just
 * started; what fell out is counted, so that nobody takes a hole for silence.
 */
#include "responders/engine/event_log.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "harness/base/memory.h"

struct event_log {
    json_t **ring; /* the event of number n lies at n % capacity */
    size_t capacity;
    size_t count;
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

void event_log_clear(event_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        json_t **slot = &log->ring[(log->last - i) % log->capacity];

        json_decref(*slot);
        *slot = NULL;
    }
    log->count = 0;
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

uint64_t event_log_append(event_log *log, const char *kind, json_t *fields)
{
    json_t *name;
    size_t i;

    const uint64_t seq = ++log->last;
    json_t **slot = &log->ring[seq % log->capacity];
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

    if (log->count == log->capacity) {
        json_decref(*slot);
        log->dropped++;
    } else {
        log->count++;
    }
    *slot = event;
    count(log->kinds, kind);

    if (log->notify != NULL) {
        log->notify(log->notify_arg);
    }
    return seq;
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
        json_t *event = log->ring[seq % log->capacity];

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
