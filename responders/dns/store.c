/* The store: a short list of sets. */
#include "responders/dns/store.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/dns/codec/dns_type.h"
#include "responders/dns/record_input.h"

/* Every query looks at all of them. */
#define SETS_MAX 1024

typedef struct {
    record_input *sets;
    size_t count;
} set_list;

struct dns_store {
    set_list current, initial;
};

static void list_clear(set_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        record_input_clear(&list->sets[i]);
    }
    free(list->sets);
    *list = (set_list){0};
}

dns_store *dns_store_new(void)
{
    return memory_new(sizeof(dns_store));
}

void dns_store_free(dns_store *s)
{
    if (s == NULL) {
        return;
    }
    list_clear(&s->current);
    list_clear(&s->initial);
    free(s);
}

static record_input *find(const set_list *list, const dns_name *name, uint16_t type)
{
    for (size_t i = 0; i < list->count; i++) {
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

    for (size_t i = 0; i < list->count; i++) {
        if (dns_name_equal(&list->sets[i].name, name) && list->sets[i].type != type &&
            (type == DNS_TYPE_CNAME || list->sets[i].type == DNS_TYPE_CNAME)) {
            dns_name_to_text(name, text);
            problem_set(p, 409, "", "%s: a CNAME and other records cannot share a name", text);
            return -1;
        }
    }
    return 0;
}

/* Puts a set in and takes it over; it is cleared when there is no room for it. */
static int put(set_list *list, record_input *in, problem *p)
{
    record_input *set = find(list, &in->name, in->type);
    int rc = check_alone(list, &in->name, in->type, p);

    if (rc == 0 && set == NULL && list->count == SETS_MAX) {
        problem_set(p, 409, "", "no room for more than %d record sets", SETS_MAX);
        rc = -1;
    }
    if (rc != 0) {
        record_input_clear(in);
        return -1;
    }

    if (set == NULL) {
        list->sets = memory_resize(list->sets, list->count + 1, sizeof(list->sets[0]));
        set = &list->sets[list->count++];
    } else {
        record_input_clear(set);
    }
    *set = *in;
    return 0;
}

int dns_store_put(dns_store *s, const char *name, const char *type, json_t *body, problem *p)
{
    record_input in;

    return record_input_body(name, type, body, &in, p) != 0 ? -1 : put(&s->current, &in, p);
}

int dns_store_remove(dns_store *s, const char *name, const char *type, problem *p)
{
    set_list *list = &s->current;
    record_input in, *set;

    if (record_input_key(name, type, &in, p) != 0) {
        return -1;
    }
    set = find(list, &in.name, in.type);
    if (set == NULL) {
        problem_set(p, 404, "", "no record set %s/%s", name, type);
        return -1;
    }
    record_input_clear(set);
    list->count--;
    memmove(set, set + 1, (size_t)(list->sets + list->count - set) * sizeof(*set));
    return 0;
}

int dns_store_option(dns_store *s, const char *text, problem *p)
{
    record_input in;

    if (record_input_option(text, &in, p) != 0) {
        return -1;
    }
    if (find(&s->initial, &in.name, in.type) != NULL) {
        problem_set(p, 400, "", "record \"%s\": this name and type were given before", text);
        record_input_clear(&in);
        return -1;
    }
    if (put(&s->initial, &in, p) != 0) {
        return -1;
    }
    dns_store_reset(s);
    return 0;
}

void dns_store_reset(dns_store *s)
{
    list_clear(&s->current);
    if (s->initial.count == 0) {
        return;
    }
    s->current.count = s->initial.count;
    s->current.sets = memory_array(s->initial.count, sizeof(s->current.sets[0]));
    for (size_t i = 0; i < s->initial.count; i++) {
        record_input_copy(&s->initial.sets[i], &s->current.sets[i]);
    }
}

json_t *dns_store_to_json(const dns_store *s)
{
    char name[DNS_NAME_TEXT_SIZE], type[DNS_TYPE_TEXT_SIZE];
    json_t *all = json_array();

    for (size_t i = 0; i < s->current.count; i++) {
        const record_input *set = &s->current.sets[i];

        dns_name_to_text(&set->name, name);
        dns_type_to_text(set->type, type);
        json_array_append_new(all, json_pack("{s:s, s:s, s:I, s:O}", "name", name, "type", type,
                                             "ttl", (json_int_t)set->ttl, "values", set->values));
    }
    return all;
}

/* A name exists also when only names under it have records (RFC 8020). */
static bool name_exists(const dns_store *s, const dns_name *name)
{
    for (size_t i = 0; i < s->current.count; i++) {
        if (dns_name_is_within(&s->current.sets[i].name, name)) {
            return true;
        }
    }
    return false;
}

static size_t add_set(const record_input *set, const dns_name *owner, dns_section *section)
{
    const size_t count = json_array_size(set->values);

    if (set->type == DNS_TYPE_CNAME) {
        dns_section_add_cname(section, owner, set->ttl, &set->target);
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        dns_section_add_address(section, owner, set->ttl, &set->addresses[i]);
    }
    return count;
}

size_t dns_store_add_to(const dns_store *s, const dns_name *name, uint16_t type,
                        const dns_name *owner, dns_section *section)
{
    size_t added = 0;

    for (size_t i = 0; i < s->current.count; i++) {
        const record_input *set = &s->current.sets[i];

        if ((set->type == type || type == DNS_TYPE_ANY) && dns_name_equal(&set->name, name)) {
            added += add_set(set, owner, section);
        }
    }
    return added;
}

static bool is_owner(const dns_section *section, const dns_name *name)
{
    for (size_t i = 0; i < section->count; i++) {
        if (dns_name_equal(&section->list[i].owner, name)) {
            return true;
        }
    }
    return false;
}

/* Adds the aliases that start at *here, each once, and moves it to where they lead. */
static void follow_aliases(const dns_store *s, dns_name *here, dns_section *answer)
{
    const record_input *set;

    while ((set = find(&s->current, here, DNS_TYPE_CNAME)) != NULL && !is_owner(answer, here)) {
        dns_section_add_cname(answer, here, set->ttl, &set->target);
        *here = set->target;
    }
}

void dns_store_respond(const dns_store *s, const dns_name *name, uint16_t type, dns_response *r)
{
    dns_name here = *name;

    if (type != DNS_TYPE_CNAME && type != DNS_TYPE_ANY) {
        follow_aliases(s, &here, &r->answer);
    }
    if (dns_store_add_to(s, &here, type, &here, &r->answer) > 0) {
        return;
    }
    if (is_owner(&r->answer, &here)) {
        return; /* the aliases lead in a circle: all of it is there, and there is no end to speak of
                 */
    }
    /* of a chain, the code is that of its last name (RFC 6604) */
    if (!name_exists(s, &here)) {
        r->rcode = DNS_RCODE_NXDOMAIN;
    }
    dns_section_add_soa(&r->authority, &here);
}
