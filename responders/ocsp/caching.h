/*
 * What an HTTP cache is told of a response to GET of HTTP/1.1 (RFC 9919, 7.2, and RFC 5019 before
 * it): Last-Modified is thisUpdate, Expires is nextUpdate, the ETag is the SHA-256 of the
 * OCSPResponse in hex, and Cache-Control has a max-age that ends before nextUpdate.
 */
#ifndef STAPLELAB_OCSP_CACHING_H
#define STAPLELAB_OCSP_CACHING_H

#include <stdint.h>

#include "responders/ocsp/codec/http_response.h"
#include "responders/ocsp/model.h"

/* Adds them to a response whose body is the model's encoding, if it is one to be kept: a successful
 * one with a nextUpdate, and without a nonce, which nobody else has asked for.  thisUpdate counts
 * up to `now`: Last-Modified may not be later than Date (RFC 9110, 8.8.2.1). */
void ocsp_caching_add(http_response *http, const ocsp_response *model, int64_t now);

/* Takes them out again. */
void ocsp_caching_remove(http_response *http);

#endif
