/* The policy of memory.h for what libcrypto allocates: for programs that are linked with it. */
#ifndef STAPLELAB_BASE_MEMORY_LIBCRYPTO_H
#define STAPLELAB_BASE_MEMORY_LIBCRYPTO_H

#include <openssl/crypto.h>
#include <stdlib.h>

#include "harness/base/memory.h"

static inline void *memory_libcrypto_allocate(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    /* nothing for no octets, as libcrypto has it: by that libssl tells an empty CertificateStatus
     */
    return size == 0 ? NULL : memory_resize(NULL, size, 1);
}

static inline void *memory_libcrypto_resize(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    if (size == 0) {
        free(old);
        return NULL;
    }
    return memory_resize(old, size, 1);
}

static inline void memory_libcrypto_free(void *old, const char *file, int line)
{
    (void)file;
    (void)line;
    free(old);
}

/* To be called before anything else of libcrypto. */
static inline void memory_begin_libcrypto(void)
{
    if (CRYPTO_set_mem_functions(memory_libcrypto_allocate, memory_libcrypto_resize,
                                 memory_libcrypto_free) != 1) {
        memory_exhausted(); /* it has allocated already: not as said above */
    }
}

#endif
