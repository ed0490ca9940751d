/*
 * The records in the control API: GET /v1/records, PUT and DELETE /v1/records/NAME/TYPE.
 */
#ifndef STAPLELAB_DNS_RESOURCE_H
#define STAPLELAB_DNS_RESOURCE_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/base/problem.h"
#include "responders/dns/store.h"

/* In the form that control.h asks for: whether the path is known; then *response or *p is set. */
bool dns_resource(dns_store *s, const char *method, const char *path, json_t *body,
                  json_t **response, problem *p);

#endif
