/* A body in chunks (RFC 9112, 7.1), as it comes in.  Extensions and trailers are read over. */
#ifndef STAPLELAB_OCSP_CODEC_HTTP_CHUNKS_H
#define STAPLELAB_OCSP_CODEC_HTTP_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"

/* Octets of all lines that are read over: sizes, extensions, trailers. */
#define HTTP_CHUNKS_LINES_MAX 16384

typedef enum {
    HTTP_CHUNKS_MORE,
    HTTP_CHUNKS_DONE,
    HTTP_CHUNKS_WRONG,     /* that is no chunk */
    HTTP_CHUNKS_TOO_LARGE, /* the body, or what stands around it */
} http_chunks_state;

/* All zero before the first octet. */
typedef struct {
    enum { CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_DATA, CHUNK_END, CHUNK_TRAILER } at;
    size_t left;   /* of the chunk at hand */
    size_t digits; /* of its size */
    size_t line;   /* octets of the trailer's line at hand, without its CR */
    size_t lines;  /* octets of all lines */
} http_chunks;

/* Takes the next octets and appends those of the body, which may not get more than `max`. */
http_chunks_state http_chunks_feed(http_chunks *c, const uint8_t *data, size_t length, size_t max,
                                   octets *body);

#endif
