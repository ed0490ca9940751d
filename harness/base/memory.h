/*
 * Memory, by one policy: an allocation that fails ends the program with one clear line, status 1.
 *
 * A part of a lab has no better response to that than to end, the driver sees it end, and no
 * caller has a branch that no test could reach.  What a stranger can make large is bounded where
 * it comes in, not here.
 */
#ifndef STAPLELAB_BASE_MEMORY_H
#define STAPLELAB_BASE_MEMORY_H

#include <stddef.h>

/* Puts jansson under the policy, too.  To be called first in main(). */
void memory_begin(void);

/* Each returns memory that the caller frees with free(), and never NULL.  What is new is zeroed;
 * `count` times `size` octets may not overflow. */
void *memory_new(size_t size);
void *memory_array(size_t count, size_t size);
void *memory_resize(void *old, size_t count, size_t size);
char *memory_text(const char *text);
char *memory_text_of(const void *octets, size_t length); /* ended by a NUL */

/* "%s" and its kin into a new text. */
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the program as said above: for allocations that a library makes. */
_Noreturn void memory_exhausted(void);

/* Returns `object`, which a library has just made, or ends the program when that is NULL. */
void *memory_made(void *object);

#endif
