/* Status codes other than 200, and a 200 that is not ours (RFC 9110, 15). */
#include "responders/ocsp/faults/faults.h"

#include "responders/ocsp/codec/http_response.h"

typedef struct {
    int64_t code;
    char *content_type;
} http_status_params;

/* A body that an earlier stage has shaped is what somebody wants to see with that status. */
static effect http_status(primitive_call *call)
{
    const http_status_params *p = call->params;
    const ocsp_fault_context *context = call->context;
    http_response *r = call->subject;

    if (r->code == p->code && p->content_type == NULL && (context->shaped || r->body.length == 0)) {
        call->why = "the response has that status code anyway";
        return EFFECT_IMPOSSIBLE;
    }
    r->code = (int)p->code;
    if (!context->shaped) {
        http_response_drop_body(r);
    }
    if (p->content_type != NULL) {
        http_response_set(r, "Content-Type", p->content_type);
    }
    return EFFECT_DONE;
}

const primitive ocsp_fault_http_status = {
    .name = "http-status",
    .summary = "another status code; the body is left out unless another fault has changed it",
    .stage = STAGE_MESSAGE,
    .things = {"http/status", "http/headers/content-type", "http/body"},
    .size = sizeof(http_status_params),
    .params =
        (const param[]){
            {.name = "code",
             .type = &param_integer,
             .offset = offsetof(http_status_params, code),
             .summary = "the status code",
             .fallback = "503",
             .min = 100,
             .max = 999},
            {.name = "content_type",
             .type = &param_text,
             .offset = offsetof(http_status_params, content_type),
             .summary = "Content-Type; null: none, or that of the body",
             .fallback = "null"},
            {0},
        },
    .act = http_status,
};

typedef struct {
    char *target;
} http_location_params;

static effect http_location(primitive_call *call)
{
    const http_location_params *p = call->params;

    http_response_set(call->subject, "Location", p->target);
    return EFFECT_DONE;
}

const primitive ocsp_fault_http_location = {
    .name = "http-location",
    .summary = "a Location header",
    .stage = STAGE_MESSAGE,
    .things = {"http/headers/location"},
    .size = sizeof(http_location_params),
    .params =
        (const param[]){
            {.name = "target",
             .type = &param_text,
             .offset = offsetof(http_location_params, target),
             .summary = "the Location",
             .fallback = "\"/moved\""},
            {0},
        },
    .act = http_location,
};

static effect http_page(primitive_call *call)
{
    static const char page[] = "<!DOCTYPE html><html><head><title>Sign in</title></head>"
                               "<body>Please sign in to use this network.</body></html>\n";
    http_response *r = call->subject;

    http_response_set(r, "Content-Type", "text/html");
    http_response_set_body(r, page, sizeof(page) - 1);
    return EFFECT_DONE;
}

const primitive ocsp_fault_http_page = {
    .name = "http-page",
    .summary = "a page of HTML in the place of the OCSPResponse",
    .stage = STAGE_MESSAGE,
    .things = {"http/headers/content-type", "http/body"},
    .replaces = true,
    .act = http_page,
};

typedef struct {
    int64_t octets;
} http_raw_params;

static effect http_raw(primitive_call *call)
{
    const http_raw_params *p = call->params;
    http_response *r = call->subject;

    octets_cut(&r->body, 0);
    octets_append_seeded(&r->body, 1, (size_t)p->octets);
    /* No HTTP message starts with NUL. */
    r->body.data[0] = 0;
    r->raw = true;
    return EFFECT_DONE;
}

const primitive ocsp_fault_http_raw = {
    .name = "http-raw",
    .summary = "octets that are no HTTP",
    .stage = STAGE_MESSAGE,
    .things = {"http"},
    .replaces = true,
    .size = sizeof(http_raw_params),
    .params =
        (const param[]){
            {.name = "octets",
             .type = &param_integer,
             .offset = offsetof(http_raw_params, octets),
             .summary = "how many octets are sent",
             .fallback = "64",
             .unit = "octets",
             .min = 1,
             .max = 1048576},
            {0},
        },
    .act = http_raw,
};
