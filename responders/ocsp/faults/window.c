/* thisUpdate and nextUpdate (RFC 6960, 4.2.2.1; RFC 5019, 2.2.4). */
#include "responders/ocsp/faults/faults.h"

#include "responders/ocsp/model.h"

#define DAY 86400

#define WINDOW "http/body/response/single/this-update", "http/body/response/single/next-update"

/* What becomes of one window. */
typedef struct {
    int64_t this_update, next_update;
    bool has_next_update;
} window;

/* Gives each single response the window that `shape` makes of its own; `now` and `value` are for
 * that function. */
static effect reshape(primitive_call *call, window (*shape)(window, int64_t now, int64_t value),
                      int64_t value)
{
    const ocsp_fault_context *context = call->context;
    ocsp_response *r = call->subject;
    bool changed = false;

    if (!r->has_bytes) {
        call->why = "there is no single response in it";
        return EFFECT_IMPOSSIBLE;
    }
    for (size_t i = 0; i < r->nsingles; i++) {
        ocsp_single *s = &r->singles[i];
        const window old = {s->this_update, s->next_update, s->has_next_update};
        const window new = shape(old, context->now, value);

        changed = changed || new.this_update != old.this_update ||
                  new.has_next_update != old.has_next_update ||
                  (new.has_next_update &&new.next_update != old.next_update);
        s->this_update = new.this_update;
        s->next_update = new.next_update;
        s->has_next_update = new.has_next_update;
    }
    call->why = "the response has those times already";
    return changed ? EFFECT_DONE : EFFECT_IMPOSSIBLE;
}

typedef struct {
    int64_t offset;
} offset_params;

static window begin_at(window w, int64_t now, int64_t offset)
{
    const int64_t width = w.next_update - now;

    return (window){now + offset, now + offset + width, w.has_next_update};
}

static effect this_update(primitive_call *call)
{
    const offset_params *p = call->params;

    return reshape(call, begin_at, p->offset);
}

const primitive ocsp_fault_this_update = {
    .name = "this-update",
    .summary = "thisUpdate at another time; nextUpdate follows as long after it as it was from now",
    .stage = STAGE_MODEL,
    .things = {WINDOW},
    .size = sizeof(offset_params),
    .params =
        (const param[]){
            {.name = "offset",
             .type = &param_integer,
             .offset = offsetof(offset_params, offset),
             .summary = "thisUpdate = now + offset",
             .fallback = "3600",
             .unit = "s",
             .min = -OCSP_FAULT_SECONDS_MAX,
             .max = OCSP_FAULT_SECONDS_MAX},
            {0},
        },
    .act = this_update,
};

static window end_at(window w, int64_t now, int64_t offset)
{
    (void)w;
    return (window){now - offset - DAY, now - offset, true};
}

static effect expired(primitive_call *call)
{
    const offset_params *p = call->params;
    const ocsp_fault_context *context = call->context;
    ocsp_response *r = call->subject;
    const effect done = reshape(call, end_at, p->offset);

    if (done == EFFECT_DONE) {
        r->produced_at = context->now - p->offset - DAY;
    }
    return done;
}

const primitive ocsp_fault_expired = {
    .name = "expired",
    .summary = "a day of validity that is over, and producedAt at its begin",
    .stage = STAGE_MODEL,
    .things = {WINDOW, "http/body/response/produced-at"},
    .size = sizeof(offset_params),
    .params =
        (const param[]){
            {.name = "offset",
             .type = &param_integer,
             .offset = offsetof(offset_params, offset),
             .summary = "nextUpdate = now - offset, thisUpdate a day before",
             .fallback = "3600",
             .unit = "s",
             .min = 1,
             .max = OCSP_FAULT_SECONDS_MAX},
            {0},
        },
    .act = expired,
};

static window endless(window w, int64_t now, int64_t value)
{
    (void)now, (void)value;
    return (window){.this_update = w.this_update};
}

static effect no_next_update(primitive_call *call)
{
    return reshape(call, endless, 0);
}

const primitive ocsp_fault_no_next_update = {
    .name = "no-next-update",
    .summary = "no nextUpdate",
    .stage = STAGE_MODEL,
    .things = {"http/body/response/single/next-update"},
    .act = no_next_update,
};

static window last(window w, int64_t now, int64_t seconds)
{
    (void)now;
    return (window){w.this_update, w.this_update + seconds, true};
}

static effect next_update_before(primitive_call *call)
{
    const offset_params *p = call->params;

    return reshape(call, last, -p->offset);
}

const primitive ocsp_fault_next_update_before = {
    .name = "next-update-before",
    .summary = "nextUpdate before thisUpdate",
    .stage = STAGE_MODEL,
    .things = {WINDOW},
    .size = sizeof(offset_params),
    .params =
        (const param[]){
            {.name = "offset",
             .type = &param_integer,
             .offset = offsetof(offset_params, offset),
             .summary = "nextUpdate = thisUpdate - offset",
             .fallback = "3600",
             .unit = "s",
             .min = 1,
             .max = OCSP_FAULT_SECONDS_MAX},
            {0},
        },
    .act = next_update_before,
};

typedef struct {
    int64_t seconds;
} validity_params;

static effect validity(primitive_call *call)
{
    const validity_params *p = call->params;

    return reshape(call, last, p->seconds);
}

const primitive ocsp_fault_validity = {
    .name = "validity",
    .summary = "how long the response is valid from thisUpdate on",
    .stage = STAGE_MODEL,
    .things = {WINDOW},
    .size = sizeof(validity_params),
    .params =
        (const param[]){
            {.name = "seconds",
             .type = &param_integer,
             .offset = offsetof(validity_params, seconds),
             .summary = "nextUpdate = thisUpdate + seconds",
             .fallback = "120",
             .unit = "s",
             .max = OCSP_FAULT_SECONDS_MAX},
            {0},
        },
    .act = validity,
};
