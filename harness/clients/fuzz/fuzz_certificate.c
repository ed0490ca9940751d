/*
 * All that is read from a certificate, in PEM as --trusted files have it or in DER as servers send
 * it.
 */
#include <openssl/err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clients/certificate.h"
#include "harness/clients/trusted.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_name(const X509_NAME *name)
{
    char *text = certificate_name(name);
    for (const char *c = text; *c != '\0'; c++) {
        must(*c >= ' ' && *c <= '~');
    }
    free(text);
}

static void check_serial(const ASN1_INTEGER *serial)
{
    char *text = certificate_serial(serial);
    const char *digits = text + (text[0] == '-' ? 1 : 0);
    must(digits[0] != '\0' && digits[strspn(digits, "0123456789abcdef")] == '\0');
    must(digits[0] != '0' || strcmp(text, "0") == 0);
    free(text);
}

static void check(X509 *certificate)
{
    check_name(X509_get_subject_name(certificate));
    check_name(X509_get_issuer_name(certificate));
    check_serial(X509_get0_serialNumber(certificate));
    must(certificate_key(certificate)[0] != '\0');
    certificate_must_staple(certificate);
    certificate_time(X509_get0_notBefore(certificate));
    certificate_time(X509_get0_notAfter(certificate));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    STACK_OF(X509) *certificates = NULL;
    problem p = {0};
    if (trusted_parse((span){data, size}, "input", &certificates, &p) == 0) {
        must(sk_X509_num(certificates) > 0);
        for (int i = 0; i < sk_X509_num(certificates); i++) {
            check(sk_X509_value(certificates, i));
        }
        certificate_stack_free(certificates);
    } else {
        must(certificates == NULL && p.status == 400 && p.detail[0] != '\0');
    }

    const unsigned char *at = data;
    X509 *certificate = d2i_X509(NULL, &at, (long)size);
    if (certificate != NULL) {
        check(certificate);
        X509_free(certificate);
    }
    ERR_clear_error();
    return 0;
}
