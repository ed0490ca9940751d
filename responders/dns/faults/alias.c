/*
 * Aliases (RFC 1034 3.6.2): one, a chain, a cycle; in one message, or one hop a message so that
 * the resolver has to come back for each.
 *
 * The places of a chain are numbered from 0, the name that the chain is for; place k is that
 * name with the label "cK" before it ("loopK" in a cycle, "alias" for a single one).  A query
 * for such a place that the rule matches, too, goes on from there.
 */
#include "responders/dns/faults/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responders/dns/codec/dns_type.h"
#include "responders/dns/record_input.h"

typedef struct {
    const char *label;      /* of the places, "" for the single one named "alias" */
    const dns_name *target; /* of a single one; NULL: "alias" before the asked name */
    unsigned last;          /* place */
    bool cycle;             /* place 0 follows the last one */
    bool in_message;
} chain;

static bool place_name(const chain *ch, const dns_name *base, unsigned place, dns_name *out)
{
    char label[32];

    if (place == 0) {
        *out = *base;
        return true;
    }
    if (ch->target != NULL) {
        *out = *ch->target;
        return true;
    }
    if (ch->label[0] == '\0') {
        return dns_name_prepend("alias", base, out);
    }
    snprintf(label, sizeof(label), "%s%u", ch->label, place);
    return dns_name_prepend(label, base, out);
}

/* At which place of a chain the asked name is; *base is then the name that the chain is for. */
static unsigned find_place(const chain *ch, const dns_name *asked, dns_name *base)
{
    dns_name parent, name;

    dns_name_parent(asked, &parent);
    for (unsigned place = 1; place <= ch->last && ch->target == NULL; place++) {
        if (place_name(ch, &parent, place, &name) && dns_name_equal(&name, asked)) {
            *base = parent;
            return place;
        }
    }
    *base = *asked;
    return 0;
}

/* Adds the healthy response's records of the asked type, owned by `owner`; returns how many. */
static size_t add_healthy(const dns_section *healthy, const dns_name *owner, dns_response *r)
{
    size_t added = 0;

    for (size_t i = 0; i < healthy->count; i++) {
        if (healthy->list[i].type == r->type) {
            dns_section_add_copy(&r->answer, &healthy->list[i]);
            r->answer.list[r->answer.count - 1].owner = *owner;
            added++;
        }
    }
    return added;
}

/* Adds what the end of the aliases has: what the store has for it, else what the healthy response
 * had, else what the store has for the chain's name. */
static void add_end(const dns_fault_context *c, const dns_section *healthy, const dns_name *base,
                    const dns_name *end, dns_response *r)
{
    if (dns_store_add_to(c->store, end, r->type, end, &r->answer) == 0 &&
        add_healthy(healthy, end, r) == 0 &&
        dns_store_add_to(c->store, base, r->type, end, &r->answer) == 0) {
        dns_section_add_soa(&r->authority, end);
    }
}

/* The name that follows.  Where it has no room for one more label the chain ends (false), and a
 * cycle leads back at once. */
static bool follow(const chain *ch, const dns_name *base, unsigned *place, dns_name *out)
{
    *place = *place == ch->last ? 0 : *place + 1;
    if (place_name(ch, base, *place, out)) {
        return true;
    }
    *place = 0;
    *out = *base;
    return ch->cycle;
}

/* Adds the aliases from the asked name on; returns whether *here is the end of them. */
static bool add_aliases(const chain *ch, const dns_name *base, unsigned place, dns_name *here,
                        dns_response *r)
{
    unsigned hops = ch->cycle ? ch->last + 1 : ch->last - place;
    dns_name there;

    while (hops-- > 0 && follow(ch, base, &place, &there)) {
        dns_section_add_cname(&r->answer, here, RECORD_INPUT_TTL, &there);
        *here = there;
        if (!ch->in_message || (ch->cycle && dns_name_equal(here, &r->name))) {
            return false;
        }
    }
    return true;
}

