/*
 * Record types and response codes by their names in the registries (RFC 6895, RFC 3597).
 */
#ifndef STAPLELAB_DNS_TYPE_H
#define STAPLELAB_DNS_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DNS_TYPE_A = 1,
    DNS_TYPE_CNAME = 5,
    DNS_TYPE_SOA = 6,
    DNS_TYPE_AAAA = 28,
    DNS_TYPE_OPT = 41,
    DNS_TYPE_ANY = 255,
};

enum {
    DNS_CLASS_IN = 1,
};

enum {
    DNS_RCODE_NOERROR = 0,
    DNS_RCODE_FORMERR = 1,
    DNS_RCODE_SERVFAIL = 2,
    DNS_RCODE_NXDOMAIN = 3,
    DNS_RCODE_NOTIMP = 4,
    DNS_RCODE_REFUSED = 5,
    DNS_RCODE_BADVERS = 16,
};

#define DNS_TYPE_TEXT_SIZE 16

/* "AAAA", or "TYPE65280" for a type that has no name here. */
void dns_type_to_text(uint16_t type, char out[DNS_TYPE_TEXT_SIZE]);

/* Reads either form, in any case; returns whether it was one. */
bool dns_type_from_text(const char *text, uint16_t *type);

#endif
