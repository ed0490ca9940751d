/*
 * The encoder: every name is compressed against what was written before it (RFC 1035 4.1.4).
 */
#include "responders/dns/encode.h"

#include <stdint.h>
#include <string.h>

#include "responders/dns/codec/dns_query.h"
#include "responders/dns/codec/dns_type.h"

#define POINTER     0xc000
#define POINTER_MAX 0x3fff /* the highest offset that a pointer can name */
#define KNOWN_MAX   64     /* places remembered; later names are written, not remembered */

typedef struct {
    octets *out;
    uint16_t known[KNOWN_MAX]; /* where names that can be pointed to start */
    size_t nknown;
} writer;

static void put(writer *w, const void *data, size_t length)
{
    octets_append(w->out, data, length);
}

static void put16(writer *w, unsigned value)
{
    const uint8_t data[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    put(w, data, sizeof(data));
}

static void put32(writer *w, uint32_t value)
{
    put16(w, value >> 16);
    put16(w, value & 0xffff);
}

/* Whether the name at `at`, which put_name wrote or is writing, is `label` and the labels after
 * it.  Its pointers go to names that were written before, so they end. */
static bool is_written_at(const octets *o, size_t at, const uint8_t *label)
{
    while (at < o->length) {
        const uint8_t length = o->data[at];

        if (length >= POINTER >> 8) {
            at = (size_t)(length & POINTER_MAX >> 8) << 8 | o->data[at + 1];
            continue;
        }
        if (length != *label || memcmp(o->data + at + 1, label + 1, length) != 0) {
            return false;
        }
        if (length == 0) {
            return true;
        }
        at += (size_t)1 + length;
        label += (size_t)1 + length;
    }
    return false;
}

static void put_name(writer *w, const dns_name *name)
{
    const uint8_t *label = name->octets;

    for (; *label != 0; label += (size_t)1 + *label) {
        for (size_t i = 0; i < w->nknown; i++) {
            if (is_written_at(w->out, w->known[i], label)) {
                put16(w, POINTER | w->known[i]);
                return;
            }
        }
        if (w->out->length <= POINTER_MAX && w->nknown < KNOWN_MAX) {
            w->known[w->nknown++] = (uint16_t)w->out->length;
        }
        put(w, label, (size_t)1 + *label);
    }
    put(w, "", 1);
}

static void put_rr(writer *w, const dns_rr *rr)
{
    size_t rdlength_at, rdlength;

    if (rr->owner_points) {
        put16(w, POINTER | rr->owner_at);
    } else {
        put_name(w, &rr->owner);
    }
    put16(w, rr->type);
    put16(w, rr->class);
    put32(w, rr->ttl);

    rdlength_at = w->out->length;
    put16(w, 0);
    for (size_t i = 0; i < rr->nnames; i++) {
        put_name(w, &rr->names[i]);
    }
    put(w, rr->octets, rr->noctets);
    rdlength = w->out->length - rdlength_at - 2;
    w->out->data[rdlength_at] = (uint8_t)(rdlength >> 8);
    w->out->data[rdlength_at + 1] = (uint8_t)rdlength;
}

static void put_header(writer *w, const dns_response *r)
{
    unsigned flags = 0;

    flags |= r->qr ? 0x8000 : 0;
    flags |= (r->opcode & 0x0fu) << 11;
    flags |= r->aa ? 0x0400 : 0;
    flags |= r->tc ? 0x0200 : 0;
    flags |= r->rd ? 0x0100 : 0;
    flags |= r->ra ? 0x0080 : 0;
    flags |= r->rcode & 0x0fu;

    put16(w, r->id);
    put16(w, flags);
    put16(w, r->question);
    put16(w, (unsigned)r->answer.count);
    put16(w, (unsigned)r->authority.count);
    put16(w, r->edns);
}

/* The OPT record (RFC 6891 6.1.3): its TTL holds the upper bits of the response code, and DO. */
static void put_opt(writer *w, const dns_response *r)
{
    put(w, "", 1);
    put16(w, DNS_TYPE_OPT);
    put16(w, DNS_EDNS_UDP_SIZE);
    put32(w, (uint32_t)(r->rcode >> 4 & 0xff) << 24 | (r->dnssec_ok ? 0x8000 : 0));
    put16(w, 0);
}

/* Stops with more than `limit` octets written when there is no room. */
static void put_section(writer *w, const dns_section *section, size_t limit)
{
    for (size_t i = 0; i < section->count && w->out->length <= limit; i++) {
        put_rr(w, &section->list[i]);
    }
}

static bool encode(const dns_response *r, size_t limit, octets *out)
{
    writer w = {.out = out};

    put_header(&w, r);
    if (r->question) {
        put_name(&w, &r->name);
        put16(&w, r->type);
        put16(&w, r->class);
    }
    put_section(&w, &r->answer, limit);
    put_section(&w, &r->authority, limit);
    if (r->edns) {
        put_opt(&w, r);
    }
    return out->length <= limit;
}

void dns_encode(dns_response *r, size_t limit, octets *out)
{
    if (r->other.data != NULL) {
        if (r->other_behind_id) {
            put16(&(writer){.out = out}, r->id);
        }
        octets_append_span(out, r->other);
        return;
    }
    limit = limit < DNS_MESSAGE_MAX ? limit : DNS_MESSAGE_MAX;
    if (encode(r, limit, out)) {
        return;
    }

    /* a header, one question and an OPT always fit into the 512 octets that all must take */
    r->tc = true;
    dns_section_empty(&r->answer);
    dns_section_empty(&r->authority);
    octets_cut(out, 0);
    encode(r, limit, out);
}
