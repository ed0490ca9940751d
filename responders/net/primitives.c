/* See primitives.h. */
#include "responders/net/primitives.h"

#include "responders/net/delivery.h"
#include "responders/net/listener.h"

#define DAY_MS    86400000
#define CHUNK_MAX 1048576

/* Listeners. */

typedef struct {
    int mode; /* index among the choices */
} listener_mode_params;

static const char *const modes[] = {"closed", "backlog-full", NULL};

static effect set_listener_mode(primitive_call *call)
{
    static const listener_mode meant[] = {LISTENER_CLOSED, LISTENER_BACKLOG_FULL};
    const listener_mode_params *p = call->params;

    *(listener_mode *)call->subject = meant[p->mode];
    return EFFECT_DONE;
}

const primitive primitives_listener_mode = {
    .name = "listener-mode",
    .summary = "nothing listens (RST to SYN), or the accept queue is full (SYN is dropped)",
    .stage = STAGE_LISTENER,
    .things = {""},
    .replaces = true,
    .size = sizeof(listener_mode_params),
    .params =
        (const param[]){
            {.name = "mode",
             .type = &param_choice,
             .offset = offsetof(listener_mode_params, mode),
             .summary = "what the listening socket does",
             .choices = modes},
            {0},
        },
    .act = set_listener_mode,
};

/* Connections that were just accepted. */

typedef struct {
    int64_t ms;
} accept_hold_params;

static effect accept_hold(primitive_call *call)
{
    const accept_hold_params *p = call->params;
    delivery *d = call->subject;

    d->cut = 0;
    d->end = DELIVERY_HOLD;
    d->hold_ms = p->ms;
    return EFFECT_DONE;
}

const primitive primitives_accept_hold = {
    .name = "accept-hold",
    .summary = "nothing is sent, and the connection is left open",
    .stage = STAGE_ACCEPT,
    .things = {""},
    .replaces = true,
    .size = sizeof(accept_hold_params),
    .params =
        (const param[]){
            {.name = "ms",
             .type = &param_integer,
             .offset = offsetof(accept_hold_params, ms),
             .summary = "closed after that time; 0: never",
             .fallback = "0",
             .unit = "ms",
             .max = DAY_MS},
            {0},
        },
    .act = accept_hold,
};

static effect accept_fin(primitive_call *call)
{
    delivery *d = call->subject;

    d->cut = 0;
    d->end = DELIVERY_FIN;
    return EFFECT_DONE;
}

const primitive primitives_accept_fin = {
    .name = "accept-fin",
    .summary = "FIN before any octet",
    .stage = STAGE_ACCEPT,
    .things = {""},
    .replaces = true,
    .act = accept_fin,
};

typedef struct {
    bool wait;
} accept_rst_params;

/* The client's kernel tells it of a reset at once, its send() or its recv(), whichever comes next:
 * that what it sends is waited for makes it the recv(), every time. */
static effect accept_rst(primitive_call *call)
{
    const accept_rst_params *p = call->params;
    delivery *d = call->subject;

    d->cut = 0;
    d->end = p->wait ? DELIVERY_RST_UNREAD : DELIVERY_RST;
    return EFFECT_DONE;
}

const primitive primitives_accept_rst = {
    .name = "accept-rst",
    .summary = "RST before anything is read",
    .stage = STAGE_ACCEPT,
    .things = {""},
    .replaces = true,
    .size = sizeof(accept_rst_params),
    .params =
        (const param[]){
            {.name = "wait",
             .type = &param_boolean,
             .offset = offsetof(accept_rst_params, wait),
             .summary = "until the client has sent something; false: at once, which its send() may "
                        "notice or its recv()",
             .fallback = "true"},
            {0},
        },
    .act = accept_rst,
};

/* The pace. All times run on the program's clock. */

typedef struct {
    int64_t ms;
    int before;
} delay_params;

enum { BEFORE_HEADERS, BEFORE_BODY };

static const char *const befores[] = {"headers", "body", NULL};

static effect delay(primitive_call *call)
{
    const delay_params *p = call->params;
    delivery *d = call->subject;
    const size_t at = p->before == BEFORE_BODY ? d->head : 0;

    if (at >= d->wire.length) {
        call->why = "there is nothing to send that could wait";
        return EFFECT_IMPOSSIBLE;
    }
    delivery_delay(d, at, p->ms);
    call->from = at;
    return EFFECT_DONE;
}

