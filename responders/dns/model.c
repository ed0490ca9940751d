/*
 * The structure of a response: adding records to it, comparing it, and saying in words what it
 * holds.
 */
#include "responders/dns/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/dns/codec/dns_type.h"

/* The negative responses of a stub that wants to be asked again soon. */
#define SOA_TTL 60

void dns_response_clear(dns_response *r)
{
    free(r->answer.list);
    free(r->authority.list);
    r->answer = (dns_section){0};
    r->authority = (dns_section){0};
}

static dns_section copy_section(const dns_section *section)
{
    dns_section copy = {.count = section->count, .room = section->count};

    if (section->count > 0) {
        copy.list = memory_array(section->count, sizeof(*copy.list));
        memcpy(copy.list, section->list, section->count * sizeof(*copy.list));
    }
    return copy;
}

void dns_response_copy(const dns_response *r, dns_response *out)
{
    *out = *r;
    out->answer = copy_section(&r->answer);
    out->authority = copy_section(&r->authority);
}

/* To the letter: what dns_name_equal holds for equal may differ on the wire. */
static bool same_name(const dns_name *a, const dns_name *b)
{
    return a->length == b->length && memcmp(a->octets, b->octets, a->length) == 0;
}

static bool same_rr(const dns_rr *a, const dns_rr *b)
{
    if (!same_name(&a->owner, &b->owner) || a->owner_points != b->owner_points ||
        a->owner_at != b->owner_at || a->type != b->type || a->class != b->class ||
        a->ttl != b->ttl || a->nnames != b->nnames || a->noctets != b->noctets ||
        memcmp(a->octets, b->octets, a->noctets) != 0) {
        return false;
    }
    for (size_t i = 0; i < a->nnames; i++) {
        if (!same_name(&a->names[i], &b->names[i])) {
            return false;
        }
    }
    return true;
}

static bool same_section(const dns_section *a, const dns_section *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (!same_rr(&a->list[i], &b->list[i])) {
            return false;
        }
    }
    return true;
}

bool dns_response_equal(const dns_response *a, const dns_response *b)
{
    return a->id == b->id && a->qr == b->qr && a->aa == b->aa && a->tc == b->tc && a->rd == b->rd &&
           a->ra == b->ra && a->opcode == b->opcode && a->rcode == b->rcode &&
           a->question == b->question && same_name(&a->name, &b->name) && a->type == b->type &&
           a->class == b->class && a->edns == b->edns && a->dnssec_ok == b->dnssec_ok &&
           a->other.data == b->other.data && a->other.length == b->other.length &&
           a->other_behind_id == b->other_behind_id && same_section(&a->answer, &b->answer) &&
           same_section(&a->authority, &b->authority);
}

void dns_section_empty(dns_section *section)
{
    section->count = 0;
}

dns_rr *dns_section_add(dns_section *section, const dns_name *owner, uint16_t type, uint32_t ttl)
{
    dns_rr *rr;

    if (section->count == section->room) {
        section->room = section->room == 0 ? 4 : section->room * 2;
        section->list = memory_resize(section->list, section->room, sizeof(*section->list));
    }
    rr = &section->list[section->count++];
    memset(rr, 0, sizeof(*rr));
    rr->owner = *owner;
    rr->type = type;
    rr->class = DNS_CLASS_IN;
    rr->ttl = ttl;
    return rr;
}

void dns_section_add_copy(dns_section *section, const dns_rr *rr)
{
    *dns_section_add(section, &rr->owner, rr->type, rr->ttl) = *rr;
}

void dns_section_add_address(dns_section *section, const dns_name *owner, uint32_t ttl,
                             const dns_address *address)
{
    dns_rr *rr = dns_section_add(section, owner, dns_address_type(address), ttl);

    rr->noctets = address->length;
    memcpy(rr->octets, address->octets, address->length);
}

void dns_section_add_cname(dns_section *section, const dns_name *owner, uint32_t ttl,
                           const dns_name *target)
{
    dns_rr *rr = dns_section_add(section, owner, DNS_TYPE_CNAME, ttl);

    rr->nnames = 1;
    rr->names[0] = *target;
}

void dns_section_add_soa(dns_section *section, const dns_name *name)
{
    static const dns_name server = {.length = 12, .octets = "\2ns\7invalid"};
    static const dns_name mailbox = {.length = 20, .octets = "\nhostmaster\7invalid"};
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
    rr->nnames = 2;
    rr->names[0] = server;
    rr->names[1] = mailbox;
    rr->noctets = sizeof(numbers);
    memcpy(rr->octets, numbers, sizeof(numbers));
}

void dns_rr_to_text(const dns_rr *rr, char out[DNS_RR_TEXT_SIZE])
{
    char owner[DNS_NAME_TEXT_SIZE], value[DNS_NAME_TEXT_SIZE], type[DNS_TYPE_TEXT_SIZE];
    const bool four = rr->type == DNS_TYPE_A && rr->noctets == 4;
    const bool six = rr->type == DNS_TYPE_AAAA && rr->noctets == 16;

    dns_name_to_text(&rr->owner, owner);
    dns_type_to_text(rr->type, type);
    if (four || six) {
        dns_address address = {.length = rr->noctets};

        memcpy(address.octets, rr->octets, rr->noctets);
        dns_address_to_text(&address, value);
    } else if (rr->nnames > 0) {
        dns_name_to_text(&rr->names[0], value);
    } else {
        snprintf(value, sizeof(value), "(%u octets)", (unsigned)rr->noctets);
    }
    snprintf(out, DNS_RR_TEXT_SIZE, "%s %u %s %s", owner, (unsigned)rr->ttl, type, value);
}
