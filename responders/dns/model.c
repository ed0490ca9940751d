/*
 * The structure of an answer: adding records to it, and saying in words what it holds.
 */
#include "responders/dns/model.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responders/dns/codec/dns_type.h"

/* The negative answers of a stub that wants to be asked again soon. */
#define SOA_TTL 60

void dns_reply_clear(dns_reply *reply)
{
    free(reply->answer.list);
    free(reply->authority.list);
    memset(&reply->answer, 0, sizeof(reply->answer));
    memset(&reply->authority, 0, sizeof(reply->authority));
}

void dns_section_empty(dns_section *section)
{
    section->count = 0;
}

dns_rr *dns_section_add(dns_section *section, const dns_name *owner, uint16_t type, uint32_t ttl)
{
    size_t room;
    dns_rr *rr;

    if (section->count == section->room) {
        room = section->room == 0 ? 4 : section->room * 2;
        rr = realloc(section->list, room * sizeof(*rr));
        if (rr == NULL) {
            return NULL;
        }
        section->list = rr;
        section->room = room;
    }

    rr = &section->list[section->count++];
    memset(rr, 0, sizeof(*rr));
    rr->owner = *owner;
    rr->type = type;
    rr->class = DNS_CLASS_IN;
    rr->ttl = ttl;
    return rr;
}

bool dns_section_add_address(dns_section *section, const dns_name *owner, uint16_t type,
                             uint32_t ttl, const char *value)
{
    uint8_t octets[16];
    dns_rr *rr;

    if (inet_pton(type == DNS_TYPE_A ? AF_INET : AF_INET6, value, octets) != 1) {
        return false;
    }
    rr = dns_section_add(section, owner, type, ttl);
    if (rr == NULL) {
        return false;
    }

    rr->noctets = type == DNS_TYPE_A ? 4 : 16;
    memcpy(rr->octets, octets, rr->noctets);
    return true;
}

bool dns_section_add_cname(dns_section *section, const dns_name *owner, uint32_t ttl,
                           const dns_name *target)
{
    dns_rr *rr = dns_section_add(section, owner, DNS_TYPE_CNAME, ttl);

    if (rr == NULL) {
        return false;
    }

    rr->nnames = 1;
    rr->names[0] = *target;
    return true;
}

bool dns_section_add_soa(dns_section *section, const dns_name *name)
{
    static const uint8_t numbers[20] = {
        0, 0, 0,    1,    /* serial */
        0, 0, 0x0e, 0x10, /* refresh 3600 s */
        0, 0, 0x02, 0x58, /* retry 600 s */
        0, 1, 0x51, 0x80, /* expire 86400 s */
        0, 0, 0,    SOA_TTL,
    };
    dns_name zone;
    dns_rr *rr;

    dns_name_parent(name, &zone);
    rr = dns_section_add(section, &zone, DNS_TYPE_SOA, SOA_TTL);
    if (rr == NULL) {
        return false;
    }

    rr->nnames = 2;
    dns_name_from_text("ns.invalid", &rr->names[0]);
    dns_name_from_text("hostmaster.invalid", &rr->names[1]);
    rr->noctets = sizeof(numbers);
    memcpy(rr->octets, numbers, sizeof(numbers));
    return true;
}

void dns_rr_to_text(const dns_rr *rr, char out[DNS_RR_TEXT_SIZE])
{
    char owner[DNS_NAME_TEXT_SIZE], value[DNS_NAME_TEXT_SIZE], type[DNS_TYPE_TEXT_SIZE];

    dns_name_to_text(&rr->owner, owner);
    dns_type_to_text(rr->type, type);

    if (rr->type == DNS_TYPE_A && rr->noctets == 4) {
        inet_ntop(AF_INET, rr->octets, value, sizeof(value));
    } else if (rr->type == DNS_TYPE_AAAA && rr->noctets == 16) {
        inet_ntop(AF_INET6, rr->octets, value, sizeof(value));
    } else if (rr->nnames > 0) {
        dns_name_to_text(&rr->names[0], value);
    } else {
        snprintf(value, sizeof(value), "(%u octets)", (unsigned)rr->noctets);
    }

    snprintf(out, DNS_RR_TEXT_SIZE, "%s %u %s %s", owner, (unsigned)rr->ttl, type, value);
}
