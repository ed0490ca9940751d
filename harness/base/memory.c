/* See memory.h. */
#include "harness/base/memory.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void memory_exhausted(void)
{
    static const char text[] = "out of memory\n";

    /* Neither stdio nor exit handlers: both may allocate. */
    (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(EXIT_FAILURE);
}

void *memory_made(void *object)
{
    if (object == NULL) {
        memory_exhausted();
    }
    return object;
}

/* malloc(0) may return NULL without having failed. */
static void *allocate(size_t size)
{
    void *p = malloc(size == 0 ? 1 : size);

    if (p == NULL) {
        memory_exhausted();
    }
    return p;
}

void memory_begin(void)
{
    json_set_alloc_funcs(allocate, free);
}

void *memory_new(size_t size)
{
    return memset(allocate(size), 0, size);
}

void *memory_array(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        memory_exhausted();
    }
    return memory_new(count * size);
}

void *memory_resize(void *old, size_t count, size_t size)
{
    void *p;

    if (size != 0 && count > SIZE_MAX / size) {
        memory_exhausted();
    }
    p = realloc(old, count * size == 0 ? 1 : count * size);
    if (p == NULL) {
        memory_exhausted();
    }
    return p;
}

char *memory_text_of(const void *octets, size_t length)
{
    char *text = allocate(length + 1);

    memcpy(text, octets, length);
    text[length] = '\0';
    return text;
}

char *memory_text(const char *text)
{
    return memory_text_of(text, strlen(text));
}

char *memory_format(const char *format, ...)
{
    va_list arguments, again;
    char *text;
    int length;

    va_start(arguments, format);
    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        memory_exhausted();
    }
    text = allocate((size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}
