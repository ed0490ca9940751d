/*
 * A reader of DER (X.690) that copies nothing. The judgement of a staple must rest on the octets
 * that were on the wire: a decoder that accepts BER and encodes again would lose what was wrong
 * with them.
 */
#ifndef STAPLELAB_STRICT_DER_H
#define STAPLELAB_STRICT_DER_H

#include <stdbool.h>

#include "harness/base/octets.h"

typedef struct {
    unsigned char tag; /* identifier octet: class, constructed bit, number below 31 */
    span content;
    span whole; /* identifier, length and content */
} strict_der_item;

/* Takes the next item off *in. False, with *in unchanged, when what stands there is not one whole
 * item with a definite length in its shortest form. */
bool strict_der_next(span *in, strict_der_item *item);

/* Whether all of `in`, and all that its constructed items hold, are such items, at most 32 deep. */
bool strict_der_is_whole(span in);

#endif
