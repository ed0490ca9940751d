/*
 * Reading one HTTP/1.x request (RFC 9112), bounded: request line, headers, and a body of
 * Content-Length, or in chunks.
 *
 * Our own, because the responder must own the socket and every octet on it; and strict,
 * because what is let through here decides which rule serves the request.
 */
#ifndef STAPLELAB_OCSP_CODEC_HTTP_REQUEST_H
#define STAPLELAB_OCSP_CODEC_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"
#include "harness/base/problem.h"
#include "responders/ocsp/codec/http_chunks.h"

#define HTTP_REQUEST_HEAD_MAX 32768
#define HTTP_REQUEST_BODY_MAX 65536

typedef enum {
    HTTP_REQUEST_MORE, /* not complete yet */
    HTTP_REQUEST_DONE,
    HTTP_REQUEST_BAD, /* see `wrong`; to be told so and closed */
} http_request_state;

typedef struct {
    http_request_state state;
    octets head; /* as received; once complete, its lines are cut into strings in place */
    octets body;
    size_t content_length;
    bool chunked;
    http_chunks chunks; /* how far they are read */
    bool head_complete;
    /* Once the head is complete; they point into it. */
    const char *method;
    const char *path;    /* the request-target as sent */
    const char *version; /* "1.0" or "1.1" */
    const char *host;    /* NULL when absent */
    size_t nheaders;
    problem wrong; /* HTTP_REQUEST_BAD: its status is 400, 413, 431, 501 or 505 */
} http_request;

/* Takes the next octets from the connection.  Once the state is not MORE, further ones are
 * ignored (one request a connection). */
http_request_state http_request_feed(http_request *r, const uint8_t *data, size_t length);

/* Frees what it holds; the object is ready for another request. */
void http_request_free(http_request *r);

#endif
