/* See der.h. */
#include "responders/ocsp/codec/der.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* The most octets that a length takes: its first octet and eight of a 64-bit number. */
#define LENGTH_OCTETS_MAX 9

static size_t encode_length(size_t length, uint8_t *out)
{
    if (length < 0x80) {
        out[0] = (uint8_t)length;
        return 1;
    }
    size_t count = 0;
    for (size_t rest = length; rest > 0; rest >>= 8) {
        count++;
    }
    out[0] = (uint8_t)(0x80 | count);
    for (size_t i = 0; i < count; i++) {
        out[count - i] = (uint8_t)(length >> (8 * i));
    }
    return count + 1;
}

void der_put(octets *out, uint8_t tag, const void *value, size_t length)
{
    uint8_t header[1 + LENGTH_OCTETS_MAX];
    header[0] = tag;
    size_t n = 1 + encode_length(length, header + 1);
    octets_append(out, header, n);
    octets_append(out, value, length);
}

size_t der_open(octets *out, uint8_t tag)
{
    octets_append(out, &tag, 1);
    return out->length;
}

void der_close(octets *out, size_t mark)
{
    uint8_t header[LENGTH_OCTETS_MAX];
    size_t length = out->length - mark;
    size_t n = encode_length(length, header);
    octets_reserve(out, n);
    memmove(out->data + mark + n, out->data + mark, length);
    memcpy(out->data + mark, header, n);
    out->length += n;
}

void der_put_time(octets *out, int64_t epoch)
{
    static const int64_t year_0 = INT64_C(-62167219200), year_9999_end = INT64_C(253402300799);
    time_t t = (time_t)(epoch < year_0 ? year_0 : epoch > year_9999_end ? year_9999_end : epoch);
    struct tm tm;
    gmtime_r(&t, &tm);
    char text[64];
    int n = snprintf(text, sizeof(text), "%04d%02d%02d%02d%02d%02dZ", tm.tm_year + 1900,
                     tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    der_put(out, DER_GENERALIZED_TIME, text, (size_t)n);
}

bool der_take(span *in, uint8_t *tag, span *value)
{
    const uint8_t *p = in->data;
    size_t left = in->length;
    if (left < 2 || (p[0] & 0x1f) == 0x1f) {
        return false;
    }
    uint8_t first = p[1];
    size_t header = 2, length = first;
    if (first >= 0x80) {
        size_t count = first & 0x7f;
        if (count == 0 || count > sizeof(size_t) || left - 2 < count || p[2] == 0) {
            return false;
        }
        length = 0;
        for (size_t i = 0; i < count; i++) {
            length = length << 8 | p[2 + i];
        }
        if (length < 0x80) {
            return false;
        }
        header += count;
    }
    if (length > left - header) {
        return false;
    }
    *tag = p[0];
    *value = (span){p + header, length};
    *in = (span){p + header + length, left - header - length};
    return true;
}

bool der_take_tag(span *in, uint8_t tag, span *value)
{
    uint8_t found;
    return der_next_is(*in, tag) && der_take(in, &found, value);
}

bool der_next_is(span in, uint8_t tag)
{
    return in.length > 0 && in.data[0] == tag;
}

bool der_integer_is_minimal(span value)
{
    if (value.length == 0) {
        return false;
    }
    if (value.length == 1) {
        return true;
    }
    bool sign = value.data[1] & 0x80;
    return !(value.data[0] == 0x00 && !sign) && !(value.data[0] == 0xff && sign);
}
