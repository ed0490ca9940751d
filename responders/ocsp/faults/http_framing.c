/* Headers and framing that lie or overdo it (RFC 9110, 8; RFC 9112, 6 and 7). */
#include "responders/ocsp/faults/faults.h"

#include <string.h>

#include "responders/ocsp/codec/http_response.h"

/* Sets the header, or takes it out where `value` is NULL. */
static effect set_header(primitive_call *call, const char *name, const char *value)
{
    const char *before = http_response_get(call->subject, name);

    if (value == NULL ? before == NULL : before != NULL && strcmp(before, value) == 0) {
        call->why = "that is how the header is anyway";
        return EFFECT_IMPOSSIBLE;
    }
    if (value == NULL) {
        http_response_remove(call->subject, name);
    } else {
        http_response_set(call->subject, name, value);
    }
    return EFFECT_DONE;
}

typedef struct {
    char *value;
} header_params;

static effect content_type(primitive_call *call)
{
    const header_params *p = call->params;

    return set_header(call, "Content-Type", p->value);
}

const primitive ocsp_fault_content_type = {
    .name = "content-type",
    .summary = "another Content-Type, or none",
    .stage = STAGE_MESSAGE,
    .things = {"http/headers/content-type"},
    .size = sizeof(header_params),
    .params =
        (const param[]){
            {.name = "value",
             .type = &param_text,
             .offset = offsetof(header_params, value),
             .summary = "the Content-Type; null: none",
             .fallback = "null"},
            {0},
        },
    .act = content_type,
};

static effect http_connection(primitive_call *call)
{
    const header_params *p = call->params;

    return set_header(call, "Connection", p->value);
}

const primitive ocsp_fault_http_connection = {
    .name = "http-connection",
    .summary = "another Connection header, or none",
    .stage = STAGE_MESSAGE,
    .things = {"http/headers/connection"},
    .size = sizeof(header_params),
    .params =
        (const param[]){
            {.name = "value",
             .type = &param_text,
             .offset = offsetof(header_params, value),
             .summary = "what Connection says; null: there is none",
             .fallback = "null"},
            {0},
        },
    .act = http_connection,
};

typedef struct {
    int direction;
    int64_t n;
} content_length_params;

enum { LONGER, SHORTER };

static const char *const directions[] = {[LONGER] = "longer", [SHORTER] = "shorter", NULL};

static effect content_length(primitive_call *call)
{
    const content_length_params *p = call->params;
    http_response *r = call->subject;

    if (p->direction == SHORTER && r->body.length == 0) {
        call->why = "Content-Length is 0 anyway";
        return EFFECT_IMPOSSIBLE;
    }
    r->length_off = p->direction == SHORTER ? -p->n : p->n;
    return EFFECT_DONE;
}

const primitive ocsp_fault_content_length = {
    .name = "content-length",
    .summary = "Content-Length differs from the length of the body",
    .stage = STAGE_MESSAGE,
    .things = {"http/headers/content-length", "http/body/length"},
    .size = sizeof(content_length_params),
    .params =
        (const param[]){
            {.name = "direction",
             .type = &param_choice,
             .offset = offsetof(content_length_params, direction),
             .summary = "whether it tells more or less",
             .fallback = "\"longer\"",
             .choices = directions},
            {.name = "n",
             .type = &param_integer,
             .offset = offsetof(content_length_params, n),
             .summary = "by how much it differs from the body; it is never below 0",
             .fallback = "100",
             .unit = "octets",
             .min = 1,
             .max = 1048576},
            {0},
        },
    .act = content_length,
};

typedef struct {
    int64_t chunks;
} chunked_params;

static effect chunked(primitive_call *call)
{
    const chunked_params *p = call->params;
    http_response *r = call->subject;

    http_response_remove(r, "Content-Length");
    http_response_set(r, "Transfer-Encoding", "chunked");
    r->chunks = (size_t)p->chunks;
    return EFFECT_DONE;
}

const primitive ocsp_fault_chunked = {
    .name = "chunked",
    .summary = "chunked transfer coding",
    .stage = STAGE_MESSAGE,
    .things = {"http/headers/content-length", "http/headers/transfer-encoding"},
    .size = sizeof(chunked_params),
    .params =
        (const param[]){
            {.name = "chunks",
             .type = &param_integer,
             .offset = offsetof(chunked_params, chunks),
             .summary = "in how many chunks the body is sent",
             .fallback = "4",
             .min = 1,
             .max = 1000},
            {0},
        },
    .act = chunked,
};

typedef struct {
    int64_t octets;
} padding_params;

static effect header_padding(primitive_call *call)
{
    static const char name[] = "X-Padding";
    const padding_params *p = call->params;
    octets value = {0};

    /* The whole header line has that many octets: name, colon, space, value, CRLF. */
    octets_append_fill(&value, 'x', (size_t)p->octets - (sizeof(name) - 1) - 4);
    octets_append(&value, "", 1);
    http_response_set(call->subject, name, (const char *)value.data);
    octets_free(&value);
    return EFFECT_DONE;
}

const primitive ocsp_fault_header_padding = {
    .name = "header-padding",
    .summary = "one more header, of many octets",
    .stage = STAGE_MESSAGE,
    .things = {"http/headers/x-padding"},
    .size = sizeof(padding_params),
    .params =
        (const param[]){
            {.name = "octets",
             .type = &param_integer,
             .offset = offsetof(padding_params, octets),
             .summary = "the length of the header line",
             .fallback = "17000",
             .unit = "octets",
             .min = 16,
             .max = 16777216},
            {0},
        },
    .act = header_padding,
};

static effect body_padding(primitive_call *call)
{
    const padding_params *p = call->params;
    http_response *r = call->subject;

    if (r->body.length >= (size_t)p->octets) {
        call->why = "the body has that many octets anyway";
        return EFFECT_IMPOSSIBLE;
    }
    octets_append_fill(&r->body, 0, (size_t)p->octets - r->body.length);
    return EFFECT_DONE;
}

const primitive ocsp_fault_body_padding = {
    .name = "body-padding",
    .summary = "trailing zero octets",
    .stage = STAGE_MESSAGE,
    .things = {"http/body/length"},
    .size = sizeof(padding_params),
    .params =
        (const param[]){
            {.name = "octets",
             .type = &param_integer,
             .offset = offsetof(padding_params, octets),
             .summary = "the response is filled up with zero octets to that length",
             .fallback = "20000",
             .unit = "octets",
             .min = 1,
             .max = 268435456},
            {0},
        },
    .act = body_padding,
};
