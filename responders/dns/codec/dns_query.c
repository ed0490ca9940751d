/*
 * The query parser: exactly one question, nothing before the additional section, at most one
 * OPT record, nothing behind the last record.
 */
#include "responders/dns/codec/dns_query.h"

#include <string.h>

#include "responders/dns/codec/dns_type.h"

#define FLAG_QR       0x8000
#define FLAG_RD       0x0100
#define OPCODE_SHIFT  11
#define OPCODE_MASK   0x0f
#define OPCODE_QUERY  0
#define RR_FIXED_SIZE 10 /* type, class, TTL, RDLENGTH */

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* Skips one record of the additional section, taking note of an OPT. */
static const char *additional(const uint8_t *message, size_t size, size_t *at, dns_query *out)
{
    dns_name owner;
    const char *wrong;
    const uint8_t *fixed;
    size_t rdlength;

    wrong = dns_name_parse(message, size, at, true, &owner);
    if (wrong != NULL) {
        return wrong;
    }
    if (size - *at < RR_FIXED_SIZE) {
        return "additional record is cut";
    }
    fixed = message + *at;
    rdlength = get16(fixed + 8);
    *at += RR_FIXED_SIZE;
    if (size - *at < rdlength) {
        return "RDLENGTH runs past the end of the message";
    }
    *at += rdlength;

    if (get16(fixed) != DNS_TYPE_OPT) {
        return NULL;
    }
    if (owner.length != 1) {
        return "OPT record is not owned by the root";
    }
    if (out->edns) {
        return "more than one OPT record";
    }

    out->edns = true;
    out->version = fixed[5];
    if (get16(fixed + 2) > DNS_UDP_SIZE) {
        out->udp_size = get16(fixed + 2);
    }
    return NULL;
}

dns_query_result dns_query_parse(const uint8_t *message, size_t size, dns_query *out,
                                 uint8_t *rcode, const char **why)
{
    size_t at = DNS_HEADER_SIZE;
    uint16_t flags, records;

    memset(out, 0, sizeof(*out));
    out->udp_size = DNS_UDP_SIZE;
    *rcode = DNS_RCODE_FORMERR;
    *why = NULL;

    if (size < DNS_HEADER_SIZE) {
        *why = "shorter than a header";
        return DNS_QUERY_IGNORE;
    }

    out->id = get16(message);
    flags = get16(message + 2);
    out->opcode = (uint8_t)(flags >> OPCODE_SHIFT & OPCODE_MASK);
    out->rd = (flags & FLAG_RD) != 0;

    /* answering an answer could go on for ever between two servers */
    if ((flags & FLAG_QR) != 0) {
        *why = "an answer, not a query";
        return DNS_QUERY_IGNORE;
    }
    if (out->opcode != OPCODE_QUERY) {
        *why = "opcode is not QUERY";
        *rcode = DNS_RCODE_NOTIMP;
        return DNS_QUERY_REJECT;
    }
    if (get16(message + 4) != 1) {
        *why = "not exactly one question";
        return DNS_QUERY_REJECT;
    }
    if (get16(message + 6) != 0 || get16(message + 8) != 0) {
        *why = "records in the answer or authority section of a query";
        return DNS_QUERY_REJECT;
    }

    *why = dns_name_parse(message, size, &at, false, &out->name);
    if (*why != NULL) {
        return DNS_QUERY_REJECT;
    }
    if (size - at < 4) {
        *why = "question is cut";
        return DNS_QUERY_REJECT;
    }
    out->type = get16(message + at);
    out->class = get16(message + at + 2);
    at += 4;

    for (records = get16(message + 10); records > 0; records--) {
        *why = additional(message, size, &at, out);
        if (*why != NULL) {
            return DNS_QUERY_REJECT;
        }
    }
    if (at != size) {
        *why = "octets behind the last record";
        return DNS_QUERY_REJECT;
    }

    return DNS_QUERY_OK;
}
