/*
 * Finding the OCSPRequest in the path of a GET (RFC 6960, A.1.1; RFC 5019, 5).
 *
 * Base64 has "/" in its alphabet and not every client percent-encodes it, so where the
 * prefix of the URL ends cannot be told from the slashes.  Each slash is tried, the first
 * one first: the request starts behind the first slash that has base64 of one whole
 * SEQUENCE behind it.
 */
#ifndef STAPLELAB_OCSP_CODEC_REQUEST_PATH_H
#define STAPLELAB_OCSP_CODEC_REQUEST_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/octets.h"

/* Writes into *der, which is empty, the DER in the path, its base64 percent-encoded or not, and to
 * *prefix the length of what stands before it, its last slash included.  False, and *der is empty,
 * when nothing in the path is base64 of a whole SEQUENCE. */
bool request_path_decode(const char *path, octets *der, size_t *prefix);

#endif
