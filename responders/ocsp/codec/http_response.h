/*
 * One HTTP response before it is written (RFC 9112): status line, headers and body stand open, so
 * that a primitive of the stage "message" changes what it likes.
 */
#ifndef STAPLELAB_OCSP_CODEC_HTTP_RESPONSE_H
#define STAPLELAB_OCSP_CODEC_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"

typedef struct {
    char *name;
    char *value; /* NULL: of Content-Length, whose value is worked out when it is written */
} http_response_header;

typedef struct {
    int code;
    http_response_header *headers; /* in the order in which they are written */
    size_t nheaders;
    octets body;
    int64_t length_off; /* how many octets more than the body has Content-Length tells */
    size_t chunks;      /* 0: as it is; else chunked transfer coding in that many chunks */
    bool raw;           /* only the body is written, no HTTP around it */
} http_response;

/* A 200 of application/ocsp-response (RFC 6960, A.2) with the body in *body, which it takes over;
 * `now` (Unix seconds) is for the Date header. */
void http_response_init(http_response *r, octets *body, int64_t now);
void http_response_free(http_response *r);

/* The value of the header, or NULL where it is not there. */
const char *http_response_get(const http_response *r, const char *name);

/* Sets the header, in its old place or after the others. */
void http_response_set(http_response *r, const char *name, const char *value);
void http_response_remove(http_response *r, const char *name);

/* Sets it to an IMF-fixdate (RFC 9110, 5.6.7) of Unix seconds. */
void http_response_set_date(http_response *r, const char *name, int64_t epoch);

void http_response_set_body(http_response *r, const void *body, size_t length);

/* Leaves out the body, and so its Content-Type. */
void http_response_drop_body(http_response *r);

/* Appends the response as it goes onto the wire; returns how many octets of it are the head, with
 * the empty line (0 when raw). */
size_t http_response_encode(const http_response *r, octets *out);

#endif
