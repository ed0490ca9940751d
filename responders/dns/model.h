/*
 * Answers: a structure that faults change at will, and its encoder (RFC 1035 section 4).
 *
 * Nothing here insists on a sensible message; the healthy answer is made sensible by who
 * fills the structure.
 */
#ifndef STAPLELAB_DNS_MESSAGE_H
#define STAPLELAB_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "responders/dns/codec/dns_name.h"

#define DNS_MESSAGE_MAX   65535
#define DNS_EDNS_UDP_SIZE 1232 /* what we take over UDP ourselves */

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
    bool edns; /* an OPT record is written */
} dns_reply;

typedef struct {
    size_t length;
    uint8_t data[DNS_MESSAGE_MAX];
} dns_octets;

/* Frees the sections. */
void dns_reply_clear(dns_reply *reply);

/* Empties the section, keeping its room. */
void dns_section_empty(dns_section *section);

/* Adds a zeroed record of class IN and returns it for filling in, until the next addition;
 * NULL when memory is short. */
dns_rr *dns_section_add(dns_section *section, const dns_name *owner, uint16_t type, uint32_t ttl);

/* Adds an A or AAAA record from "127.0.0.1" or "::1", or a CNAME from a name.  Returns whether
 * `value` was one and there was memory. */
bool dns_section_add_address(dns_section *section, const dns_name *owner, uint16_t type,
                             uint32_t ttl, const char *value);
bool dns_section_add_cname(dns_section *section, const dns_name *owner, uint32_t ttl,
                           const dns_name *target);

/* Adds the SOA record of a negative answer about `name` (RFC 2308), of a zone one label up. */
bool dns_section_add_soa(dns_section *section, const dns_name *name);

/*
 * Encodes the reply.  When it does not fit into `limit` octets it is encoded without its
 * records but with TC set, which then shows in reply->tc.
 */
void dns_reply_encode(dns_reply *reply, size_t limit, dns_octets *out);

#define DNS_RR_TEXT_SIZE (2 * DNS_NAME_TEXT_SIZE + 64)

/* "ocsp.example 300 A 127.0.0.1" of an A, AAAA or CNAME record; other types by their length. */
void dns_rr_to_text(const dns_rr *rr, char out[DNS_RR_TEXT_SIZE]);

#endif
