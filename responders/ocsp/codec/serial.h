/* Serial numbers: as DER has them, and in the hex that people write (RFC 5280, 4.1.2.2). */
#ifndef STAPLELAB_OCSP_CODEC_SERIAL_H
#define STAPLELAB_OCSP_CODEC_SERIAL_H

#include "harness/base/octets.h"

/* RFC 5280 allows serials of 20 octets; a rule may name longer ones to see them refused. */
#define SERIAL_HEX_MAX 128

/* Writes the serial as lower-case hex without leading zeros ("0" for zero), in a new
 * string; a negative one starts with "-". */
char *serial_to_hex(span serial);

/* Rewrites hex as people type it (upper case, "0x", colons, leading zeros) into the form
 * above, in a new string; NULL when it is not a number in hex. */
char *serial_normalise(const char *text);

/* Appends the value octets of a non-negative INTEGER given in normalised hex. */
void serial_from_hex(octets *out, const char *hex);

#endif
