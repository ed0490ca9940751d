/*
 * Malformed messages: what a parser must survive (RFC 9267).
 */
#include "responders/dns/faults/faults.h"

#include "responders/dns/codec/dns_type.h"

#define DNS_ID_SIZE    2
#define DNS_FLAGS_SIZE 2

typedef struct {
    int64_t at;
} cut_params;

static effect cut(primitive_call *call)
{
    const cut_params *p = call->params;
    octets *message = call->subject;

    /* there is always something missing, or it would not be cut */
    octets_cut(message, (size_t)p->at < message->length ? (size_t)p->at : message->length - 1);
    return EFFECT_DONE;
}

const primitive dns_fault_cut = {
    .name = "cut",
    .summary = "the message ends early",
    .stage = STAGE_WIRE,
    .things = {"message/records", "message/question"},
    .replaces = true, /* no client reads a record of a message that is cut */
    .size = sizeof(cut_params),
    .params =
        (const param[]){
            {.name = "at",
             .type = &param_integer,
             .offset = offsetof(cut_params, at),
             .summary = "how many are sent; one less than all if the message is shorter",
             .fallback = "20",
             .unit = "octets",
             .min = 12,
             .max = 65535},
            {0},
        },
    .act = cut,
};

typedef struct {
    octets octets;
    bool id;
} message_params;

/* What no other fault has, word for word; only the ID cannot be known beforehand. */
static effect write_message(primitive_call *call)
{
    const message_params *p = call->params;
    const size_t flags = p->id ? 0 : DNS_ID_SIZE;
    dns_response *r = call->subject;

    dns_section_empty(&r->answer);
    dns_section_empty(&r->authority);
    r->tc = false;
    r->rcode = 0;
    if (p->octets.length >= flags + DNS_FLAGS_SIZE) {
        r->tc = (p->octets.data[flags] & 0x02) != 0;
        r->rcode = p->octets.data[flags + 1] & 0x0f;
    }
    r->other = octets_span(&p->octets);
    r->other_behind_id = p->id;
    return EFFECT_DONE;
}

const primitive dns_fault_message = {
    .name = "message",
    .summary = "these octets in the place of the message",
    .stage = STAGE_MODEL,
    .things = {"message"},
    .size = sizeof(message_params),
    .params =
        (const param[]){
            {.name = "octets",
             .type = &dns_param_octets,
             .offset = offsetof(message_params, octets),
             .summary = "what is sent, in hexadecimal",
             .fallback = "\"\""},
            {.name = "id",
             .type = &param_boolean,
             .offset = offsetof(message_params, id),
             .summary = "whether the ID of the query comes first",
             .fallback = "true"},
            {0},
        },
    .act = write_message,
};

enum { WHERE_TARGET, WHERE_OWNER };
enum { FORM_SELF, FORM_CYCLE };

static const char *const wheres[] = {"target", "owner", NULL};
static const char *const forms[] = {"self", "cycle", NULL};

typedef struct {
    int where, form;
} pointer_loop_params;

#define POINTER_SIZE 2
#define BEFORE_RDATA (POINTER_SIZE + 10) /* the owner; type, class, TTL, RDLENGTH */

/* An alias of the question's name whose target is a pointer. */
static void add_target(dns_response *r, size_t points_to)
{
    dns_rr *rr = dns_section_add(&r->answer, &r->name, DNS_TYPE_CNAME, 0);

    rr->owner_points = true;
    rr->owner_at = DNS_HEADER_SIZE;
    rr->octets[0] = (uint8_t)(0xc0 | points_to >> 8);
    rr->octets[1] = (uint8_t)points_to;
    rr->noctets = POINTER_SIZE;
}

/* An address owned by a pointer. */
static void add_owner(dns_response *r, size_t points_to)
{
    static const dns_address four = {.length = 4, .octets = {127, 0, 0, 1}};
    static const dns_address six = {.length = 16, .octets = {[15] = 1}};
    dns_rr *rr;

    dns_section_add_address(&r->answer, &r->name, 0, r->type == DNS_TYPE_AAAA ? &six : &four);
    rr = &r->answer.list[r->answer.count - 1];
    rr->owner_points = true;
    rr->owner_at = (uint16_t)points_to;
}

/* One pointer that names its own place, or two that name each other's. */
static effect pointer_loop(primitive_call *call)
{
    const pointer_loop_params *p = call->params;
    dns_response *r = call->subject;
    void (*const add)(dns_response *, size_t) = p->where == WHERE_TARGET ? add_target : add_owner;
    size_t first = DNS_HEADER_SIZE + (size_t)r->name.length + 4;
    size_t rdlength = r->type == DNS_TYPE_AAAA ? 16 : 4;

    dns_fault_set_error(r, DNS_RCODE_NOERROR);
    if (p->where == WHERE_TARGET) {
        first += BEFORE_RDATA;
        rdlength = POINTER_SIZE;
    }
    if (p->form == FORM_CYCLE) {
        add(r, first + BEFORE_RDATA + rdlength);
    }
    add(r, first);
    return EFFECT_DONE;
}

const primitive dns_fault_pointer_loop = {
    .name = "pointer-loop",
    .summary = "a name of the answer section is a compression pointer that never ends",
    .stage = STAGE_MODEL,
    .things = {"message/header/rcode", "message/records", "message/question"},
    .size = sizeof(pointer_loop_params),
    .params =
        (const param[]){
            {.name = "where",
             .type = &param_choice,
             .offset = offsetof(pointer_loop_params, where),
             .summary =
                 "the target of an alias, or the owner of an address, which few clients read",
             .fallback = "\"target\"",
             .choices = wheres},
            {.name = "form",
             .type = &param_choice,
             .offset = offsetof(pointer_loop_params, form),
             .summary = "a pointer to itself, or two that point to each other",
             .fallback = "\"self\"",
             .choices = forms},
            {0},
        },
    .act = pointer_loop,
};
