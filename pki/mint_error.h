/*
 * Why a mint stopped, as one line for the user, so that every layer explains itself once and
 * only the program prints.
 */
#ifndef STAPLELAB_PKI_MINT_ERROR_H
#define STAPLELAB_PKI_MINT_ERROR_H

typedef struct {
    int status;     /* the exit status: 2 for input that was refused, 1 for work that failed */
    char text[640]; /* one line without its newline; cut to fit, only printable ASCII, '?' for the
                       rest */
} mint_error;

/* Refuses input: status 2. `pointer` (RFC 6901, "" for the whole text) says where. Returns -1. */
int mint_refuse(mint_error *e, const char *pointer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reports work that failed: status 1. Returns -1. */
int mint_fail(mint_error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a call of libcrypto: adds its reason, and empties its queue. Returns -1. */
int mint_fail_crypto(mint_error *e, const char *what);

#endif
