/*
 * Loss and timing: answers that do not come, come the next time only, or come late.
 */
#include "responders/dns/faults/faults.h"

static void drop_query(const fault_context *c, const json_t *params)
{
    (void)params;
    c->delivery->drop = true;
}

static void drop_first_n(const fault_context *c, const json_t *params)
{
    c->delivery->drop = c->ordinal < (uint64_t)param_integer(params, "n");
}

static void answer_delay(const fault_context *c, const json_t *params)
{
    c->delivery->delay_ms = param_integer(params, "ms");
}

static const fault_param drop_params[] = {
    {.name = "n",
     .type = PARAM_INTEGER,
     .unit = "queries",
     .summary = "how many are dropped, counted in the rule's scope",
     .fallback = "1",
     .min = 1,
     .max = 1000000},
    {.name = NULL},
};

static const fault_param delay_params[] = {
    {.name = "ms",
     .type = PARAM_INTEGER,
     .unit = "ms",
     .summary = "time between query and answer",
     .fallback = "2000",
     .min = 1,
     .max = 86400000},
    {.name = NULL},
};

const fault_spec fault_drop_query = {
    .name = "drop-query",
    .id = "C12",
    .layer = "tcp",
    .summary = "no answer at all",
    .impl = &(const dns_fault){.edit = drop_query},
};

const fault_spec fault_drop_first_n = {
    .name = "drop-first-n",
    .id = "C14",
    .layer = "tcp",
    .summary = "no answer to the first n queries",
    .params = drop_params,
    .impl = &(const dns_fault){.edit = drop_first_n},
};

const fault_spec fault_answer_delay = {
    .name = "answer-delay",
    .id = "C17",
    .layer = "tcp",
    .summary = "the answer is sent later",
    .params = delay_params,
    .impl = &(const dns_fault){.edit = answer_delay},
};
