/*
 * What a rule can match a query on.
 */
#ifndef STAPLELAB_DNS_MATCH_H
#define STAPLELAB_DNS_MATCH_H

#include "responders/engine/rule_set.h"

/* Places in the subject's values, in the order of the table. */
enum {
    MATCH_LISTENER,
    MATCH_CLIENT,
    MATCH_TRANSPORT,
    MATCH_QNAME,
    MATCH_QTYPE,
    MATCH_KEYS,
};

extern const match_key match_keys[MATCH_KEYS + 1];

#endif
