/*
 * One line a URL, for people and for cut(1).
 */
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "harness/clients/certificate.h"
#include "harness/clients/chain_urls.h"

static void print_url(const char *url, FILE *out)
{
    for (; *url != '\0'; url++) {
        putc(*url > ' ' && *url <= '~' ? *url : '?', out);
    }
}

static void print_one(int place, X509 *certificate, FILE *out)
{
    char *serial = certificate_serial(X509_get0_serialNumber(certificate));
    char *subject = certificate_name(X509_get_subject_name(certificate));
    STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(certificate);
    int count = sk_OPENSSL_STRING_num(urls);
    for (int i = 0; i < (count > 0 ? count : 1); i++) {
        fprintf(out, "%d\t%s\t%s\t", place, serial,
                certificate_must_staple(certificate) ? "must-staple" : "-");
        print_url(count > 0 ? sk_OPENSSL_STRING_value(urls, i) : "-", out);
        fprintf(out, "\t%s\n", subject);
    }
    X509_email_free(urls);
    free(subject);
    free(serial);
}

void chain_urls_print(const STACK_OF(X509) * chain, FILE *out)
{
    for (int i = 0; i < sk_X509_num(chain); i++) {
        print_one(i, sk_X509_value(chain, i), out);
    }
}
