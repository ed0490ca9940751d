/*
 * The resource /v1/certificates of the control API: what is said of each certificate.
 *
 *   GET    /v1/certificates          {"certificates": [...]}
 *   GET    /v1/certificates/SERIAL   serial, certificate (null: no file tells of it), issuer, ...
 *   PUT    /v1/certificates/SERIAL   a member that is not given has its default
 *   DELETE /v1/certificates/SERIAL   what is said by default
 */
#ifndef STAPLELAB_OCSP_RESOURCE_H
#define STAPLELAB_OCSP_RESOURCE_H

#include <jansson.h>
#include <stdint.h>

#include "harness/base/problem.h"
#include "responders/ocsp/store.h"

/* Each serves a call: 0 and the new body of the response, or -1 with *p (404: no certificate has
 * that serial, and no CA speaks of any).  `serial` is hex as people type it; `now`, in Unix
 * seconds, is the default of revocation_time. */
int ocsp_resource_all(const ocsp_store *store, const char *method, json_t **out, problem *p);
int ocsp_resource_one(ocsp_store *store, const char *method, const char *serial, json_t *body,
                      int64_t now, json_t **out, problem *p);

#endif
