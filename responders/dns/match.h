/*
 * What a rule can match a query on.
 */
#ifndef STAPLELAB_DNS_MATCH_H
#define STAPLELAB_DNS_MATCH_H

#include "responders/engine/match.h"

/* Places in a query's values, in the order of the table. */
enum {
    DNS_MATCH_LISTENER,
    DNS_MATCH_CLIENT,
    DNS_MATCH_TRANSPORT,
    DNS_MATCH_QNAME,
    DNS_MATCH_QTYPE,
    DNS_MATCH_KEYS,
};

extern const match_key dns_match_keys[DNS_MATCH_KEYS + 1];

#endif
