/*
 * The store: a short list of sets, each a JSON array of texts that have been checked, because
 * texts are what comes in, what goes out and what an encoder reads in no time.
 */
#include "responders/dns/store.h"

#include <stdlib.h>
#include <string.h>

#include "responders/dns/codec/dns_type.h"
#include "responders/dns/record_input.h"

#define SETS_MAX    1024
#define ALIASES_MAX 64 /* followed in one answer */

typedef struct {
    record_input *sets;
    size_t count;
} set_list;

struct records {
    set_list current, initial;
};

static void list_clear(set_list *list)
{
    size_t i;

    for (i = 0; i < list->count; i++) {
        json_decref(list->sets[i].values);
    }
    list->count = 0;
}

records *records_new(void)
{
    records *r = calloc(1, sizeof(*r));

    if (r == NULL) {
        return NULL;
    }

    r->current.sets = calloc(SETS_MAX, sizeof(record_input));
    r->initial.sets = calloc(SETS_MAX, sizeof(record_input));
    if (r->current.sets == NULL || r->initial.sets == NULL) {
        records_free(r);
        return NULL;
    }
    return r;
}

void records_free(records *r)
{
    if (r == NULL) {
        return;
    }

    list_clear(&r->current);
    list_clear(&r->initial);
    free(r->current.sets);
    free(r->initial.sets);
    free(r);
}

static record_input *find(const set_list *list, const dns_name *name, uint16_t type)
{
    size_t i;

    for (i = 0; i < list->count; i++) {
        if (list->sets[i].type == type && dns_name_equal(&list->sets[i].name, name)) {
            return &list->sets[i];
        }
    }

    return NULL;
}

/* RFC 1034 3.6.2: a CNAME stands alone.  A broken set is asked for as a fault, by name. */
static int check_alone(const set_list *list, const dns_name *name, uint16_t type, problem *p)
{
    char text[DNS_NAME_TEXT_SIZE];
    size_t i;

    for (i = 0; i < list->count; i++) {
        if (dns_name_equal(&list->sets[i].name, name) && list->sets[i].type != type &&
            (type == DNS_TYPE_CNAME || list->sets[i].type == DNS_TYPE_CNAME)) {
            dns_name_to_text(name, text);
            problem_set(p, 409, "", "%s: a CNAME and other records cannot share a name", text);
            return -1;
        }
    }
    return 0;
}

/* Puts a set in; takes no reference. */
static int put(set_list *list, const record_input *in, problem *p)
{
    record_input *set = find(list, &in->name, in->type);

    if (check_alone(list, &in->name, in->type, p) != 0) {
        return -1;
    }

    if (set == NULL) {
        if (list->count == SETS_MAX) {
            problem_set(p, 409, "", "no room for more than %d record sets", SETS_MAX);
            return -1;
        }
        set = &list->sets[list->count++];
    } else {
        json_decref(set->values);
    }

    *set = *in;
    json_incref(set->values);
    return 0;
}

int records_put(records *r, const char *name, const char *type, json_t *body, problem *p)
{
    record_input in;
    int result;

    if (record_input_body(name, type, body, &in, p) != 0) {
        return -1;
    }

    result = put(&r->current, &in, p);
    json_decref(in.values);
    return result;
}

int records_remove(records *r, const char *name, const char *type, problem *p)
{
    record_input in, *set;

    if (record_input_key(name, type, &in, p) != 0) {
        return -1;
    }
    set = find(&r->current, &in.name, in.type);
    if (set == NULL) {
        problem_set(p, 404, "", "no record set %s/%s", name, type);
        return -1;
    }

    json_decref(set->values);
    r->current.count--;
    memmove(set, set + 1, (size_t)(r->current.sets + r->current.count - set) * sizeof(*set));
    return 0;
}

int records_option(records *r, const char *text, problem *p)
{
    record_input in;
    int result = -1;

    if (record_input_option(text, &in, p) != 0) {
        return -1;
    }

    if (find(&r->initial, &in.name, in.type) != NULL) {
        problem_set(p, 400, "", "record \"%s\": this name and type were given before", text);
    } else {
        result = put(&r->initial, &in, p);
        records_reset(r);
    }
    json_decref(in.values);
    return result;
}

void records_reset(records *r)
{
    size_t i;

    list_clear(&r->current);
    for (i = 0; i < r->initial.count; i++) {
        r->current.sets[i] = r->initial.sets[i];
        json_incref(r->current.sets[i].values);
    }
    r->current.count = r->initial.count;
}

json_t *records_to_json(const records *r)
{
    char name[DNS_NAME_TEXT_SIZE], type[DNS_TYPE_TEXT_SIZE];
    json_t *all = json_array();
    const record_input *set;
    size_t i;

    for (i = 0; i < r->current.count; i++) {
        set = &r->current.sets[i];
        dns_name_to_text(&set->name, name);
        dns_type_to_text(set->type, type);
        json_array_append_new(all, json_pack("{s:s, s:s, s:I, s:O}", "name", name, "type", type,
                                             "ttl", (json_int_t)set->ttl, "values", set->values));
    }
    return all;
}

bool records_name_exists(const records *r, const dns_name *name)
{
    size_t i;

    for (i = 0; i < r->current.count; i++) {
        if (dns_name_equal(&r->current.sets[i].name, name)) {
            return true;
        }
    }

    return false;
}

static size_t add_set(const record_input *set, const dns_name *owner, dns_section *section)
{
    size_t added = 0, i;
    const char *text;
    dns_name target;
    json_t *value;
    bool done;

    json_array_foreach(set->values, i, value)
    {
        text = json_string_value(value);
        if (set->type == DNS_TYPE_CNAME) {
            done = dns_name_from_text(text, &target) == NULL &&
                   dns_section_add_cname(section, owner, set->ttl, &target);
        } else {
            done = dns_section_add_address(section, owner, set->type, set->ttl, text);
        }
        added += done;
    }
    return added;
}

size_t records_add_to(const records *r, const dns_name *name, uint16_t type, const dns_name *owner,
                      dns_section *section)
{
    size_t added = 0, i;
    const record_input *set;

    for (i = 0; i < r->current.count; i++) {
        set = &r->current.sets[i];
        if ((set->type == type || type == DNS_TYPE_ANY) && dns_name_equal(&set->name, name)) {
            added += add_set(set, owner, section);
        }
    }
    return added;
}

bool records_alias(const records *r, const dns_name *name, dns_name *target, uint32_t *ttl)
{
    const record_input *set = find(&r->current, name, DNS_TYPE_CNAME);

    if (set == NULL) {
        return false;
    }

    *ttl = set->ttl;
    return dns_name_from_text(json_string_value(json_array_get(set->values, 0)), target) == NULL;
}

void records_answer(const records *r, const dns_name *name, uint16_t type, dns_reply *reply)
{
    dns_name here = *name, target;
    unsigned followed = 0;
    uint32_t ttl;

    while (type != DNS_TYPE_CNAME && type != DNS_TYPE_ANY && followed < ALIASES_MAX &&
           records_alias(r, &here, &target, &ttl)) {
        dns_section_add_cname(&reply->answer, &here, ttl, &target);
        here = target;
        followed++;
    }

    if (records_add_to(r, &here, type, &here, &reply->answer) > 0) {
        return;
    }
    /* of a chain, the code is that of its last name (RFC 6604) */
    if (!records_name_exists(r, &here)) {
        reply->rcode = DNS_RCODE_NXDOMAIN;
    }
    dns_section_add_soa(&reply->authority, &here);
}
