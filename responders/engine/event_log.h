/*
 * The event log: what the program saw and did, a ring of JSON objects that is bounded by their
 * number and by the memory that they take: as much as if each took EVENT_LOG_OCTETS_EACH.
 *
 * Each event has "seq" (from 1, never reused), "time" (Unix seconds on the program's
 * clock, with milliseconds) and "kind"; the rest is the kind's own.
 */
#ifndef STAPLELAB_ENGINE_EVENT_LOG_H
#define STAPLELAB_ENGINE_EVENT_LOG_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

typedef struct event_log event_log;

/* An event of a query that asks for one name takes about a third of that, one that lists a thousand
 * addresses fifty times as much. */
#define EVENT_LOG_OCTETS_EACH 4096

event_log *event_log_new(size_t capacity);
void event_log_free(event_log *log);

/* How many events it can hold. */
size_t event_log_capacity(const event_log *log);

/* How much memory the events take that are held now, nearly; and at most. */
size_t event_log_octets(const event_log *log);
size_t event_log_octets_max(const event_log *log);

/* How much memory a value takes, nearly. */
size_t event_log_octets_of(const json_t *value);

/* Called after every append; one listener (the control API). */
void event_log_on_append(event_log *log, void (*notify)(void *arg), void *arg);

/* Appends an event of that kind: takes over the reference to `fields` (an object, or NULL
 * for none), whose values are kept and not copied; "seq", "time" and "kind" come first and
 * cannot be overwritten by it.  Returns its sequence number. */
uint64_t event_log_append(event_log *log, const char *kind, json_t *fields);

uint64_t event_log_last(const event_log *log); /* 0 before the first event */

/* The kept events with seq > since that carry every member of `match` (an object of
 * equal members, or NULL), oldest first and at most `limit` (0: all), as a new array. */
json_t *event_log_since(const event_log *log, uint64_t since, const json_t *match, size_t limit);

/* How many events fell out of the ring since the log was new or cleared. */
uint64_t event_log_dropped(const event_log *log);

/* How many events of each kind were appended since then: {"accept": 3, ...}.  Borrowed. */
const json_t *event_log_counts(const event_log *log);

/* How often each fault was told by the member "faults" of an event since then.  Borrowed. */
const json_t *event_log_faults(const event_log *log);

/* Forgets the events and the counts; sequence numbers go on. */
void event_log_clear(event_log *log);

#endif
