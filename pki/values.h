/*
 * The forms of the values in a description. Pure functions, because each is a small grammar that
 * is best tested by itself.
 */
#ifndef STAPLELAB_PKI_VALUES_H
#define STAPLELAB_PKI_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* RFC 5280 4.1.2.2: at most 20 octets, so at most 40 hexadecimal digits and a NUL. */
#define VALUES_SERIAL_SIZE 41

/* What each form accepts, for error texts. */
#define VALUES_ID "1 to 64 of the characters A-Z a-z 0-9 _ -, the first a letter or digit"
#define VALUES_SERIAL                                                                              \
    "a hexadecimal number above 0 that DER encodes in at most 20 octets, such as \"1001\""
#define VALUES_TIME "a sign, a number of at most 9 digits and a unit s, m, h or d, such as \"-1d\""
#define VALUES_DNS_NAME                                                                            \
    "a DNS name: labels of 1 to 63 letters, digits, - or _, at most 253 octets, \"*\" only first"
#define VALUES_COMMON_NAME "1 to 64 characters without control characters"
#define VALUES_URL         "1 to 8192 octets of US-ASCII"

/* An id names files, so it can neither hold a dot or slash nor start like an option. */
bool values_id_is_valid(const char *text);

/* Writes the number as lower-case hexadecimal without leading zeros. False when not valid. */
bool values_serial_normalise(const char *text, char out[VALUES_SERIAL_SIZE]);

/* Reads a time relative to now, "-1d" or "+3600s", as seconds. False when not valid. */
bool values_time_parse(const char *text, int64_t *seconds);

/* RFC 1034 3.5 host names, with the underscore and a leading wildcard label. */
bool values_dns_name_is_valid(const char *text);

/* `text` is valid UTF-8 (RFC 5280 A.1: ub-common-name). */
bool values_common_name_is_valid(const char *text);

/* Only what an IA5String can hold: a URL that is wrong otherwise is a fault worth minting. */
bool values_url_is_valid(const char *text);

#endif
