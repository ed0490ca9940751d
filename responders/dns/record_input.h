/*
 * Record sets as people write them: in an option, or in a path and a JSON body.
 */
#ifndef STAPLELAB_DNS_RECORD_INPUT_H
#define STAPLELAB_DNS_RECORD_INPUT_H

#include <jansson.h>
#include <stdint.h>

#include "harness/base/problem.h"
#include "responders/dns/codec/dns_address.h"
#include "responders/dns/codec/dns_name.h"

#define RECORD_INPUT_TTL     300
#define RECORD_INPUT_TTL_MAX 2147483647 /* RFC 2181 section 8 */

typedef struct {
    dns_name name; /* lower case */
    uint16_t type; /* A, AAAA or CNAME */
    uint32_t ttl;
    json_t *values;         /* as they were given */
    dns_address *addresses; /* what they are: as many, of A or AAAA */
    dns_name target;        /* of CNAME */
} record_input;

/* Reads NAME and TYPE; touches nothing else.  0, or -1 with *p. */
int record_input_key(const char *name, const char *type, record_input *out, problem *p);

/* Reads {"values": [TEXT, ...], "ttl": SECONDS} for that name and type.  0 and a set to be
 * cleared, or -1 with *p. */
int record_input_body(const char *name, const char *type, json_t *body, record_input *out,
                      problem *p);

/* Reads "NAME/TYPE=VALUE[,VALUE...][@TTL]".  0 and a set to be cleared, or -1 with *p. */
int record_input_option(const char *text, record_input *out, problem *p);

/* Makes *out a set of its own that is equal to *in. */
void record_input_copy(const record_input *in, record_input *out);
void record_input_clear(record_input *in);

#endif
