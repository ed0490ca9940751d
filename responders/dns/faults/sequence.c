/*
 * TTLs, and answers that change with the number of queries or with time.
 */
#include "responders/dns/faults/faults.h"

#include "responders/dns/codec/dns_type.h"

static void set_ttl(dns_section *section, uint32_t ttl)
{
    size_t i;

    for (i = 0; i < section->count; i++) {
        section->list[i].ttl = ttl;
    }
}

static void ttl_zero(const fault_context *c, const json_t *params)
{
    (void)params;
    set_ttl(&c->reply->answer, 0);
    set_ttl(&c->reply->authority, 0);
}

static void ttl_short_then_change(const fault_context *c, const json_t *params)
{
    json_int_t ttl = param_integer(params, "ttl");
    time_t first;

    first = memory_first(c->memory, c->rule, &c->query->name, c->query->type, c->now);
    if (c->now - first >= ttl) {
        fault_set_addresses(c, param_list(params, "values"), false, ttl);
    }
    set_ttl(&c->reply->answer, (uint32_t)ttl);
}

static void answer_change(const fault_context *c, const json_t *params)
{
    if (c->ordinal >= (uint64_t)param_integer(params, "n")) {
        fault_set_addresses(c, param_list(params, "values"), false, -1);
    }
}

static void error_then_address(const fault_context *c, const json_t *params)
{
    if (c->ordinal < (uint64_t)param_integer(params, "n")) {
        fault_set_rcode(c, (uint16_t)param_integer(params, "rcode"));
    }
}

static void address_then_error(const fault_context *c, const json_t *params)
{
    if (c->ordinal >= (uint64_t)param_integer(params, "n")) {
        fault_set_rcode(c, (uint16_t)param_integer(params, "rcode"));
    }
}

static const fault_param short_params[] = {
    {.name = "ttl",
     .type = PARAM_INTEGER,
     .unit = "s",
     .summary = "the TTL, and the time after which the other addresses come",
     .fallback = "5",
     .min = 1,
     .max = RECORDS_TTL_MAX},
    {.name = "values",
     .type = PARAM_LIST,
     .summary = "the other addresses",
     .fallback = FAULT_DEAD_ADDRESS},
    {.name = NULL},
};

static const fault_param change_params[] = {
    {.name = "n",
     .type = PARAM_INTEGER,
     .unit = "queries",
     .summary = "how many get the name's own addresses, counted in the rule's scope",
     .fallback = "1",
     .min = 0,
     .max = 1000000},
    {.name = "values",
     .type = PARAM_LIST,
     .summary = "the other addresses",
     .fallback = FAULT_DEAD_ADDRESS},
    {.name = NULL},
};

static const fault_param error_first_params[] = {
    {.name = "n",
     .type = PARAM_INTEGER,
     .unit = "queries",
     .summary = "how many get the error, counted in the rule's scope",
     .fallback = "1",
     .min = 1,
     .max = 1000000},
    FAULT_RCODE_PARAM,
    {.name = NULL},
};

static const fault_param error_later_params[] = {
    {.name = "n",
     .type = PARAM_INTEGER,
     .unit = "queries",
     .summary = "how many are answered, counted in the rule's scope",
     .fallback = "1",
     .min = 0,
     .max = 1000000},
    FAULT_RCODE_PARAM,
    {.name = NULL},
};

const fault_spec fault_ttl_zero = {
    .name = "ttl-zero",
    .id = "C74",
    .layer = "dns",
    .summary = "every TTL is 0",
    .impl = &(const dns_fault){.edit = ttl_zero},
};

const fault_spec fault_ttl_short_then_change = {
    .name = "ttl-short-then-change",
    .id = "C75",
    .layer = "dns",
    .summary = "a short TTL, and other addresses once it has passed",
    .params = short_params,
    .impl = &(const dns_fault){.edit = ttl_short_then_change},
};

const fault_spec fault_answer_change = {
    .name = "answer-change",
    .id = "C78",
    .layer = "dns",
    .summary = "other addresses after n queries",
    .params = change_params,
    .impl = &(const dns_fault){.edit = answer_change},
};

const fault_spec fault_error_then_address = {
    .name = "error-then-address",
    .id = "C79",
    .layer = "dns",
    .summary = "n errors, then the addresses",
    .params = error_first_params,
    .impl = &(const dns_fault){.edit = error_then_address},
};

const fault_spec fault_address_then_error = {
    .name = "address-then-error",
    .id = "C80",
    .layer = "dns",
    .summary = "n answers, then errors",
    .params = error_later_params,
    .impl = &(const dns_fault){.edit = address_then_error},
};
