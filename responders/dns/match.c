/*
 * The match keys, and the one form of each value, so that a rule may say it as people do.
 */
#include "responders/dns/match.h"

#include <strings.h>

#include "harness/base/memory.h"
#include "responders/dns/codec/dns_address.h"
#include "responders/dns/codec/dns_name.h"
#include "responders/dns/codec/dns_type.h"

static char *client(const char *value)
{
    char text[DNS_ADDRESS_TEXT_SIZE];
    dns_address address;

    if (!dns_address_from_text(value, &address)) {
        return NULL;
    }
    dns_address_to_text(&address, text);
    return memory_text(text);
}

static char *transport(const char *value)
{
    if (strcasecmp(value, "udp") == 0) {
        return memory_text("udp");
    }
    return strcasecmp(value, "tcp") == 0 ? memory_text("tcp") : NULL;
}

static char *qname(const char *value)
{
    char text[DNS_NAME_TEXT_SIZE];
    dns_name name;
    problem ignored;

    if (dns_name_from_text(value, &name, &ignored) != 0) {
        return NULL;
    }
    dns_name_lower(&name);
    dns_name_to_text(&name, text);
    return memory_text(text);
}

static char *qtype(const char *value)
{
    char text[DNS_TYPE_TEXT_SIZE];
    uint16_t type;

    if (!dns_type_from_text(value, &type)) {
        return NULL;
    }
    dns_type_to_text(type, text);
    return memory_text(text);
}

const match_key dns_match_keys[DNS_MATCH_KEYS + 1] = {
    [DNS_MATCH_LISTENER] = {.name = "listener",
                            .summary = "the name of a --listen address",
                            .at_accept = true},
    [DNS_MATCH_CLIENT] = {.name = "client",
                          .summary = "the client's IP address",
                          .at_accept = true,
                          .normalise = client},
    [DNS_MATCH_TRANSPORT] = {.name = "transport",
                             .summary = "\"udp\" or \"tcp\"",
                             .at_accept = true,
                             .normalise = transport},
    [DNS_MATCH_QNAME] = {.name = "qname",
                         .summary = "the name that is asked, in any case",
                         .normalise = qname},
    [DNS_MATCH_QTYPE] = {.name = "qtype",
                         .summary = "the type that is asked: A, AAAA, CNAME, ..., TYPE65280",
                         .normalise = qtype},
    [DNS_MATCH_KEYS] = {.name = NULL},
};
