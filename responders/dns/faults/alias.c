/*
 * Aliases: one, a chain, a cycle; in one message, or one hop a message so that the resolver has
 * to come back for each.
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

#define ALIAS_TTL RECORDS_TTL

typedef struct {
    const char *label;  /* of the places, "" for the single one named "alias" */
    const char *target; /* of a single one, NULL for the default */
    unsigned last;      /* place */
    bool cycle;         /* place 0 follows the last one */
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
        return dns_name_from_text(ch->target, out) == NULL;
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
    unsigned place;

    dns_name_parent(asked, &parent);
    for (place = 1; place <= ch->last && ch->target == NULL; place++) {
        if (place_name(ch, &parent, place, &name) && dns_name_equal(&name, asked)) {
            *base = parent;
            return place;
        }
    }

    *base = *asked;
    return 0;
}

/* Moves the healthy answer's records of the asked type behind the aliases, owned by `owner`;
 * where there are none, what the store has for `owner` or for `base`. */
static void add_own(const fault_context *c, dns_section *healthy, const dns_name *base,
                    const dns_name *owner)
{
    dns_reply *reply = c->reply;
    size_t i, before = reply->answer.count;
    dns_rr *rr;

    if (records_add_to(c->records, owner, c->query->type, owner, &reply->answer) > 0) {
        return;
    }

    for (i = 0; i < healthy->count; i++) {
        if (healthy->list[i].type != c->query->type) {
            continue;
        }
        rr = dns_section_add(&reply->answer, owner, c->query->type, 0);
        if (rr == NULL) {
            return;
        }
        *rr = healthy->list[i];
        rr->owner = *owner;
    }
    if (reply->answer.count == before) {
        records_add_to(c->records, base, c->query->type, owner, &reply->answer);
    }
    if (reply->answer.count == before) {
        dns_section_add_soa(&reply->authority, owner);
    }
}

static void walk(const fault_context *c, const chain *ch)
{
    dns_section healthy = c->reply->answer;
    unsigned place, next, hops;
    dns_name base, here, there;

    if (ch->target != NULL && dns_name_from_text(ch->target, &there) == NULL &&
        dns_name_equal(&there, &c->query->name)) {
        return; /* the query for the target itself: the store's own answer */
    }

    memset(&c->reply->answer, 0, sizeof(c->reply->answer));
    dns_section_empty(&c->reply->authority);
    c->reply->rcode = DNS_RCODE_NOERROR;

    place = find_place(ch, &c->query->name, &base);
    here = c->query->name;

    for (hops = ch->cycle ? ch->last + 1 : ch->last - place; hops > 0; hops--) {
        next = place == ch->last ? 0 : place + 1;
        if (!place_name(ch, &base, next, &there)) {
            /* no room for one more label: the longest chain that the name allows */
            break;
        }
        dns_section_add_cname(&c->reply->answer, &here, ALIAS_TTL, &there);
        here = there;
        place = next;
        if (!ch->in_message) {
            goto done;
        }
    }
    if (!ch->cycle) {
        add_own(c, &healthy, &base, &here);
    }

done:
    free(healthy.list);
}

static void cname_single(const fault_context *c, const json_t *params)
{
    walk(c, &(chain){.label = "",
                     .target = param_string(params, "target"),
                     .last = 1,
                     .in_message = param_boolean(params, "in_message")});
}

static void cname_chain(const fault_context *c, const json_t *params)
{
    walk(c, &(chain){.label = "c",
                     .last = (unsigned)param_integer(params, "n"),
                     .in_message = param_boolean(params, "in_message")});
}

static void cname_loop(const fault_context *c, const json_t *params)
{
    walk(c, &(chain){.label = "loop",
                     .last = (unsigned)param_integer(params, "length") - 1,
                     .cycle = true,
                     .in_message = param_boolean(params, "in_message")});
}

#define IN_MESSAGE_PARAM                                                                           \
    {                                                                                              \
        .name = "in_message", .type = PARAM_BOOLEAN,                                               \
        .summary = "all in one message, or one alias a message", .fallback = "true"                \
    }

static const fault_param single_params[] = {
    {.name = "target",
     .type = PARAM_STRING,
     .summary = "a name; null: \"alias.\" before the asked one",
     .fallback = "null"},
    IN_MESSAGE_PARAM,
    {.name = NULL},
};

static const fault_param chain_params[] = {
    {.name = "n",
     .type = PARAM_INTEGER,
     .unit = "aliases",
     .summary = "how many come before the addresses",
     .fallback = "10",
     .min = 1,
     .max = 200},
    IN_MESSAGE_PARAM,
    {.name = NULL},
};

static const fault_param loop_params[] = {
    {.name = "length",
     .type = PARAM_INTEGER,
     .unit = "aliases",
     .summary = "how many make the cycle; 1: the name is its own alias",
     .fallback = "2",
     .min = 1,
     .max = 200},
    IN_MESSAGE_PARAM,
    {.name = NULL},
};

const fault_spec fault_cname_single = {
    .name = "cname-single",
    .id = "C65",
    .layer = "dns",
    .summary = "the name is an alias; its target has the addresses",
    .params = single_params,
    .impl = &(const dns_fault){.edit = cname_single},
};

const fault_spec fault_cname_chain = {
    .name = "cname-chain",
    .id = "C66",
    .layer = "dns",
    .summary = "n aliases lead to the addresses",
    .params = chain_params,
    .impl = &(const dns_fault){.edit = cname_chain},
};

const fault_spec fault_cname_loop = {
    .name = "cname-loop",
    .id = "C67",
    .layer = "dns",
    .summary = "aliases that lead back to the name",
    .params = loop_params,
    .impl = &(const dns_fault){.edit = cname_loop},
};
