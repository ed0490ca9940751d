/*
 * A reader of DER (X.690) that copies nothing. The judgement of a staple must rest on the octets
 * that were on the wire: a decoder that accepts BER and encodes again would lose what was wrong
 * with them.
 */
#ifndef STAPLELAB_DER_H
#define STAPLELAB_DER_H

#include <stdbool.h>
#include <stddef.h>

/* Somebody else's octets. */
typedef struct {
    const unsigned char *data;
    size_t length;
} octets;

typedef struct {
    unsigned char tag; /* identifier octet: class, constructed bit, number below 31 */
    octets content;
    octets whole; /* identifier, length and content */
} der_item;

/* Takes the next item off *in. False, with *in unchanged, when what stands there is not one whole
 * item with a definite length in its shortest form. */
bool der_next(octets *in, der_item *item);

/* Whether all of `in`, and all that its constructed items hold, are such items, at most 32 deep. */
bool der_is_strict(octets in);

#endif
