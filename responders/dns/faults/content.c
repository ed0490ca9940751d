/*
 * Wrong content: addresses where nobody answers for the name.
 */
#include "responders/dns/faults/faults.h"

static void wrong_address(const fault_context *c, const json_t *params)
{
    fault_set_addresses(c, param_list(params, "values"), false, -1);
}

static void mixed_addresses(const fault_context *c, const json_t *params)
{
    fault_set_addresses(c, param_list(params, "dead"), true, -1);
}

static const fault_param wrong_params[] = {
    {.name = "values",
     .type = PARAM_LIST,
     .summary = "IPv4 and IPv6 addresses; without one of the asked family there is no data",
     .fallback = FAULT_DEAD_ADDRESS},
    {.name = NULL},
};

static const fault_param mixed_params[] = {
    {.name = "dead",
     .type = PARAM_LIST,
     .summary = "addresses that come before the record's own",
     .fallback = FAULT_DEAD_ADDRESS},
    {.name = NULL},
};

const fault_spec fault_wrong_address = {
    .name = "wrong-address",
    .id = "C55",
    .layer = "dns",
    .summary = "the addresses of another host",
    .params = wrong_params,
    .impl = &(const dns_fault){.edit = wrong_address},
};

const fault_spec fault_mixed_addresses = {
    .name = "mixed-addresses",
    .id = "C56",
    .layer = "dns",
    .summary = "dead addresses before the name's own",
    .params = mixed_params,
    .impl = &(const dns_fault){.edit = mixed_addresses},
};
