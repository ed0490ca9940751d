/*
 * Certificates as text, numbers and times.
 */
#include <ctype.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "harness/base/memory.h"
#include "harness/clients/certificate.h"

/* RFC 7633: the TLS extension number that a feature list names */
enum { FEATURE_STATUS_REQUEST = 5 };

char *certificate_name(const X509_NAME *name)
{
    BIO *out = memory_made(BIO_new(BIO_s_mem()));
    const char *data = "";
    long length = 0;
    if (X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253) >= 0) {
        length = BIO_get_mem_data(out, &data);
    }
    char *text = memory_text_of(length > 0 ? data : "", length > 0 ? (size_t)length : 0);
    BIO_free(out);
    return text;
}

char *certificate_serial(const ASN1_INTEGER *serial)
{
    BIGNUM *number = memory_made(ASN1_INTEGER_to_BN(serial, NULL));
    char *hex = memory_made(BN_bn2hex(number));
    bool negative = BN_is_negative(number) && !BN_is_zero(number);
    BN_free(number);

    /* BN_bn2hex writes whole octets, in capitals */
    const char *digits = hex + (hex[0] == '-' ? 1 : 0);
    digits += strspn(digits, "0");
    char *text = memory_format("%s%s", negative ? "-" : "", *digits == '\0' ? "0" : digits);
    for (char *c = text; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    OPENSSL_free(hex);
    return text;
}

const char *certificate_key(X509 *certificate)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    const char *name = key == NULL ? NULL : EVP_PKEY_get0_type_name(key);
    return name == NULL ? "unknown" : name;
}

bool certificate_must_staple(X509 *certificate)
{
    TLS_FEATURE *features = X509_get_ext_d2i(certificate, NID_tlsfeature, NULL, NULL);
    bool found = false;
    for (int i = 0; i < sk_ASN1_INTEGER_num(features) && !found; i++) {
        int64_t value;
        found = ASN1_INTEGER_get_int64(&value, sk_ASN1_INTEGER_value(features, i)) == 1 &&
                value == FEATURE_STATUS_REQUEST;
    }
    TLS_FEATURE_free(features);
    return found;
}

int64_t certificate_time(const ASN1_TIME *time)
{
    struct tm fields;
    if (time == NULL || ASN1_TIME_to_tm(time, &fields) != 1) {
        return CERTIFICATE_NO_TIME;
    }
    return (int64_t)timegm(&fields);
}

certificate_date_text certificate_date(int64_t time)
{
    certificate_date_text out = {"an unknown time"};
    time_t seconds = (time_t)time;
    struct tm fields;
    if (time != CERTIFICATE_NO_TIME && gmtime_r(&seconds, &fields) != NULL) {
        strftime(out.text, sizeof(out.text), "%Y-%m-%dT%H:%M:%SZ", &fields);
    }
    return out;
}

void certificate_stack_free(STACK_OF(X509) * certificates)
{
    sk_X509_pop_free(certificates, X509_free);
}
