/*
 * Changes octets deep inside a DER encoding and sets the lengths around them right again, so that
 * a test can alter one field of a finished OCSP response and nothing else.
 */
#ifndef STAPLELAB_SPLICE_H
#define STAPLELAB_SPLICE_H

#include "harness/clients/strict_der.h"
#include "harness/clients/tests/identities.h"

typedef struct {
    unsigned char data[8192];
    size_t length;
} buffer;

typedef struct {
    const unsigned char *at; /* where, inside the encoding */
    size_t removed;
    span inserted;
} splice_change;

static inline void append(buffer *out, const unsigned char *data, size_t length)
{
    assert_true(out->length + length <= sizeof(out->data));
    memcpy(out->data + out->length, data, length);
    out->length += length;
}

static inline void append_header(buffer *out, unsigned char tag, size_t length)
{
    unsigned char header[4] = {tag, (unsigned char)length};
    size_t size = 2;
    if (length > 255) {
        header[1] = 0x82;
        header[2] = (unsigned char)(length >> 8);
        header[3] = (unsigned char)length;
        size = 4;
    } else if (length > 127) {
        header[1] = 0x81;
        header[2] = (unsigned char)length;
        size = 3;
    }
    append(out, header, size);
}

static inline void splice_into(buffer *out, span in, const splice_change *change)
{
    static const splice_change done = {0};
    while (in.length > 0) {
        if (in.data == change->at) {
            append(out, change->inserted.data, change->inserted.length);
            in.data += change->removed;
            in.length -= change->removed;
            change = &done;
            continue;
        }
        strict_der_item item;
        assert_true(strict_der_next(&in, &item));
        const unsigned char *end = item.content.data + item.content.length;
        if (change->at < item.content.data || change->at > end ||
            (change->at == end && in.data == change->at)) {
            append(out, item.whole.data, item.whole.length);
            continue;
        }
        buffer inner = {.length = 0};
        splice_into(&inner, item.content, change);
        append_header(out, item.tag, inner.length);
        append(out, inner.data, inner.length);
    }
}

/* The encoding `in` with change->removed octets at change->at, which begin an item, replaced. */
static inline buffer splice(span in, splice_change change)
{
    buffer out = {.length = 0};
    splice_into(&out, in, &change);
    return out;
}

/* Where `wanted` stands in `in`; it must be there. */
static inline const unsigned char *find(span in, const void *wanted, size_t length)
{
    const unsigned char *at = memmem(in.data, in.length, wanted, length);
    assert_non_null(at);
    return at;
}

#endif
