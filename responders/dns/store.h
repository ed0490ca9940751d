/*
 * The records that healthy responses are made of: from the command line, changed through the
 * control API, brought back by a reset.
 */
#ifndef STAPLELAB_DNS_STORE_H
#define STAPLELAB_DNS_STORE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/problem.h"
#include "responders/dns/codec/dns_name.h"
#include "responders/dns/model.h"

typedef struct dns_store dns_store;

dns_store *dns_store_new(void);
void dns_store_free(dns_store *s); /* NULL is nothing */

/* Adds the set of "NAME/TYPE=VALUE[,VALUE...][@TTL]" (A, AAAA or CNAME) to those that a reset
 * brings back, too.  0, or -1 with *p. */
int dns_store_option(dns_store *s, const char *text, problem *p);

/* Puts {"values": [TEXT, ...], "ttl": SECONDS} in place of the set of that name and type.
 * 0, or -1 with *p and nothing changed. */
int dns_store_put(dns_store *s, const char *name, const char *type, json_t *body, problem *p);

/* 0, or -1 with *p (status 404). */
int dns_store_remove(dns_store *s, const char *name, const char *type, problem *p);

/* Back to the sets of the options. */
void dns_store_reset(dns_store *s);

/* All sets as a new array of {"name", "type", "ttl", "values"}, in the order they were put. */
json_t *dns_store_to_json(const dns_store *s);

/* Adds the set of that name and type (DNS_TYPE_ANY: all of the name) to the section, owned by
 * `owner`.  Returns how many records were added. */
size_t dns_store_add_to(const dns_store *s, const dns_name *name, uint16_t type,
                        const dns_name *owner, dns_section *section);

/* Fills the answer section with what there is for `name`, aliases followed (RFC 1034 4.3.2),
 * with the SOA record and the response code of a negative response where there is nothing. */
void dns_store_respond(const dns_store *s, const dns_name *name, uint16_t type, dns_response *r);

#endif
