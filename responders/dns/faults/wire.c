/*
 * Malformed messages: what a parser must survive.
 */
#include "responders/dns/faults/faults.h"

#include <string.h>

#include "responders/dns/codec/dns_type.h"

static void message_cut(const fault_context *c, const json_t *params, dns_octets *octets)
{
    size_t at = (size_t)param_integer(params, "at");

    (void)c;

    /* there is always something missing, or it would not be cut */
    if (octets->length > 0) {
        octets->length = at < octets->length ? at : octets->length - 1;
    }
}

#define POINTER_SIZE 2
#define BEFORE_RDATA (POINTER_SIZE + 10) /* the owner; type, class, TTL, RDLENGTH */

/* An alias of the question's name whose target is a pointer. */
static bool add_target(const fault_context *c, size_t points_to)
{
    dns_rr *rr = dns_section_add(&c->reply->answer, &c->reply->name, DNS_TYPE_CNAME, 0);

    if (rr == NULL) {
        return false;
    }

    rr->owner_points = true;
    rr->owner_at = DNS_HEADER_SIZE;
    rr->octets[0] = (uint8_t)(0xc0 | points_to >> 8);
    rr->octets[1] = (uint8_t)points_to;
    rr->noctets = POINTER_SIZE;
    return true;
}

/* An address owned by a pointer. */
static bool add_owner(const fault_context *c, size_t points_to)
{
    bool v6 = c->query->type == DNS_TYPE_AAAA;
    dns_rr *rr;

    if (!dns_section_add_address(&c->reply->answer, &c->reply->name,
                                 v6 ? DNS_TYPE_AAAA : DNS_TYPE_A, 0, v6 ? "::1" : "127.0.0.1")) {
        return false;
    }

    rr = &c->reply->answer.list[c->reply->answer.count - 1];
    rr->owner_points = true;
    rr->owner_at = (uint16_t)points_to;
    return true;
}

/* One pointer that names its own place, or two that name each other's. */
static void compression_loop(const fault_context *c, const json_t *params)
{
    bool target = strcmp(param_string(params, "where"), "target") == 0;
    bool cycle = strcmp(param_string(params, "form"), "cycle") == 0;
    size_t first = DNS_HEADER_SIZE + (size_t)c->reply->name.length + 4, rdlength;

    fault_set_rcode(c, DNS_RCODE_NOERROR);

    if (target) {
        first += BEFORE_RDATA;
        rdlength = POINTER_SIZE;
    } else {
        rdlength = c->query->type == DNS_TYPE_AAAA ? 16 : 4;
    }
    if (cycle && !(target ? add_target : add_owner)(c, first + BEFORE_RDATA + rdlength)) {
        return;
    }
    (target ? add_target : add_owner)(c, first);
}

static const fault_param cut_params[] = {
    {.name = "at",
     .type = PARAM_INTEGER,
     .unit = "octets",
     .summary = "how many are sent; one less than all if the message is shorter",
     .fallback = "20",
     .min = 12,
     .max = 65535},
    {.name = NULL},
};

static const char *const forms[] = {"self", "cycle", NULL};

static const char *const places[] = {"target", "owner", NULL};

static const fault_param loop_params[] = {
    {.name = "where",
     .type = PARAM_CHOICE,
     .summary = "the target of an alias, or the owner of an address, which few clients read",
     .fallback = "\"target\"",
     .choices = places},
    {.name = "form",
     .type = PARAM_CHOICE,
     .summary = "a pointer to itself, or two that point to each other",
     .fallback = "\"self\"",
     .choices = forms},
    {.name = NULL},
};

const fault_spec fault_message_cut = {
    .name = "message-cut",
    .id = "C40",
    .layer = "dns",
    .summary = "the message ends inside the question or a record",
    .params = cut_params,
    .impl = &(const dns_fault){.mangle = message_cut},
};

const fault_spec fault_compression_loop = {
    .name = "compression-loop",
    .id = "C45",
    .layer = "dns",
    .summary = "a name of the answer is a compression pointer that never ends",
    .params = loop_params,
    .impl = &(const dns_fault){.edit = compression_loop},
};
