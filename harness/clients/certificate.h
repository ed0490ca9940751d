/*
 * What a report and a judgement need to know of a certificate, and the two time formats that
 * X.509 and OCSP share.
 */
#ifndef STAPLELAB_CERTIFICATE_H
#define STAPLELAB_CERTIFICATE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "there is no such time", apart from every time that can be written */
#define CERTIFICATE_NO_TIME INT64_MIN

/* An RFC 4514 name in ASCII (other characters as \XX); "" for an empty or unprintable one. The
 * caller frees it. */
char *certificate_name(const X509_NAME *name);

/* Lower-case hexadecimal without leading zeros, "-" before a negative one, "0" for zero. The caller
 * frees it. */
char *certificate_serial(const ASN1_INTEGER *serial);

/* "EC", "RSA", "ED25519", ...; "unknown" for a key that the library does not know. */
const char *certificate_key(X509 *certificate);

/* Whether its TLS Feature extension (RFC 7633) asks for status_request. */
bool certificate_must_staple(X509 *certificate);

/* Seconds since 1970; CERTIFICATE_NO_TIME when `time` is NULL or is no time. */
int64_t certificate_time(const ASN1_TIME *time);

/* A time as a sentence writes it. */
typedef struct {
    char text[40]; /* "2030-01-01T00:00:00Z"; "an unknown time" for CERTIFICATE_NO_TIME */
} certificate_date_text;

certificate_date_text certificate_date(int64_t time);

/* A stack and its references; NULL is fine. */
void certificate_stack_free(STACK_OF(X509) * certificates);

#endif
