/*
 * The records in the control API: GET /v1/records, PUT and DELETE /v1/records/NAME/TYPE.
 */
#ifndef STAPLELAB_DNS_RESOURCE_H
#define STAPLELAB_DNS_RESOURCE_H

#include "responders/dns/store.h"

/* In the form that control.h asks for: whether the path is known; then *answer or *p is set. */
bool records_resource(records *r, const char *method, const char *path, json_t *body,
                      json_t **answer, problem *p);

#endif
