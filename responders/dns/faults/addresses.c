/*
 * Other addresses: where nobody responds for the name (RFC 1035 3.4.1).
 */
#include "responders/dns/faults/faults.h"

#include <stdlib.h>

#include "responders/dns/codec/dns_type.h"
#include "responders/dns/record_input.h"

/* The name that the response's addresses belong to, at the end of any aliases, and their TTL. */
static void find_owner(const dns_response *r, dns_name *owner, uint32_t *ttl)
{
    *owner = r->name;
    *ttl = RECORD_INPUT_TTL;
    for (size_t i = 0; i < r->answer.count; i++) {
        const dns_rr *rr = &r->answer.list[i];

        if (rr->type == r->type) {
            *owner = rr->owner;
            *ttl = rr->ttl;
            return;
        }
        if (rr->type == DNS_TYPE_CNAME) {
            *owner = rr->names[0];
        }
    }
}

/* Adds the records of that type; returns how many. */
static size_t add_all(dns_section *to, const dns_section *from, uint16_t type)
{
    size_t added = 0;

    for (size_t i = 0; i < from->count; i++) {
        if (from->list[i].type == type) {
            dns_section_add_copy(to, &from->list[i]);
            added++;
        }
    }
    return added;
}

void dns_fault_set_addresses(dns_response *r, const dns_addresses *addresses, bool keep)
{
    dns_section own = r->answer;
    size_t count = 0;
    uint32_t ttl;
    dns_name owner;

    if (r->type != DNS_TYPE_A && r->type != DNS_TYPE_AAAA) {
        return;
    }
    find_owner(r, &owner, &ttl);

    r->answer = (dns_section){0};
    add_all(&r->answer, &own, DNS_TYPE_CNAME);
    for (size_t i = 0; i < addresses->count; i++) {
        if (dns_address_type(&addresses->list[i]) == r->type) {
            dns_section_add_address(&r->answer, &owner, ttl, &addresses->list[i]);
            count++;
        }
    }
    count += keep ? add_all(&r->answer, &own, r->type) : 0;
    free(own.list);

    r->rcode = DNS_RCODE_NOERROR;
    dns_section_empty(&r->authority);
    if (count == 0) {
        dns_section_add_soa(&r->authority, &owner);
    }
}

typedef struct {
    dns_addresses addresses;
} addresses_params;

static void set_other(primitive_call *call)
{
    const addresses_params *p = call->params;

    dns_fault_set_addresses(call->subject, &p->addresses, false);
}

static effect other_addresses(primitive_call *call)
{
    return dns_fault_change(call, set_other);
}

const primitive dns_fault_other_addresses = {
    .name = "other-addresses",
    .summary = "other addresses than the name's own",
    .stage = STAGE_MODEL,
    .things = {"message/header/rcode", "message/records"},
    .size = sizeof(addresses_params),
    .params =
        (const param[]){
            {.name = "values",
             .type = &dns_param_addresses,
             .offset = offsetof(addresses_params, addresses),
             .summary = "IPv4 and IPv6 addresses; without one of the asked family there is no data",
             .fallback = "[\"127.255.255.254\"]"},
            {0},
        },
    .act = other_addresses,
};

static void add_dead(primitive_call *call)
{
    const addresses_params *p = call->params;

    dns_fault_set_addresses(call->subject, &p->addresses, true);
}

static effect dead_addresses(primitive_call *call)
{
    return dns_fault_change(call, add_dead);
}

const primitive dns_fault_dead_addresses = {
    .name = "dead-addresses",
    .summary = "other addresses before the name's own",
    .stage = STAGE_MODEL,
    .things = {"message/header/rcode", "message/records"},
    .size = sizeof(addresses_params),
    .params =
        (const param[]){
            {.name = "dead",
             .type = &dns_param_addresses,
             .offset = offsetof(addresses_params, addresses),
             .summary = "addresses that come before the record's own",
             .fallback = "[\"127.255.255.254\"]"},
            {0},
        },
    .act = dead_addresses,
};
