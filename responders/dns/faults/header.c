/*
 * The header (RFC 1035 4.1.1): responses that a resolver must not take for the response to its
 * query, and such as send it from UDP to TCP.
 */
#include "responders/dns/faults/faults.h"

typedef struct {
    int64_t delta;
} id_params;

static effect id(primitive_call *call)
{
    const id_params *p = call->params;
    dns_response *r = call->subject;

    r->id = (uint16_t)(r->id + p->delta);
    return EFFECT_DONE;
}

const primitive dns_fault_id = {
    .name = "id",
    .summary = "another ID",
    .stage = STAGE_MODEL,
    .things = {"message/header/id"},
    .size = sizeof(id_params),
    .params =
        (const param[]){
            {.name = "delta",
             .type = &param_integer,
             .offset = offsetof(id_params, delta),
             .summary = "what is added to the query's ID, modulo 65536",
             .fallback = "1",
             .min = 1,
             .max = 65535},
            {0},
        },
    .act = id,
};

/* The plainest way to have the QR bit clear is the one seen in the wild. */
static effect echo(primitive_call *call)
{
    const dns_fault_context *c = call->context;
    dns_response *r = call->subject;

    dns_section_empty(&r->answer);
    dns_section_empty(&r->authority);
    r->rcode = 0;
    r->other = c->message;
    return EFFECT_DONE;
}

const primitive dns_fault_echo = {
    .name = "echo",
    .summary = "the query itself",
    .stage = STAGE_MODEL,
    .things = {"message"},
    .act = echo,
};

static effect truncate_message(primitive_call *call)
{
    const dns_fault_context *c = call->context;
    dns_response *r = call->subject;

    if (c->tcp) {
        return EFFECT_NONE;
    }
    dns_section_empty(&r->answer);
    dns_section_empty(&r->authority);
    r->tc = true;
    return EFFECT_DONE;
}

const primitive dns_fault_truncate = {
    .name = "truncate",
    .summary = "over UDP: TC is set and there are no records",
    .stage = STAGE_MODEL,
    .things = {"message/header/tc", "message/records"},
    .act = truncate_message,
};
