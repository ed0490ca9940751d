/*
 * The resource /v1/certificates of the control API: what is said of each certificate.
 *
 *   GET    /v1/certificates          {"certificates": [...]}
 *   GET    /v1/certificates/SERIAL   serial, certificate, issuer, status, reason, ...
 *   PUT    /v1/certificates/SERIAL   a member that is not given has its default
 *   DELETE /v1/certificates/SERIAL   what is said by default
 */
#ifndef STAPLELAB_OCSP_RESOURCE_H
#define STAPLELAB_OCSP_RESOURCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/problem.h"
#include "responders/ocsp/store.h"

/* Serves a call if it is for this resource, else returns false.  *out becomes the new body of the
 * response, or NULL with *p (404: no certificate has that serial).  `now`, in Unix seconds, is the
 * default of revocation_time. */
bool ocsp_resource(ocsp_store *store, const char *method, const char *path, json_t *body,
                   int64_t now, json_t **out, problem *p);

#endif
