/*
 * The response: a structure that faults change at will (RFC 1035 section 4).
 *
 * Nothing here insists on a sensible message; the healthy response is made sensible by who
 * fills the structure.
 */
#ifndef STAPLELAB_DNS_MODEL_H
#define STAPLELAB_DNS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"
#include "responders/dns/codec/dns_address.h"
#include "responders/dns/codec/dns_name.h"

/* One record; its RDATA is the names (compressed where possible) and then the octets. */
typedef struct {
    dns_name owner;
    bool owner_points; /* write the owner as a pointer to owner_at, whatever is there */
    uint16_t owner_at;
    uint16_t type;
    uint16_t class;
    uint32_t ttl;
    uint8_t nnames;
    dns_name names[2];
    uint8_t noctets;
    uint8_t octets[20];
} dns_rr;

typedef struct {
    dns_rr *list;
    size_t count, room;
} dns_section;

typedef struct {
    uint16_t id;
    bool qr, aa, tc, rd, ra;
    uint8_t opcode;
    uint16_t rcode; /* above 15 only with edns */
    bool question;  /* the three below are written */
    dns_name name;
    uint16_t type, class;
    dns_section answer, authority;
    bool edns;            /* an OPT record is written */
    bool dnssec_ok;       /* its DO bit */
    span other;           /* written in the place of all that, unless it is NULL; somebody else's */
    bool other_behind_id; /* the ID is written before it */
} dns_response;

/* Frees the sections. */
void dns_response_clear(dns_response *r);

/* Makes *out a response of its own that is equal to *r. */
void dns_response_copy(const dns_response *r, dns_response *out);
bool dns_response_equal(const dns_response *a, const dns_response *b);

/* Empties the section, keeping its room. */
void dns_section_empty(dns_section *section);

/* Adds a zeroed record of class IN and returns it for filling in, until the next addition. */
dns_rr *dns_section_add(dns_section *section, const dns_name *owner, uint16_t type, uint32_t ttl);

/* Adds a copy of the record. */
void dns_section_add_copy(dns_section *section, const dns_rr *rr);

/* Adds an A or AAAA record; adds a CNAME record. */
void dns_section_add_address(dns_section *section, const dns_name *owner, uint32_t ttl,
                             const dns_address *address);
void dns_section_add_cname(dns_section *section, const dns_name *owner, uint32_t ttl,
                           const dns_name *target);

/* Adds the SOA record of a negative response about `name` (RFC 2308), of a zone one label up. */
void dns_section_add_soa(dns_section *section, const dns_name *name);

#define DNS_RR_TEXT_SIZE (2 * DNS_NAME_TEXT_SIZE + 64)

/* "ocsp.example 300 A 127.0.0.1" of an A, AAAA or CNAME record; other types by their length. */
void dns_rr_to_text(const dns_rr *rr, char out[DNS_RR_TEXT_SIZE]);

#endif
