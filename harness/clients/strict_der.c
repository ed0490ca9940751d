/*
 * DER items, one after another. Only what OCSP and X.509 need: no tag numbers of 31 and above.
 */
#include <stdint.h>

#include "harness/clients/strict_der.h"

enum { CONSTRUCTED = 0x20, HIGH_TAG = 0x1f, LONG_FORM = 0x80, DEPTH_MAX = 32 };

/* Reads length octets at *at. DER: definite, and no octet more than needed (X.690 10.1). */
static bool read_length(span in, size_t *at, size_t *length)
{
    if (*at >= in.length) {
        return false;
    }
    unsigned char first = in.data[(*at)++];
    if (first < LONG_FORM) {
        *length = first;
        return true;
    }

    size_t count = first & 0x7f;
    if (count == 0 || count > 4 || count > in.length - *at) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value = value << 8 | in.data[(*at)++];
    }
    if (value < LONG_FORM || value >> (8 * (count - 1)) == 0) {
        return false;
    }
    *length = (size_t)value;
    return true;
}

bool strict_der_next(span *in, strict_der_item *item)
{
    if (in->length == 0 || (in->data[0] & HIGH_TAG) == HIGH_TAG) {
        return false;
    }

    size_t at = 1;
    size_t length;
    if (!read_length(*in, &at, &length) || length > in->length - at) {
        return false;
    }

    item->tag = in->data[0];
    item->content = (span){in->data + at, length};
    item->whole = (span){in->data, at + length};
    in->data += at + length;
    in->length -= at + length;
    return true;
}

static bool strict_to(span in, int depth)
{
    if (depth == 0) {
        return false;
    }
    while (in.length > 0) {
        strict_der_item item;
        if (!strict_der_next(&in, &item)) {
            return false;
        }
        if ((item.tag & CONSTRUCTED) != 0 && !strict_to(item.content, depth - 1)) {
            return false;
        }
    }
    return true;
}

bool strict_der_is_whole(span in)
{
    return strict_to(in, DEPTH_MAX);
}