const primitive primitives_delay = {
    .name = "delay",
    .summary = "the response comes later",
    .stage = STAGE_PACE,
    .things = {"pace/delay"},
    .size = sizeof(delay_params),
    .params =
        (const param[]){
            {.name = "ms",
             .type = &param_integer,
             .offset = offsetof(delay_params, ms),
             .summary = "how long the response waits",
             .fallback = "2000",
             .unit = "ms",
             .min = 1,
             .max = DAY_MS},
            {.name = "before",
             .type = &param_choice,
             .offset = offsetof(delay_params, before),
             .summary = "what waits: the whole response or its body",
             .fallback = "\"headers\"",
             .choices = befores},
            {0},
        },
    .act = delay,
};

typedef struct {
    int64_t chunk, ms;
} drip_params;

static const param drip_table[] = {
    {.name = "chunk",
     .type = &param_integer,
     .offset = offsetof(drip_params, chunk),
     .summary = "how many octets are written at a time",
     .fallback = "1",
     .unit = "octets",
     .min = 1,
     .max = CHUNK_MAX},
    {.name = "ms",
     .type = &param_integer,
     .offset = offsetof(drip_params, ms),
     .summary = "the time from one write to the next",
     .fallback = "1000",
     .unit = "ms",
     .min = 1,
     .max = DAY_MS},
    {0},
};

static effect drip(primitive_call *call, size_t from, size_t to)
{
    const drip_params *p = call->params;

    if (to - from <= (size_t)p->chunk) {
        call->why = "all that would come drop by drop is one chunk";
        return EFFECT_IMPOSSIBLE;
    }
    delivery_drip(call->subject, from, to, (size_t)p->chunk, p->ms);
    call->from = from + (size_t)p->chunk;
    return EFFECT_DONE;
}

static effect drip_head(primitive_call *call)
{
    const delivery *d = call->subject;

    return drip(call, 0, d->head);
}

static effect drip_body(primitive_call *call)
{
    const delivery *d = call->subject;

    return drip(call, d->head, d->wire.length);
}

const primitive primitives_drip_head = {
    .name = "drip-head",
    .summary = "the head comes drop by drop",
    .stage = STAGE_PACE,
    .things = {"pace/head"},
    .size = sizeof(drip_params),
    .params = drip_table,
    .act = drip_head,
};

const primitive primitives_drip_body = {
    .name = "drip-body",
    .summary = "the body comes drop by drop",
    .stage = STAGE_PACE,
    .things = {"pace/body"},
    .size = sizeof(drip_params),
    .params = drip_table,
    .act = drip_body,
};

/* The end. */

typedef struct {
    int how, within;
    int64_t at;
} close_params;

enum { WITHIN_NOTHING, WITHIN_HEAD, WITHIN_BODY, WITHIN_WHOLE };

static const char *const hows[] = {"fin", "rst", "hold", NULL};
static const char *const parts[] = {"nothing", "head", "body", "whole", NULL};

/* A position in a part of the response: the octets before it are written, the one at it is not. */
static bool position(int64_t at, size_t length, size_t *out)
{
    *out = at < 0 ? length / 2 : (size_t)at;
    return *out < length;
}

static effect close_connection(primitive_call *call)
{
    static const delivery_end ends[] = {DELIVERY_FIN, DELIVERY_RST, DELIVERY_HOLD};
    const close_params *p = call->params;
    delivery *d = call->subject;
    const size_t from = p->within == WITHIN_BODY ? d->head : 0;
    const size_t length = p->within == WITHIN_HEAD ? d->head : d->wire.length - from;
    size_t at = 0;

    if ((p->within == WITHIN_HEAD || p->within == WITHIN_BODY) && !position(p->at, length, &at)) {
        call->why = "the part of the response that would be cut is not as long as that";
        return EFFECT_IMPOSSIBLE;
    }
    d->cut = p->within == WITHIN_WHOLE ? d->wire.length : from + at;
    d->end = ends[p->how];
    return EFFECT_DONE;
}

const primitive primitives_close = {
    .name = "close",
    .summary = "how much of the response is written, and how the connection ends then",
    .stage = STAGE_END,
    .things = {"end"},
    .size = sizeof(close_params),
    .params =
        (const param[]){
            {.name = "how",
             .type = &param_choice,
             .offset = offsetof(close_params, how),
             .summary = "how the connection ends; hold: it is left to the client",
             .fallback = "\"fin\"",
             .choices = hows},
            {.name = "within",
             .type = &param_choice,
             .offset = offsetof(close_params, within),
             .summary = "the part of the response inside which it ends",
             .fallback = "\"whole\"",
             .choices = parts},
            {.name = "at",
             .type = &param_integer,
             .offset = offsetof(close_params, at),
             .summary = "how many octets of that part are written; -1: half",
             .fallback = "-1",
             .unit = "octets",
             .min = -1,
             .max = 1073741824},
            {0},
        },
    .act = close_connection,
};
