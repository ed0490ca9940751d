/*
 * What a rule of faulty-ocspd can match on, and the order of the values of a request.
 */
#ifndef STAPLELAB_OCSP_MATCH_H
#define STAPLELAB_OCSP_MATCH_H

#include "responders/engine/match.h"

enum {
    OCSP_KEY_LISTENER,
    OCSP_KEY_CLIENT,
    OCSP_KEY_SERIAL,
    OCSP_KEY_CERTIFICATE,
    OCSP_KEY_METHOD,
    OCSP_KEY_PATH,
    OCSP_KEY_HOST,
    OCSP_KEY_HTTP_VERSION,
    OCSP_KEYS,
};

/* OCSP_KEYS entries, then the one that ends the table. */
extern const match_key ocsp_match_keys[];

#endif
