/*
 * What the tests of the engine inject: primitives that write down what they were called with, a
 * small catalogue over them, and match keys.
 */
#ifndef STAPLELAB_ENGINE_FIXTURE_H
#define STAPLELAB_ENGINE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/engine/catalogue.h"
#include "responders/engine/match.h"
#include "responders/engine/rule.h"

/* The subject of every stage. */
typedef struct {
    char journal[512]; /* what was done, each followed by ";" */
    effect gives;      /* what the primitives say of it */
} subject;

static inline effect fixture_note(primitive_call *call, const char *text)
{
    subject *s = call->subject;

    snprintf(s->journal + strlen(s->journal), sizeof(s->journal) - strlen(s->journal), "%s;", text);
    if (s->gives == EFFECT_IMPOSSIBLE) {
        call->why = "there is nothing to change";
    }
    return s->gives;
}

/* A type of a program's own: a word that its store (a list that ends with NULL) knows. */
static inline void fixture_word_accepts(const param *p, char *out, size_t size)
{
    (void)p;
    snprintf(out, size, "a word that is known");
}

static inline bool fixture_word_read(const param *p, const json_t *value, const void *store,
                                     void *member)
{
    const char *const *known = store;

    (void)p;
    if (!json_is_string(value)) {
        return false;
    }
    while (known != NULL && *known != NULL && strcmp(*known, json_string_value(value)) != 0) {
        known++;
    }
    if (known != NULL && *known == NULL) {
        return false;
    }
    *(char **)member = memory_text(json_string_value(value));
    return true;
}

static inline void fixture_word_clear(void *member)
{
    free(*(char **)member);
}

static const param_type fixture_word = {.name = "word",
                                        .accepts = fixture_word_accepts,
                                        .read = fixture_word_read,
                                        .clear = fixture_word_clear};

typedef struct {
    int64_t status;
} fixture_status_params;

static inline effect fixture_do_status(primitive_call *call)
{
    const fixture_status_params *p = call->params;
    char text[64];

    snprintf(text, sizeof(text), "status %lld", (long long)p->status);
    return fixture_note(call, text);
}

static const primitive fixture_status = {
    .name = "response-status",
    .summary = "another status",
    .stage = STAGE_MODEL,
    .things = {"http/body"},
    .size = sizeof(fixture_status_params),
    .params = (const param[]){{.name = "status",
                               .type = &param_integer,
                               .offset = offsetof(fixture_status_params, status),
                               .summary = "the status",
                               .max = 255},
                              {0}},
    .act = fixture_do_status,
};

typedef struct {
    int64_t reason, offset;
    int form;
    bool critical;
    char *by;
} fixture_revoked_params;

static const char *const fixture_forms[] = {"byName", "byKey", NULL};

static inline effect fixture_do_revoked(primitive_call *call)
{
    const fixture_revoked_params *p = call->params;
    char text[160];

    snprintf(text, sizeof(text), "revoked %lld %lld %s%s%s%.40s", (long long)p->reason,
             (long long)p->offset, fixture_forms[p->form], p->critical ? " critical" : "",
             p->by == NULL ? "" : " by ", p->by == NULL ? "" : p->by);
    return fixture_note(call, text);
}

static const primitive fixture_revoked = {
    .name = "cert-status",
    .summary = "the certificate is revoked",
    .stage = STAGE_MODEL,
    .things = {"http/body/response/single"},
    .size = sizeof(fixture_revoked_params),
    .params = (const param[]){{.name = "reason",
                               .type = &param_integer,
                               .offset = offsetof(fixture_revoked_params, reason),
                               .summary = "revocation reason",
                               .fallback = "1",
                               .max = 10},
                              {.name = "offset",
                               .type = &param_integer,
                               .offset = offsetof(fixture_revoked_params, offset),
                               .summary = "how long ago",
                               .fallback = "null",
                               .unit = "s",
                               .min = -100,
                               .max = 3600},
                              {.name = "form",
                               .type = &param_choice,
                               .offset = offsetof(fixture_revoked_params, form),
                               .summary = "how the responder is named",
                               .fallback = "\"byKey\"",
                               .choices = fixture_forms},
                              {.name = "critical",
                               .type = &param_boolean,
                               .offset = offsetof(fixture_revoked_params, critical),
                               .summary = "critical",
                               .fallback = "false"},
                              {.name = "by",
                               .type = &fixture_word,
                               .offset = offsetof(fixture_revoked_params, by),
                               .summary = "who revoked it",
                               .fallback = "null"},
                              {0}},
    .act = fixture_do_revoked,
};

typedef struct {
    char *target;
} fixture_redirect_params;

