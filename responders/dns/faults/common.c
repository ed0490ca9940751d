/*
 * What several families do to an answer.
 */
#include "responders/dns/faults/faults.h"

#include <stdlib.h>
#include <string.h>

#include "responders/dns/codec/dns_type.h"

static void empty(dns_reply *reply)
{
    dns_section_empty(&reply->answer);
    dns_section_empty(&reply->authority);
}

void fault_set_rcode(const fault_context *c, uint16_t rcode)
{
    empty(c->reply);
    c->reply->rcode = rcode;
    if (rcode == DNS_RCODE_NXDOMAIN) {
        dns_section_add_soa(&c->reply->authority, &c->query->name);
    }
}

void fault_set_nodata(const fault_context *c)
{
    fault_set_rcode(c, DNS_RCODE_NOERROR);
    dns_section_add_soa(&c->reply->authority, &c->query->name);
}

/* The name that the answer's addresses belong to, behind any aliases, and their TTL. */
static void find_owner(const fault_context *c, dns_name *owner, uint32_t *ttl)
{
    const dns_section *answer = &c->reply->answer;
    size_t i;

    *owner = c->query->name;
    *ttl = RECORDS_TTL;

    for (i = 0; i < answer->count; i++) {
        if (answer->list[i].type == c->query->type) {
            *owner = answer->list[i].owner;
            *ttl = answer->list[i].ttl;
            return;
        }
        if (answer->list[i].type == DNS_TYPE_CNAME) {
            *owner = answer->list[i].names[0];
        }
    }
}

void fault_set_addresses(const fault_context *c, const json_t *list, bool keep, int64_t ttl)
{
    dns_section *answer = &c->reply->answer, old = *answer;
    uint16_t type = c->query->type;
    size_t addresses = 0, i;
    uint32_t own_ttl;
    dns_name owner;
    json_t *value;
    dns_rr *rr;

    if (type != DNS_TYPE_A && type != DNS_TYPE_AAAA) {
        return;
    }

    find_owner(c, &owner, &own_ttl);
    memset(answer, 0, sizeof(*answer));

    for (i = 0; i < old.count; i++) {
        if (old.list[i].type == DNS_TYPE_CNAME &&
            (rr = dns_section_add(answer, &old.list[i].owner, 0, 0)) != NULL) {
            *rr = old.list[i];
        }
    }
    json_array_foreach(list, i, value)
    {
        addresses += dns_section_add_address(
            answer, &owner, type, ttl < 0 ? own_ttl : (uint32_t)ttl, json_string_value(value));
    }
    for (i = 0; keep && i < old.count; i++) {
        if (old.list[i].type == type &&
            (rr = dns_section_add(answer, &old.list[i].owner, 0, 0)) != NULL) {
            *rr = old.list[i];
            addresses++;
        }
    }
    free(old.list);

    c->reply->rcode = DNS_RCODE_NOERROR;
    dns_section_empty(&c->reply->authority);
    if (addresses == 0) {
        dns_section_add_soa(&c->reply->authority, &owner);
    }
}
