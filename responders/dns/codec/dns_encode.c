/*
 * The encoder: every name is compressed against what was written before it (RFC 1035 4.1.4).
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "responders/dns/codec/dns_query.h"
#include "responders/dns/codec/dns_type.h"
#include "responders/dns/model.h"

#define POINTER     0xc000
#define POINTER_MAX 0x3fff /* the highest offset that a pointer can name */
#define KNOWN_MAX   64     /* places remembered; later names are written, not remembered */

typedef struct {
    uint8_t *data;
    size_t length, limit;
    bool full; /* something did not fit: the octets are not to be used */
    uint16_t known[KNOWN_MAX];
    size_t nknown;
} writer;

static void put(writer *w, const void *octets, size_t length)
{
    if (w->full || length > w->limit - w->length) {
        w->full = true;
        return;
    }

    memcpy(w->data + w->length, octets, length);
    w->length += length;
}

static void put16(writer *w, unsigned value)
{
    const uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    put(w, octets, sizeof(octets));
}

static void put32(writer *w, uint32_t value)
{
    put16(w, value >> 16);
    put16(w, value & 0xffff);
}

/* Whether the name written at `at`, pointers followed, is `name`. */
static bool written_at(const writer *w, size_t at, const dns_name *name)
{
    dns_name there;

    return dns_name_parse(w->data, w->length, &at, true, &there) == NULL &&
           there.length == name->length && memcmp(there.octets, name->octets, name->length) == 0;
}

static void put_name(writer *w, const dns_name *name)
{
    dns_name rest = *name;
    size_t i;

    while (rest.octets[0] != 0) {
        for (i = 0; i < w->nknown; i++) {
            if (written_at(w, w->known[i], &rest)) {
                put16(w, POINTER | w->known[i]);
                return;
            }
        }
        if (!w->full && w->length <= POINTER_MAX && w->nknown < KNOWN_MAX) {
            w->known[w->nknown++] = (uint16_t)w->length;
        }
        put(w, rest.octets, (size_t)1 + rest.octets[0]);
        dns_name_parent(&rest, &rest);
    }

    put(w, "", 1);
}

static void put_rr(writer *w, const dns_rr *rr)
{
    size_t rdlength_at, rdlength, i;

    if (rr->owner_points) {
        put16(w, POINTER | rr->owner_at);
    } else {
        put_name(w, &rr->owner);
    }
    put16(w, rr->type);
    put16(w, rr->class);
    put32(w, rr->ttl);

    rdlength_at = w->length;
    put16(w, 0);
    for (i = 0; i < rr->nnames; i++) {
        put_name(w, &rr->names[i]);
    }
    put(w, rr->octets, rr->noctets);

    if (!w->full) {
        rdlength = w->length - rdlength_at - 2;
        w->data[rdlength_at] = (uint8_t)(rdlength >> 8);
        w->data[rdlength_at + 1] = (uint8_t)rdlength;
    }
}

static void put_header(writer *w, const dns_reply *reply, bool records)
{
    unsigned flags = 0;

    flags |= reply->qr ? 0x8000 : 0;
    flags |= (reply->opcode & 0x0fu) << 11;
    flags |= reply->aa ? 0x0400 : 0;
    flags |= reply->tc ? 0x0200 : 0;
    flags |= reply->rd ? 0x0100 : 0;
    flags |= reply->ra ? 0x0080 : 0;
    flags |= reply->rcode & 0x0fu;

    put16(w, reply->id);
    put16(w, flags);
    put16(w, reply->question);
    put16(w, records ? (unsigned)reply->answer.count : 0);
    put16(w, records ? (unsigned)reply->authority.count : 0);
    put16(w, reply->edns);
}

/* The OPT record (RFC 6891 6.1.3): its TTL holds the upper bits of the response code. */
static void put_opt(writer *w, const dns_reply *reply)
{
    put(w, "", 1);
    put16(w, DNS_TYPE_OPT);
    put16(w, DNS_EDNS_UDP_SIZE);
    put32(w, (uint32_t)(reply->rcode >> 4 & 0xff) << 24);
    put16(w, 0);
}

static bool encode(const dns_reply *reply, size_t limit, bool records, dns_octets *out)
{
    writer w = {.data = out->data, .limit = limit};
    size_t i;

    if (records && (reply->answer.count > UINT16_MAX || reply->authority.count > UINT16_MAX)) {
        return false;
    }

    put_header(&w, reply, records);
    if (reply->question) {
        put_name(&w, &reply->name);
        put16(&w, reply->type);
        put16(&w, reply->class);
    }
    for (i = 0; records && i < reply->answer.count; i++) {
        put_rr(&w, &reply->answer.list[i]);
    }
    for (i = 0; records && i < reply->authority.count; i++) {
        put_rr(&w, &reply->authority.list[i]);
    }
    if (reply->edns) {
        put_opt(&w, reply);
    }

    out->length = w.length;
    return !w.full;
}

void dns_reply_encode(dns_reply *reply, size_t limit, dns_octets *out)
{
    if (limit > sizeof(out->data)) {
        limit = sizeof(out->data);
    }
    if (encode(reply, limit, true, out)) {
        return;
    }

    /* a header, one question and an OPT always fit into the 512 octets that all must take */
    reply->tc = true;
    encode(reply, limit < DNS_UDP_SIZE ? DNS_UDP_SIZE : limit, false, out);
}
