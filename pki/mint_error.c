/* Error texts quote input that somebody else wrote: here they become one printable line. */
#include "pki/mint_error.h"

#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>

static void one_line(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e) {
            *c = '?';
        }
    }
}

int mint_refuse(mint_error *e, const char *pointer, const char *format, ...)
{
    va_list arguments;
    int n = snprintf(e->text, sizeof(e->text), "%.200s%s", pointer, *pointer != '\0' ? ": " : "");
    va_start(arguments, format);
    vsnprintf(e->text + n, sizeof(e->text) - (size_t)n, format, arguments);
    va_end(arguments);

    e->status = 2;
    one_line(e->text);
    return -1;
}

int mint_fail(mint_error *e, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(e->text, sizeof(e->text), format, arguments);
    va_end(arguments);

    e->status = 1;
    one_line(e->text);
    return -1;
}

int mint_fail_crypto(mint_error *e, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    mint_fail(e, "%s: %s", what, reason != NULL ? reason : "libcrypto gave no reason");
    ERR_clear_error();
    return -1;
}
