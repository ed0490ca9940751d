/*
 * The records that healthy answers are made of: from the command line, changed through the
 * control API, brought back by a reset.
 */
#ifndef STAPLELAB_DNS_RECORDS_H
#define STAPLELAB_DNS_RECORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/problem.h"
#include "responders/dns/codec/dns_name.h"
#include "responders/dns/model.h"

#define RECORDS_TTL     300
#define RECORDS_TTL_MAX 2147483647 /* RFC 2181 section 8 */

typedef struct records records;

/* NULL when memory is short. */
records *records_new(void);
void records_free(records *r);

/* Adds the set of "NAME/TYPE=VALUE[,VALUE...][@TTL]" (A, AAAA or CNAME) to those that a reset
 * brings back, too.  0, or -1 with *p. */
int records_option(records *r, const char *text, problem *p);

/* Puts {"values": [TEXT, ...], "ttl": SECONDS} in place of the set of that name and type.
 * 0, or -1 with *p and nothing changed. */
int records_put(records *r, const char *name, const char *type, json_t *body, problem *p);

/* 0, or -1 with *p (status 404). */
int records_remove(records *r, const char *name, const char *type, problem *p);

/* Back to the sets of the options. */
void records_reset(records *r);

/* All sets as a new array of {"name", "type", "ttl", "values"}, in the order they were put. */
json_t *records_to_json(const records *r);

/* Whether there is any set of that name. */
bool records_name_exists(const records *r, const dns_name *name);

/* Adds the set of that name and type (DNS_TYPE_ANY: all of the name) to the section, owned by
 * `owner`.  Returns how many records were added. */
size_t records_add_to(const records *r, const dns_name *name, uint16_t type, const dns_name *owner,
                      dns_section *section);

/* The name's CNAME record: returns whether there is one, with its target and TTL. */
bool records_alias(const records *r, const dns_name *name, dns_name *target, uint32_t *ttl);

/* Fills the answer section with what there is for `name`, aliases followed (RFC 1034 4.3.2),
 * with the SOA record and the response code of a negative answer where there is nothing. */
void records_answer(const records *r, const dns_name *name, uint16_t type, dns_reply *reply);

#endif