static inline effect fixture_do_redirect(primitive_call *call)
{
    const fixture_redirect_params *p = call->params;
    char text[160];

    snprintf(text, sizeof(text), "redirect %.100s", p->target);
    return fixture_note(call, text);
}

static const primitive fixture_redirect = {
    .name = "location",
    .summary = "a redirect",
    .stage = STAGE_MESSAGE,
    .things = {"http/status", "http/headers/location"},
    .size = sizeof(fixture_redirect_params),
    .params = (const param[]){{.name = "target",
                               .type = &param_text,
                               .offset = offsetof(fixture_redirect_params, target),
                               .summary = "where to"},
                              {0}},
    .act = fixture_do_redirect,
};

static inline effect fixture_do_garbage(primitive_call *call)
{
    return fixture_note(call, "garbage");
}

static const primitive fixture_garbage = {
    .name = "garbage",
    .summary = "no HTTP at all",
    .stage = STAGE_WIRE,
    .things = {"http"},
    .replaces = true,
    .act = fixture_do_garbage,
};

typedef struct {
    int64_t ms;
} fixture_pause_params;

static inline effect fixture_do_pause(primitive_call *call)
{
    const fixture_pause_params *p = call->params;
    char text[64];

    snprintf(text, sizeof(text), "pause %lld", (long long)p->ms);
    return fixture_note(call, text);
}

static const primitive fixture_pause = {
    .name = "pause",
    .summary = "the response comes later",
    .stage = STAGE_PACE,
    .things = {"pace"},
    .size = sizeof(fixture_pause_params),
    .params = (const param[]){{.name = "ms",
                               .type = &param_integer,
                               .offset = offsetof(fixture_pause_params, ms),
                               .summary = "how long",
                               .fallback = "2000",
                               .unit = "ms",
                               .min = 1,
                               .max = 60000},
                              {0}},
    .act = fixture_do_pause,
};

static inline effect fixture_do_reset(primitive_call *call)
{
    return fixture_note(call, "reset");
}

static const primitive fixture_reset = {
    .name = "accept-reset",
    .summary = "RST right after accept",
    .stage = STAGE_ACCEPT,
    .things = {""},
    .replaces = true,
    .act = fixture_do_reset,
};

static inline effect fixture_do_down(primitive_call *call)
{
    return fixture_note(call, "down");
}

static const primitive fixture_down = {
    .name = "listener-down",
    .summary = "nothing listens",
    .stage = STAGE_LISTENER,
    .things = {""},
    .replaces = true,
    .act = fixture_do_down,
};

static const primitive *const fixture_primitives[] = {
    &fixture_status, &fixture_revoked, &fixture_redirect, &fixture_garbage,
    &fixture_pause,  &fixture_reset,   &fixture_down,     NULL,
};

static const fault_line fixture_lines[] = {
    {"A03", "status-try-later", "response-status status=3", NULL, "tryLater (3)", "RFC 6960 2.3"},
    {"A26", "cert-status-revoked", "cert-status", NULL, "revoked", NULL},
    {"A27", "revoked-once", "cert-status reason?4[0..6] form=byName offset=-5",
     "healthy n, faulty m", "revoked for a while", NULL},
    {"B40", "http-redirect", "location", NULL, "a redirect", NULL},
    {"B41", "late-redirect", "pause ms?5[1..10]; location target=/", "faulty n",
     "a redirect that comes late", NULL},
    {"B06", "rst-on-accept", "accept-reset", NULL, "RST right after accept", NULL},
    {"B07", "rst-later", "accept-reset", "healthy n", "RST after some connections", NULL},
    {"B01", "connection-refused", "listener-down", NULL, "nothing listens", NULL},
    {0},
};

static inline catalogue *fixture_catalogue(void)
{
    catalogue *c;
    problem p;

    if (catalogue_new(fixture_lines, fixture_primitives, &c, &p) != 0) {
        fprintf(stderr, "%s\n", p.detail);
        abort();
    }
    return c;
}

/* Lower case; "bad" is no serial. */
static inline char *fixture_normalise(const char *value)
{
    char *copy = strcmp(value, "bad") == 0 ? NULL : memory_text(value);

    for (char *s = copy; s != NULL && *s != '\0'; s++) {
        *s = *s >= 'A' && *s <= 'Z' ? (char)(*s + 'a' - 'A') : *s;
    }
    return copy;
}

enum { FIXTURE_LISTENER, FIXTURE_SERIAL, FIXTURE_METHOD };

static const match_key fixture_keys[] = {
    {.name = "listener", .summary = "a name from --listen", .at_accept = true},
    {.name = "serial", .summary = "hexadecimal digits", .normalise = fixture_normalise},
    {.name = "method", .summary = "GET or POST"},
    {0},
};

#endif