static void walk(primitive_call *call, const chain *ch)
{
    dns_response *r = call->subject;
    dns_section healthy = r->answer;
    dns_name base, here = r->name, next;
    const unsigned place = find_place(ch, &here, &base);
    unsigned first = place;

    if (ch->target != NULL && dns_name_equal(ch->target, &here)) {
        return; /* the query for the target itself: the store's own response */
    }
    if (!ch->cycle && place < ch->last && !follow(ch, &base, &first, &next)) {
        call->why = "the name has no room for one more label";
        return;
    }

    r->answer = (dns_section){0};
    dns_section_empty(&r->authority);
    r->rcode = DNS_RCODE_NOERROR;
    if (add_aliases(ch, &base, place, &here, r)) {
        add_end(call->context, &healthy, &base, &here, r);
    }
    free(healthy.list);
}

typedef struct {
    dns_name target;
    bool in_message;
} alias_params;

static void add_alias(primitive_call *call)
{
    const alias_params *p = call->params;

    walk(call, &(chain){.label = "",
                        .target = p->target.length == 0 ? NULL : &p->target,
                        .last = 1,
                        .in_message = p->in_message});
}

static effect alias(primitive_call *call)
{
    return dns_fault_change(call, add_alias);
}

const primitive dns_fault_alias = {
    .name = "alias",
    .summary = "the name is an alias",
    .stage = STAGE_MODEL,
    .things = {"message/header/rcode", "message/records"},
    .size = sizeof(alias_params),
    .params =
        (const param[]){
            {.name = "target",
             .type = &dns_param_name,
             .offset = offsetof(alias_params, target),
             .summary = "a name; null: \"alias.\" before the asked one",
             .fallback = "null"},
            {.name = "in_message",
             .type = &param_boolean,
             .offset = offsetof(alias_params, in_message),
             .summary = "all in one message, or one alias a message",
             .fallback = "true"},
            {0},
        },
    .act = alias,
};

typedef struct {
    int64_t count;
    bool in_message;
} aliases_params;

static void add_chain(primitive_call *call)
{
    const aliases_params *p = call->params;

    walk(call, &(chain){.label = "c", .last = (unsigned)p->count, .in_message = p->in_message});
}

static effect alias_chain(primitive_call *call)
{
    return dns_fault_change(call, add_chain);
}

const primitive dns_fault_alias_chain = {
    .name = "alias-chain",
    .summary = "aliases that lead to the addresses",
    .stage = STAGE_MODEL,
    .things = {"message/header/rcode", "message/records"},
    .size = sizeof(aliases_params),
    .params =
        (const param[]){
            {.name = "n",
             .type = &param_integer,
             .offset = offsetof(aliases_params, count),
             .summary = "how many come before the addresses",
             .fallback = "10",
             .unit = "aliases",
             .min = 1,
             .max = 200},
            {.name = "in_message",
             .type = &param_boolean,
             .offset = offsetof(aliases_params, in_message),
             .summary = "all in one message, or one alias a message",
             .fallback = "true"},
            {0},
        },
    .act = alias_chain,
};

static void add_loop(primitive_call *call)
{
    const aliases_params *p = call->params;

    walk(call, &(chain){.label = "loop",
                        .last = (unsigned)p->count - 1,
                        .cycle = true,
                        .in_message = p->in_message});
}

static effect alias_loop(primitive_call *call)
{
    return dns_fault_change(call, add_loop);
}

const primitive dns_fault_alias_loop = {
    .name = "alias-loop",
    .summary = "aliases that lead back to the name",
    .stage = STAGE_MODEL,
    .things = {"message/header/rcode", "message/records"},
    .size = sizeof(aliases_params),
    .params =
        (const param[]){
            {.name = "length",
             .type = &param_integer,
             .offset = offsetof(aliases_params, count),
             .summary = "how many make the cycle; 1: the name is its own alias",
             .fallback = "2",
             .unit = "aliases",
             .min = 1,
             .max = 200},
            {.name = "in_message",
             .type = &param_boolean,
             .offset = offsetof(aliases_params, in_message),
             .summary = "all in one message, or one alias a message",
             .fallback = "true"},
            {0},
        },
    .act = alias_loop,
};
