/* See http_chunks.h. */
#include "responders/ocsp/codec/http_chunks.h"

static int hex(uint8_t octet)
{
    if (octet >= '0' && octet <= '9') {
        return octet - '0';
    }
    octet |= 0x20;
    return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

/* The line that tells a size has ended. */
static http_chunks_state end_of_size(http_chunks *c)
{
    if (c->digits == 0) {
        return HTTP_CHUNKS_WRONG;
    }
    c->at = c->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
    c->digits = 0;
    c->line = 0;
    return HTTP_CHUNKS_MORE;
}

static http_chunks_state take_size(http_chunks *c, uint8_t octet, size_t max)
{
    const int value = hex(octet);

    if (value >= 0) {
        c->left = c->left * 16 + (size_t)value;
        c->digits++;
        return c->left > max ? HTTP_CHUNKS_TOO_LARGE : HTTP_CHUNKS_MORE;
    }
    if (octet == '\n') {
        return end_of_size(c);
    }
    if (c->digits == 0 || (octet != '\r' && octet != ';' && octet != ' ' && octet != '\t')) {
        return HTTP_CHUNKS_WRONG;
    }
    c->at = CHUNK_EXTENSION;
    return HTTP_CHUNKS_MORE;
}

/* After a chunk comes CRLF, or LF alone. */
static http_chunks_state take_end(http_chunks *c, uint8_t octet)
{
    if (octet == '\n') {
        c->at = CHUNK_SIZE;
        c->line = 0;
        return HTTP_CHUNKS_MORE;
    }
    return octet == '\r' && c->line++ == 0 ? HTTP_CHUNKS_MORE : HTTP_CHUNKS_WRONG;
}

static http_chunks_state take_trailer(http_chunks *c, uint8_t octet)
{
    if (octet == '\n') {
        const bool last = c->line == 0;

        c->line = 0;
        return last ? HTTP_CHUNKS_DONE : HTTP_CHUNKS_MORE;
    }
    c->line += octet != '\r';
    return HTTP_CHUNKS_MORE;
}

/* Takes one octet of a line. */
static http_chunks_state take_line(http_chunks *c, uint8_t octet, size_t max)
{
    if (++c->lines > HTTP_CHUNKS_LINES_MAX) {
        return HTTP_CHUNKS_TOO_LARGE;
    }
    switch (c->at) {
    case CHUNK_SIZE:
        return take_size(c, octet, max);
    case CHUNK_EXTENSION:
        return octet == '\n' ? end_of_size(c) : HTTP_CHUNKS_MORE;
    case CHUNK_END:
        return take_end(c, octet);
    default:
        return take_trailer(c, octet);
    }
}

http_chunks_state http_chunks_feed(http_chunks *c, const uint8_t *data, size_t length, size_t max,
                                   octets *body)
{
    http_chunks_state state = HTTP_CHUNKS_MORE;
    size_t taken;

    while (length > 0 && state == HTTP_CHUNKS_MORE) {
        taken = 1;
        if (c->at != CHUNK_DATA) {
            state = take_line(c, *data, max);
        } else if (c->left > max - body->length) {
            state = HTTP_CHUNKS_TOO_LARGE;
        } else {
            taken = length < c->left ? length : c->left;
            octets_append(body, data, taken);
            c->left -= taken;
            c->at = c->left > 0 ? CHUNK_DATA : CHUNK_END;
            c->line = 0;
        }
        data += taken;
        length -= taken;
    }
    return state;
}
