/*
 * Times to live (RFC 1035 3.2.1, RFC 2181 8), and a response that changes once one has passed.
 */
#include "responders/dns/faults/faults.h"

#include "responders/dns/record_input.h"

static void set_ttl(dns_section *section, uint32_t ttl)
{
    for (size_t i = 0; i < section->count; i++) {
        section->list[i].ttl = ttl;
    }
}

typedef struct {
    int64_t seconds;
} ttl_params;

static void set_every_ttl(primitive_call *call)
{
    const ttl_params *p = call->params;
    dns_response *r = call->subject;

    set_ttl(&r->answer, (uint32_t)p->seconds);
    set_ttl(&r->authority, (uint32_t)p->seconds);
}

static effect ttl(primitive_call *call)
{
    return dns_fault_change(call, set_every_ttl);
}

const primitive dns_fault_ttl = {
    .name = "ttl",
    .summary = "another TTL of every record",
    .stage = STAGE_MODEL,
    .things = {"message/records/ttl"},
    .size = sizeof(ttl_params),
    .params =
        (const param[]){
            {.name = "seconds",
             .type = &param_integer,
             .offset = offsetof(ttl_params, seconds),
             .summary = "the TTL",
             .fallback = "0",
             .unit = "s",
             .max = UINT32_MAX},
            {0},
        },
    .act = ttl,
};

typedef struct {
    int64_t ttl;
    dns_addresses addresses;
} ttl_window_params;

static void change_in_time(primitive_call *call)
{
    const ttl_window_params *p = call->params;
    const dns_fault_context *c = call->context;
    dns_response *r = call->subject;
    int64_t first;

    if (!fault_state_first(c->state, c->rule, c->question, c->now, &first)) {
        call->why = "so many questions were asked that no more of them can be remembered";
        return;
    }
    if (c->now - first >= p->ttl) {
        dns_fault_set_addresses(r, &p->addresses, false);
    }
    set_ttl(&r->answer, (uint32_t)p->ttl);
}

static effect ttl_window(primitive_call *call)
{
    return dns_fault_change(call, change_in_time);
}

const primitive dns_fault_ttl_window = {
    .name = "ttl-window",
    .summary = "a short TTL, and other addresses once it has passed since the first query",
    .stage = STAGE_MODEL,
    .things = {"message/header/rcode", "message/records"},
    .size = sizeof(ttl_window_params),
    .params =
        (const param[]){
            {.name = "ttl",
             .type = &param_integer,
             .offset = offsetof(ttl_window_params, ttl),
             .summary = "the TTL, and the time after which the other addresses come",
             .fallback = "5",
             .unit = "s",
             .min = 1,
             .max = RECORD_INPUT_TTL_MAX},
            {.name = "values",
             .type = &dns_param_addresses,
             .offset = offsetof(ttl_window_params, addresses),
             .summary = "the other addresses",
             .fallback = "[\"127.255.255.254\"]"},
            {0},
        },
    .act = ttl_window,
};
