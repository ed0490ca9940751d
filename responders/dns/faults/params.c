/* See params.h. */
#include "responders/dns/faults/params.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/base/memory.h"
#include "responders/dns/codec/dns_name.h"
#include "responders/dns/codec/dns_type.h"

static void addresses_accepts(const param *p, char *out, size_t size)
{
    (void)p;
    snprintf(out, size, "a list of addresses such as \"127.0.0.1\" and \"::1\"");
}

static void addresses_clear(void *member)
{
    dns_addresses *addresses = member;

    free(addresses->list);
    *addresses = (dns_addresses){0};
}

static bool addresses_read(const param *p, const json_t *value, const void *store, void *member)
{
    dns_addresses *addresses = member;
    const size_t count = json_array_size(value);

    (void)p;
    (void)store;
    if (!json_is_array(value)) {
        return false;
    }
    addresses->list = memory_array(count + 1, sizeof(addresses->list[0]));
    for (; addresses->count < count; addresses->count++) {
        const char *text = json_string_value(json_array_get(value, addresses->count));

        if (text == NULL || !dns_address_from_text(text, &addresses->list[addresses->count])) {
            addresses_clear(member);
            return false;
        }
    }
    return true;
}

static void name_accepts(const param *p, char *out, size_t size)
{
    (void)p;
    snprintf(out, size, "a domain name such as \"www.example\"");
}

static bool name_read(const param *p, const json_t *value, const void *store, void *member)
{
    problem ignored;

    (void)p;
    (void)store;
    return json_is_string(value) &&
           dns_name_from_text(json_string_value(value), member, &ignored) == 0;
}

static void type_accepts(const param *p, char *out, size_t size)
{
    (void)p;
    snprintf(out, size, "a record type such as \"A\", \"AAAA\" or \"TYPE65280\"");
}

static bool type_read(const param *p, const json_t *value, const void *store, void *member)
{
    (void)p;
    (void)store;
    return json_is_string(value) && dns_type_from_text(json_string_value(value), member);
}

const param_type dns_param_addresses = {.name = "addresses",
                                        .accepts = addresses_accepts,
                                        .read = addresses_read,
                                        .clear = addresses_clear};
const param_type dns_param_name = {.name = "name", .accepts = name_accepts, .read = name_read};
const param_type dns_param_type = {.name = "type", .accepts = type_accepts, .read = type_read};
