/*
 * The types that a resolver is likely to ask for have names; the others go by number, so an
 * event can name whatever was asked.
 */
#include "responders/dns/codec/dns_type.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    uint16_t type;
    const char *name;
} names[] = {
    {DNS_TYPE_A, "A"},
    {2, "NS"},
    {DNS_TYPE_CNAME, "CNAME"},
    {DNS_TYPE_SOA, "SOA"},
    {12, "PTR"},
    {15, "MX"},
    {16, "TXT"},
    {DNS_TYPE_AAAA, "AAAA"},
    {33, "SRV"},
    {43, "DS"},
    {48, "DNSKEY"},
    {64, "SVCB"},
    {65, "HTTPS"},
    {257, "CAA"},
    {DNS_TYPE_ANY, "ANY"},
};

#define NNAMES (sizeof(names) / sizeof(names[0]))

void dns_type_to_text(uint16_t type, char out[DNS_TYPE_TEXT_SIZE])
{
    size_t i;

    for (i = 0; i < NNAMES; i++) {
        if (names[i].type == type) {
            snprintf(out, DNS_TYPE_TEXT_SIZE, "%s", names[i].name);
            return;
        }
    }

    snprintf(out, DNS_TYPE_TEXT_SIZE, "TYPE%u", (unsigned)type);
}

bool dns_type_from_text(const char *text, uint16_t *type)
{
    unsigned long value = 0;
    size_t i;

    for (i = 0; i < NNAMES; i++) {
        if (strcasecmp(names[i].name, text) == 0) {
            *type = names[i].type;
            return true;
        }
    }

    if (strncasecmp(text, "TYPE", 4) != 0 || text[4] == '\0' || strlen(text) > 9) {
        return false;
    }
    for (i = 4; text[i] != '\0'; i++) {
        if (!isdigit((unsigned char)text[i])) {
            return false;
        }
        value = value * 10 + (unsigned long)(text[i] - '0');
    }
    if (value > UINT16_MAX) {
        return false;
    }

    *type = (uint16_t)value;
    return true;
}
