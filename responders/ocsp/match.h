/*
 * What a rule of faulty-ocspd can match on, and the order of the values in a subject.
 */
#ifndef STAPLELAB_OCSP_MATCH_KEYS_H
#define STAPLELAB_OCSP_MATCH_KEYS_H

#include "responders/engine/rule_set.h"

enum {
    KEY_LISTENER,
    KEY_CLIENT,
    KEY_SERIAL,
    KEY_CERTIFICATE,
    KEY_METHOD,
    KEY_PATH,
    KEY_HOST,
    KEY_HTTP_VERSION,
    KEYS,
};

/* KEYS entries, then the one that ends the table. */
extern const match_key ocsp_match_keys[];

#endif
