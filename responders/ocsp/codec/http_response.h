/*
 * One HTTP answer before it is written (RFC 9112): status line, headers and body stand open,
 * so that a fault of the "http" layer changes what it likes.
 */
#ifndef STAPLELAB_OCSP_HTTP_ANSWER_H
#define STAPLELAB_OCSP_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"

#define HTTP_ANSWER_HEADERS_MAX 16

typedef struct {
    const char *name; /* static */
    char *value;
} http_header;

typedef struct {
    int code;
    http_header headers[HTTP_ANSWER_HEADERS_MAX]; /* in the order they are written */
    size_t nheaders;
    octets body;
    size_t chunks; /* 0: as it is; else chunked transfer coding in that many chunks */
    bool raw;      /* only the body is written, no HTTP around it */
} http_answer;

/* A 200 of application/ocsp-response (RFC 6960, A.2) with the body in *body, which it takes
 * over; `now` is for the Date header. */
void http_answer_init(http_answer *h, octets *body, int64_t now);

/* A plain answer instead: that code, no body, Content-Length 0, no Content-Type. */
void http_answer_set_plain(http_answer *h, int code);

/* Sets the header, in its old place or behind the others. */
void http_answer_set_header(http_answer *h, const char *name, const char *value);
void http_answer_remove_header(http_answer *h, const char *name);

/* Replaces the body and makes Content-Length fit. */
void http_answer_set_body(http_answer *h, const void *body, size_t length);

/* Appends the answer as it goes onto the wire; returns how many octets of it are the head,
 * with the empty line (0 when raw). */
size_t http_answer_encode(const http_answer *h, octets *out);

void http_answer_free(http_answer *h);

#endif
