/*
 * The records in the control API: GET /v1/records, PUT and DELETE /v1/records/NAME/TYPE.
 */
#ifndef STAPLELAB_DNS_RESOURCE_H
#define STAPLELAB_DNS_RESOURCE_H

#include <jansson.h>

#include "harness/base/problem.h"
#include "responders/dns/store.h"

/* Each serves a call: 0 and the new body of the response, or -1 with *p.  `set` is NAME/TYPE; a
 * name may hold a "/" itself. */
int dns_resource_all(const dns_store *s, const char *method, json_t **response, problem *p);
int dns_resource_one(dns_store *s, const char *method, const char *set, json_t *body,
                     json_t **response, problem *p);

#endif
