/*
 * The draw of a rule with a probability: a pure function of what it is about, so that a
 * run can be replayed and no rule's luck depends on how many others drew before it.
 */
#ifndef STAPLELAB_PRF_H
#define STAPLELAB_PRF_H

#include <stddef.h>
#include <stdint.h>

/* SipHash-2-4 (Aumasson and Bernstein, 2012) of `length` octets under the key k0, k1. */
uint64_t prf_siphash(uint64_t k0, uint64_t k1, const void *data, size_t length);

/*
 * The draw in [0, 1): the upper 53 bits of
 *   SipHash-2-4(key = seed, 0;  rule 0x00 scope_value 0x00 ordinal as 8 octets, low first)
 * over 2^53.
 */
double prf_draw(uint64_t seed, const char *rule, const char *scope_value, uint64_t ordinal);

#endif
