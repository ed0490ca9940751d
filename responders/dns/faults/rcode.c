/*
 * Response codes (RFC 1035 4.1.1): what a resolver must make of an error, of no data, and of an
 * error that comes with data all the same.
 */
#include "responders/dns/faults/faults.h"

#include "responders/dns/codec/dns_type.h"

static void set_code(dns_response *r, uint16_t rcode)
{
    dns_section_empty(&r->answer);
    dns_section_empty(&r->authority);
    r->rcode = rcode;
}

void dns_fault_set_error(dns_response *r, uint16_t rcode)
{
    set_code(r, rcode);
    if (rcode == DNS_RCODE_NXDOMAIN) {
        dns_section_add_soa(&r->authority, &r->name);
    }
}

typedef struct {
    int64_t rcode;
    bool question;
    uint16_t type;
} rcode_params;

static void make_error(primitive_call *call)
{
    const rcode_params *p = call->params;
    dns_response *r = call->subject;

    if (p->type == 0 || p->type == r->type) {
        dns_fault_set_error(r, (uint16_t)p->rcode);
    }
}

static effect error(primitive_call *call)
{
    return dns_fault_change(call, make_error);
}

static void make_error_and_question(primitive_call *call)
{
    const rcode_params *p = call->params;
    dns_response *r = call->subject;

    make_error(call);
    r->question = r->question && (p->question || (p->type != 0 && p->type != r->type));
}

static effect rcode(primitive_call *call)
{
    return dns_fault_change(call, make_error_and_question);
}

const primitive dns_fault_rcode = {
    .name = "rcode",
    .summary = "a response code and no records",
    .stage = STAGE_MODEL,
    .things = {"message/header/rcode", "message/records", "message/question"},
    .size = sizeof(rcode_params),
    .params =
        (const param[]){
            {.name = "value",
             .type = &param_integer,
             .offset = offsetof(rcode_params, rcode),
             .summary = "the response code",
             .fallback = "2",
             .min = 1,
             .max = 15},
            {.name = "question",
             .type = &param_boolean,
             .offset = offsetof(rcode_params, question),
             .summary = "whether the question is repeated in the response",
             .fallback = "true"},
            {.name = "type",
             .type = &dns_param_type,
             .offset = offsetof(rcode_params, type),
             .summary = "the type whose queries get it",
             .fallback = "null"},
            {0},
        },
    .act = rcode,
};

const primitive dns_fault_error = {
    .name = "error",
    .summary = "an error of the rule's choice: its code and no records",
    .stage = STAGE_MODEL,
    .things = {"message/header/rcode", "message/records"},
    .size = sizeof(rcode_params),
    .params = (const param[]){{.name = "type",
                               .type = &dns_param_type,
                               .offset = offsetof(rcode_params, type),
                               .summary = "the type whose queries get it",
                               .fallback = "null"},
                              {.name = "rcode",
                               .type = &param_integer,
                               .offset = offsetof(rcode_params, rcode),
                               .summary = "the response code",
                               .fallback = "2",
                               .min = 1,
                               .max = 15},
                              {0}},
    .act = error,
};

static void set_rcode(primitive_call *call)
{
    const rcode_params *p = call->params;
    dns_response *r = call->subject;

    r->rcode = (uint16_t)p->rcode;
}

static effect rcode_only(primitive_call *call)
{
    return dns_fault_change(call, set_rcode);
}

const primitive dns_fault_rcode_only = {
    .name = "rcode-only",
    .summary = "another response code; the records stay",
    .stage = STAGE_MODEL,
    .things = {"message/header/rcode"},
    .size = sizeof(rcode_params),
    .params = (const param[]){{.name = "rcode",
                               .type = &param_integer,
                               .offset = offsetof(rcode_params, rcode),
                               .summary = "the response code",
                               .fallback = "2",
                               .min = 1,
                               .max = 15},
                              {0}},
    .act = rcode_only,
};

static void make_no_data(primitive_call *call)
{
    dns_response *r = call->subject;

    set_code(r, DNS_RCODE_NOERROR);
    dns_section_add_soa(&r->authority, &r->name);
}

static effect no_data(primitive_call *call)
{
    return dns_fault_change(call, make_no_data);
}

const primitive dns_fault_no_data = {
    .name = "no-data",
    .summary = "the name is there and has no record of the type",
    .stage = STAGE_MODEL,
    .things = {"message/header/rcode", "message/records"},
    .act = no_data,
};
