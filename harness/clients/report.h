/*
 * The JSON object of one handshake: what was seen, and the verdict on it.
 */
#ifndef STAPLELAB_REPORT_H
#define STAPLELAB_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/clients/handshake.h"
#include "harness/clients/verdict.h"

/* A new object for handshake number `ordinal`, from 1; it has a member "http" when there was to be
 * a request. */
json_t *report_handshake(int ordinal, bool status_requested, const handshake *seen,
                         const verdict_judgement *judged);

/* A new object for one that failed. It has a member "seen" when the server had sent anything
 * before; `judged` is about the staple in that, NULL when there was none. */
json_t *report_failure(int ordinal, const char *error, const handshake *seen,
                       const verdict_judgement *judged);

/* A new object for a captured response. */
json_t *report_capture(X509 *leaf, const verdict_judgement *judged);

/* The member "staple" by itself: null for a judgement without one. */
json_t *report_staple(const verdict_judgement *judged);

/* The member "http" by itself. */
json_t *report_get(const get_outcome *get);

/* A new object for a stage that handshake number `ordinal` has reached. */
json_t *report_stage(int ordinal, stage reached);

#endif
