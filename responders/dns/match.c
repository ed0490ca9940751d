/*
 * The match keys, and the one form of each value, so that a rule may say it as people do.
 */
#include "responders/dns/match.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "responders/dns/codec/dns_name.h"
#include "responders/dns/codec/dns_type.h"

static char *address(const char *value)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t octets[16];

    if (inet_pton(AF_INET, value, octets) == 1) {
        inet_ntop(AF_INET, octets, text, sizeof(text));
    } else if (inet_pton(AF_INET6, value, octets) == 1) {
        inet_ntop(AF_INET6, octets, text, sizeof(text));
    } else {
        return NULL;
    }
    return strdup(text);
}

static char *transport(const char *value)
{
    if (strcasecmp(value, "udp") == 0) {
        return strdup("udp");
    }
    return strcasecmp(value, "tcp") == 0 ? strdup("tcp") : NULL;
}

static char *qname(const char *value)
{
    char text[DNS_NAME_TEXT_SIZE];
    dns_name name;

    if (dns_name_from_text(value, &name) != NULL) {
        return NULL;
    }
    dns_name_lower(&name);
    dns_name_to_text(&name, text);
    return strdup(text);
}

static char *qtype(const char *value)
{
    char text[DNS_TYPE_TEXT_SIZE];
    uint16_t type;

    if (!dns_type_from_text(value, &type)) {
        return NULL;
    }
    dns_type_to_text(type, text);
    return strdup(text);
}

const match_key match_keys[MATCH_KEYS + 1] = {
    [MATCH_LISTENER] = {.name = "listener",
                        .summary = "the name of a --listen address",
                        .at_accept = true},
    [MATCH_CLIENT] = {.name = "client",
                      .summary = "the client's IP address",
                      .at_accept = true,
                      .normalise = address},
    [MATCH_TRANSPORT] = {.name = "transport",
                         .summary = "\"udp\" or \"tcp\"",
                         .at_accept = true,
                         .normalise = transport},
    [MATCH_QNAME] = {.name = "qname",
                     .summary = "the name that is asked, in any case",
                     .normalise = qname},
    [MATCH_QTYPE] = {.name = "qtype",
                     .summary = "the type that is asked: A, AAAA, CNAME, ..., TYPE65280",
                     .normalise = qtype},
    [MATCH_KEYS] = {.name = NULL},
};
