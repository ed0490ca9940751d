/*
 * Record sets as people write them: in an option, or in a path and a JSON body.
 */
#ifndef STAPLELAB_DNS_RECORD_INPUT_H
#define STAPLELAB_DNS_RECORD_INPUT_H

#include <jansson.h>
#include <stdint.h>

#include "harness/base/problem.h"
#include "responders/dns/codec/dns_name.h"

typedef struct {
    dns_name name; /* lower case */
    uint16_t type; /* A, AAAA or CNAME */
    uint32_t ttl;
    json_t *values; /* texts that are right for the type; json_decref them */
} record_input;

/* Reads NAME and TYPE; touches neither TTL nor values.  0, or -1 with *p. */
int record_input_key(const char *name, const char *type, record_input *out, problem *p);

/* Reads {"values": [TEXT, ...], "ttl": SECONDS} for that name and type.  0, or -1 with *p. */
int record_input_body(const char *name, const char *type, json_t *body, record_input *out,
                      problem *p);

/* Reads "NAME/TYPE=VALUE[,VALUE...][@TTL]".  0, or -1 with *p. */
int record_input_option(const char *text, record_input *out, problem *p);

#endif
