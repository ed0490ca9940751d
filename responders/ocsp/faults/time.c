/* thisUpdate and nextUpdate (RFC 6960, 4.2.2.1; RFC 5019, 2.2.4). */
#include "responders/ocsp/faults/fault.h"

#define DAY 86400

/* How long the healthy answer would be valid, so that a moved window keeps its width. */
static int64_t window(const single_response *s, const fault_context *context)
{
    return s->has_next_update ? s->next_update - context->now : context->certificates->validity;
}

static void this_update_future(answer *a, const json_t *params, const fault_context *context)
{
    for (size_t i = 0; i < a->nsingles; i++) {
        single_response *s = &a->singles[i];
        int64_t width = window(s, context);
        s->this_update = context->now + param_integer(params, "offset");
        if (s->has_next_update) {
            s->next_update = s->this_update + width;
        }
    }
}

static void next_update_past(answer *a, const json_t *params, const fault_context *context)
{
    int64_t next_update = context->now - param_integer(params, "offset");
    for (size_t i = 0; i < a->nsingles; i++) {
        a->singles[i].has_next_update = true;
        a->singles[i].next_update = next_update;
        a->singles[i].this_update = next_update - DAY;
    }
    a->produced_at = next_update - DAY;
}

static void next_update_absent(answer *a, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    for (size_t i = 0; i < a->nsingles; i++) {
        a->singles[i].has_next_update = false;
    }
}

static void next_before_this(answer *a, const json_t *params, const fault_context *context)
{
    (void)context;
    for (size_t i = 0; i < a->nsingles; i++) {
        a->singles[i].has_next_update = true;
        a->singles[i].next_update = a->singles[i].this_update - param_integer(params, "offset");
    }
}

static void short_validity(answer *a, const json_t *params, const fault_context *context)
{
    (void)context;
    for (size_t i = 0; i < a->nsingles; i++) {
        a->singles[i].has_next_update = true;
        a->singles[i].next_update = a->singles[i].this_update + param_integer(params, "seconds");
    }
}

static const fault_impl do_this_update_future = {.content = this_update_future};
static const fault_impl do_next_update_past = {.content = next_update_past};
static const fault_impl do_next_update_absent = {.content = next_update_absent};
static const fault_impl do_next_before_this = {.content = next_before_this};
static const fault_impl do_short_validity = {.content = short_validity};

static const fault_param this_update_future_params[] = {
    {"offset", PARAM_INTEGER, "s", "thisUpdate = now + offset", "3600", 1, 3153600000, NULL},
    {0},
};

static const fault_param next_update_past_params[] = {
    {"offset", PARAM_INTEGER, "s", "nextUpdate = now - offset, thisUpdate a day before", "3600", 1,
     3153600000, NULL},
    {0},
};

static const fault_param next_before_this_params[] = {
    {"offset", PARAM_INTEGER, "s", "nextUpdate = thisUpdate - offset", "3600", 1, 3153600000, NULL},
    {0},
};

static const fault_param short_validity_params[] = {
    {"seconds", PARAM_INTEGER, "s", "nextUpdate = thisUpdate + seconds", "120", 0, 86400, NULL},
    {0},
};

const fault_spec time_faults[] = {
    {"this-update-future", "A42", "ocsp", "thisUpdate later than now", FAULT_AT_REQUEST,
     this_update_future_params, &do_this_update_future},
    {"next-update-past", "A43", "ocsp", "nextUpdate before now: expired on arrival",
     FAULT_AT_REQUEST, next_update_past_params, &do_next_update_past},
    {"next-update-absent", "A44", "ocsp", "no nextUpdate", FAULT_AT_REQUEST, NULL,
     &do_next_update_absent},
    {"next-update-before-this-update", "A45", "ocsp", "nextUpdate before thisUpdate",
     FAULT_AT_REQUEST, next_before_this_params, &do_next_before_this},
    {"short-validity", "A47", "ocsp", "a window of a few seconds or minutes", FAULT_AT_REQUEST,
     short_validity_params, &do_short_validity},
    {0},
};
