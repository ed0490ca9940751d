/*
 * Queries as they come from strangers (RFC 1035 section 4.1, RFC 6891 for EDNS).
 *
 * Strict on purpose: what this accepts is what the event log claims that a resolver sent.
 */
#ifndef STAPLELAB_DNS_QUERY_H
#define STAPLELAB_DNS_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"
#include "harness/base/problem.h"
#include "responders/dns/codec/dns_name.h"

#define DNS_HEADER_SIZE 12
#define DNS_UDP_SIZE    512 /* what a client without EDNS can take over UDP */

typedef struct {
    uint16_t id;
    uint16_t flags; /* as they stand in the header */
    uint8_t opcode;
    bool rd;       /* recursion desired */
    dns_name name; /* as asked, letters unchanged */
    uint16_t type;
    uint16_t class;
    bool edns;         /* an OPT record was there */
    uint8_t version;   /* of EDNS */
    bool dnssec_ok;    /* its DO bit (RFC 3225) */
    uint16_t udp_size; /* octets that the client takes over UDP, at least DNS_UDP_SIZE */
    /* Of a message that is refused: */
    bool ignored;  /* it is no query at all: there is nobody to respond to */
    uint8_t rcode; /* else what to respond with; only id, opcode, rd and EDNS are filled then */
} dns_query;

/* Parses one whole message. 0, or -1 with *p. */
int dns_query_parse(span message, dns_query *out, problem *p);

#endif
