/* SipHash-2-4 (Aumasson and Bernstein, 2012): short, specified, and it spreads short inputs well.
 */
#ifndef STAPLELAB_BASE_SIPHASH_H
#define STAPLELAB_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* The hash of `length` octets under the key k0, k1. */
uint64_t siphash(uint64_t k0, uint64_t k1, const void *data, size_t length);

#endif
