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

#include "responders/dns/codec/dns_name.h"

#define DNS_HEADER_SIZE 12
#define DNS_UDP_SIZE    512 /* what a client without EDNS can take over UDP */

typedef struct {
    uint16_t id;
    uint8_t opcode;
    bool rd;       /* recursion desired */
    dns_name name; /* as asked, letters unchanged */
    uint16_t type;
    uint16_t class;
    bool edns;         /* an OPT record was there */
    uint8_t version;   /* of EDNS */
    uint16_t udp_size; /* octets that the client takes over UDP, at least DNS_UDP_SIZE */
} dns_query;

typedef enum {
    DNS_QUERY_OK,     /* all of *out is filled */
    DNS_QUERY_IGNORE, /* not a query at all: nobody to answer */
    DNS_QUERY_REJECT, /* a query, to be answered with *rcode; only id, opcode and rd are filled */
} dns_query_result;

/* Parses one whole message. *why is NULL for DNS_QUERY_OK, else a constant text. */
dns_query_result dns_query_parse(const uint8_t *message, size_t size, dns_query *out,
                                 uint8_t *rcode, const char **why);

#endif
