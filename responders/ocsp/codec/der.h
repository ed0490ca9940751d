/*
 * DER (X.690) as far as OCSP needs it: a builder that appends TLVs and a strict reader.
 *
 * The builder is ours so that a fault can put any octet anywhere; it never checks what it
 * is told to write.  The reader is strict because it reads what strangers send.
 */
#ifndef STAPLELAB_OCSP_CODEC_DER_H
#define STAPLELAB_OCSP_CODEC_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/octets.h"

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
};

/* Context-specific tags: [n] around a whole TLV or a constructed value, and [n] of a primitive. */
#define DER_CONSTRUCTED(n) (0xa0 | (n))
#define DER_PRIMITIVE(n)   (0x80 | (n))

/* Appends one whole TLV with the shortest length form. */
void der_put(octets *out, uint8_t tag, const void *value, size_t length);

/* Starts a TLV whose value is what is appended until der_close; returns the mark for it.
 * TLVs nest; close them in reverse order. */
size_t der_open(octets *out, uint8_t tag);
void der_close(octets *out, size_t mark);

/* GeneralizedTime YYYYMMDDHHMMSSZ (RFC 5280, 4.1.2.5.2) of Unix seconds; years outside
 * 0000..9999 become the nearest time that can be written. */
void der_put_time(octets *out, int64_t epoch);

/* Takes the next TLV off the front of *in: its tag and value. False (and *in unchanged)
 * when it is cut, has a multi-octet tag, or a length that is indefinite, not minimal or
 * larger than what is there. */
bool der_take(span *in, uint8_t *tag, span *value);

/* The same, and only when the tag is that one. */
bool der_take_tag(span *in, uint8_t tag, span *value);

/* Whether the next TLV has that tag. */
bool der_next_is(span in, uint8_t tag);

/* Whether the octets are the value of a DER INTEGER: not empty, and minimal. */
bool der_integer_is_minimal(span value);

#endif
