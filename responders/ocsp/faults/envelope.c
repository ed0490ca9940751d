/* The OCSPResponse as a whole: its status, and its octets (RFC 6960, 4.2.1). */
#include "responders/ocsp/faults/faults.h"

#include "responders/ocsp/model.h"

#define OCTETS_MAX 1048576

typedef struct {
    int64_t status;
} response_status_params;

static effect response_status(primitive_call *call)
{
    const response_status_params *p = call->params;
    ocsp_response *r = call->subject;

    if (r->status == p->status && !r->has_bytes) {
        call->why = "the response is a bare one of that status already";
        return EFFECT_IMPOSSIBLE;
    }
    r->status = (int)p->status;
    r->has_bytes = false;
    return EFFECT_DONE;
}

const primitive ocsp_fault_response_status = {
    .name = "response-status",
    .summary = "an OCSPResponse of that status alone, without responseBytes",
    .stage = STAGE_MODEL,
    .things = {"http/body/response"},
    .size = sizeof(response_status_params),
    .params =
        (const param[]){
            {.name = "status",
             .type = &param_integer,
             .offset = offsetof(response_status_params, status),
             .summary = "the OCSPResponseStatus",
             .fallback = "2",
             .max = 6},
            {0},
        },
    .act = response_status,
};

typedef struct {
    int64_t length, seed;
} der_replace_params;

static effect der_replace(primitive_call *call)
{
    const der_replace_params *p = call->params;
    octets *der = call->subject;

    octets_cut(der, 0);
    octets_append_seeded(der, (uint64_t)p->seed, (size_t)p->length);
    if (p->length > 0) {
        /* A SEQUENCE by chance would be DER of a kind: tag number 31 with its octets unfinished
         * never is. */
        der->data[0] = 0xff;
    }
    return EFFECT_DONE;
}

const primitive ocsp_fault_der_replace = {
    .name = "der-replace",
    .summary = "octets that are no ASN.1 at all in the place of the OCSPResponse",
    .stage = STAGE_ENCODED,
    .things = {"http/body/response", "http/body/trailing"},
    .replaces = true,
    .size = sizeof(der_replace_params),
    .params =
        (const param[]){
            {.name = "length",
             .type = &param_integer,
             .offset = offsetof(der_replace_params, length),
             .summary = "how many octets are sent",
             .fallback = "64",
             .unit = "octets",
             .max = OCTETS_MAX},
            {.name = "seed",
             .type = &param_integer,
             .offset = offsetof(der_replace_params, seed),
             .summary = "what the octets are made from",
             .fallback = "1",
             .max = INT32_MAX},
            {0},
        },
    .act = der_replace,
};

typedef struct {
    int64_t at;
} der_cut_params;

static effect der_cut(primitive_call *call)
{
    const der_cut_params *p = call->params;
    octets *der = call->subject;
    const size_t kept = p->at < 0 ? der->length / 2 : (size_t)p->at;

    if (kept >= der->length) {
        call->why = "the response is not longer than what would be kept of it";
        return EFFECT_IMPOSSIBLE;
    }
    octets_cut(der, kept);
    return EFFECT_DONE;
}

const primitive ocsp_fault_der_cut = {
    .name = "der-cut",
    .summary = "the first octets of the OCSPResponse, and no more",
    .stage = STAGE_ENCODED,
    .things = {"http/body/response", "http/body/trailing"},
    .replaces = true, /* what is cut is no response any more, whatever it said */
    .size = sizeof(der_cut_params),
    .params =
        (const param[]){
            {.name = "at",
             .type = &param_integer,
             .offset = offsetof(der_cut_params, at),
             .summary = "how many octets are kept; -1: the first half",
             .fallback = "-1",
             .unit = "octets",
             .min = -1,
             .max = OCTETS_MAX},
            {0},
        },
    .act = der_cut,
};

typedef struct {
    int64_t octets, fill;
} der_append_params;

static effect der_append(primitive_call *call)
{
    const der_append_params *p = call->params;

    octets_append_fill(call->subject, (uint8_t)p->fill, (size_t)p->octets);
    return EFFECT_DONE;
}

const primitive ocsp_fault_der_append = {
    .name = "der-append",
    .summary = "trailing octets",
    .stage = STAGE_ENCODED,
    .things = {"http/body/trailing"},
    .size = sizeof(der_append_params),
    .params =
        (const param[]){
            {.name = "octets",
             .type = &param_integer,
             .offset = offsetof(der_append_params, octets),
             .summary = "how many octets follow the response",
             .fallback = "70",
             .unit = "octets",
             .min = 1,
             .max = OCTETS_MAX},
            {.name = "fill",
             .type = &param_integer,
             .offset = offsetof(der_append_params, fill),
             .summary = "the value of each of them",
             .fallback = "170",
             .max = 255},
            {0},
        },
    .act = der_append,
};
