/*
 * The query parser: exactly one question, nothing before the additional section, at most one
 * OPT record, nothing after the last record.
 */
#include "responders/dns/codec/dns_query.h"

#include "responders/dns/codec/dns_type.h"

#define FLAG_QR       0x8000
#define FLAG_RD       0x0100
#define FLAG_DO       0x80 /* of the third octet of an OPT record's TTL */
#define OPCODE_SHIFT  11
#define OPCODE_MASK   0x0f
#define OPCODE_QUERY  0
#define RR_FIXED_SIZE 10 /* type, class, TTL, RDLENGTH */

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static int refuse(const char *what, problem *p)
{
    return problem_refuse(p, "", "%s", what);
}

/* Takes note of an OPT record (RFC 6891, 6.1) whose fixed part this is. */
static int take_opt(const dns_name *owner, const uint8_t *fixed, dns_query *out, problem *p)
{
    if (owner->length != 1) {
        return refuse("OPT record is not owned by the root", p);
    }
    if (out->edns) {
        return refuse("more than one OPT record", p);
    }
    out->edns = true;
    out->version = fixed[5];
    out->dnssec_ok = (fixed[6] & FLAG_DO) != 0;
    if (get16(fixed + 2) > DNS_UDP_SIZE) {
        out->udp_size = get16(fixed + 2);
    }
    return 0;
}

/* Skips one record of the additional section but for an OPT. */
static int take_additional(span message, size_t *at, dns_query *out, problem *p)
{
    dns_name owner;
    const uint8_t *fixed;
    size_t rdlength;

    if (dns_name_parse(message, at, true, &owner, p) != 0) {
        return -1;
    }
    if (message.length - *at < RR_FIXED_SIZE) {
        return refuse("additional record is cut", p);
    }
    fixed = message.data + *at;
    rdlength = get16(fixed + 8);
    *at += RR_FIXED_SIZE;
    if (message.length - *at < rdlength) {
        return refuse("RDLENGTH runs past the end of the message", p);
    }
    *at += rdlength;
    return get16(fixed) == DNS_TYPE_OPT ? take_opt(&owner, fixed, out, p) : 0;
}

static int take_header(span message, dns_query *out, problem *p)
{
    uint16_t flags;

    out->ignored = true;
    if (message.length < DNS_HEADER_SIZE) {
        return refuse("shorter than a header", p);
    }
    out->id = get16(message.data);
    flags = get16(message.data + 2);
    out->flags = flags;
    out->opcode = (uint8_t)(flags >> OPCODE_SHIFT & OPCODE_MASK);
    out->rd = (flags & FLAG_RD) != 0;

    /* responding to a response could go on for ever between two servers */
    if ((flags & FLAG_QR) != 0) {
        return refuse("a response, not a query", p);
    }
    out->ignored = false;
    if (out->opcode != OPCODE_QUERY) {
        out->rcode = DNS_RCODE_NOTIMP;
        return refuse("opcode is not QUERY", p);
    }
    if (get16(message.data + 4) != 1) {
        return refuse("not exactly one question", p);
    }
    if (get16(message.data + 6) != 0 || get16(message.data + 8) != 0) {
        return refuse("records in the answer or authority section of a query", p);
    }
    return 0;
}

/* The query of the message at *at; moves past it.  0, or -1 with *p. */
static int take_question(span message, size_t *at, dns_query *out, problem *p)
{
    if (dns_name_parse(message, at, false, &out->name, p) != 0) {
        return -1;
    }
    if (message.length - *at < 4) {
        return refuse("question is cut", p);
    }
    out->type = get16(message.data + *at);
    out->class = get16(message.data + *at + 2);
    *at += 4;
    return 0;
}

static int parse(span message, dns_query *out, problem *p)
{
    size_t at = DNS_HEADER_SIZE;

    if (take_header(message, out, p) != 0 || take_question(message, &at, out, p) != 0) {
        return -1;
    }
    for (uint16_t records = get16(message.data + 10); records > 0; records--) {
        if (take_additional(message, &at, out, p) != 0) {
            return -1;
        }
    }
    return at == message.length ? 0 : refuse("trailing octets after the last record", p);
}

/* Looks for an OPT record in a message that is refused, as far as it can be read: who sent one gets
 * one back in an error, too (RFC 6891, 6.1.1 and 7). */
static void find_opt(span message, dns_query *out)
{
    size_t at = DNS_HEADER_SIZE;
    dns_query found = {0}, ignored;
    problem p;

    for (uint16_t n = get16(message.data + 4); n > 0; n--) {
        dns_name name;

        if (dns_name_parse(message, &at, true, &name, &p) != 0 || message.length - at < 4) {
            return;
        }
        at += 4;
    }
    for (unsigned n = get16(message.data + 6) + get16(message.data + 8); n > 0; n--) {
        ignored = (dns_query){0};
        if (take_additional(message, &at, &ignored, &p) != 0) {
            return;
        }
    }
    for (uint16_t n = get16(message.data + 10); n > 0 && !found.edns; n--) {
        if (take_additional(message, &at, &found, &p) != 0) {
            return;
        }
    }
    out->edns = found.edns;
    out->version = found.version;
    out->dnssec_ok = found.dnssec_ok;
}

int dns_query_parse(span message, dns_query *out, problem *p)
{
    int rc;

    *out = (dns_query){.udp_size = DNS_UDP_SIZE, .rcode = DNS_RCODE_FORMERR};
    rc = parse(message, out, p);
    if (rc != 0 && !out->ignored && !out->edns) {
        find_opt(message, out);
    }
    return rc;
}
