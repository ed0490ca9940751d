/* See params.h. */
#include "responders/dns/faults/params.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void octets_accepts(const param *p, char *out, size_t size)
{
    (void)p;
    snprintf(out, size, "octets in hexadecimal such as \"8180 0001\"");
}

static void octets_clear(void *member)
{
    octets_free(member);
}

/* The value of a hexadecimal digit, or -1. */
static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));

    return found == NULL ? -1 : (int)(found - digits);
}

/* Between two octets there may be spaces. */
static bool octets_read(const param *p, const json_t *value, const void *store, void *member)
{
    const char *text = json_string_value(value);

    (void)p;
    (void)store;
    if (text == NULL) {
        return false;
    }
    octets_reserve(member, 1); /* no octets are octets, too */
    while (*text != '\0') {
        const int high = digit(text[0]);
        const int low = high < 0 ? -1 : digit(text[1]);
        uint8_t octet;

        if (*text == ' ') {
            text++;
            continue;
        }
        if (low < 0) {
            octets_free(member);
            return false;
        }
        octet = (uint8_t)(high << 4 | low);
        octets_append(member, &octet, 1);
        text += 2;
    }
    return true;
}

const param_type dns_param_addresses = {.name = "addresses",
                                        .accepts = addresses_accepts,
                                        .read = addresses_read,
                                        .clear = addresses_clear};
const param_type dns_param_name = {.name = "name", .accepts = name_accepts, .read = name_read};
const param_type dns_param_type = {.name = "type", .accepts = type_accepts, .read = type_read};
const param_type dns_param_octets = {
    .name = "octets", .accepts = octets_accepts, .read = octets_read, .clear = octets_clear};
