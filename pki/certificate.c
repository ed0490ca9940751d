/* The fields of a TBSCertificate in the order of RFC 5280 4.1.2, then its signature. */
#include "pki/certificate.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/objects.h>
#include <time.h>

#include "harness/base/memory.h"
#include "pki/crypto_problem.h"
#include "pki/extensions.h"

/* By way of a number, so that a first bit of 1 gets its octet of zeros and stays positive. */
static bool set_serial(X509 *x, const char *hexadecimal)
{
    BIGNUM *number = NULL;
    if (BN_hex2bn(&number, hexadecimal) == 0) {
        return false;
    }
    ASN1_INTEGER *serial = memory_made(BN_to_ASN1_INTEGER(number, NULL));
    bool ok = X509_set_serialNumber(x, serial) == 1;
    ASN1_INTEGER_free(serial);
    BN_free(number);
    return ok;
}

/* UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280 4.1.2.5): ASN1_TIME_set does so. */
static bool set_validity(X509 *x, int64_t not_before, int64_t not_after)
{
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)not_before);
    ASN1_TIME *to = ASN1_TIME_set(NULL, (time_t)not_after);
    bool ok = from != NULL && to != NULL && X509_set1_notBefore(x, from) == 1 &&
              X509_set1_notAfter(x, to) == 1;
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    return ok;
}

static bool set_names(X509 *x, const char *common_name, const X509 *issuer)
{
    X509_NAME *subject = memory_made(X509_NAME_new());
    bool ok =
        X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                   (const unsigned char *)common_name, -1, -1, 0) == 1 &&
        X509_set_subject_name(x, subject) == 1 &&
        X509_set_issuer_name(x, issuer != NULL ? X509_get_subject_name(issuer) : subject) == 1;
    X509_NAME_free(subject);
    return ok;
}

int certificate_new(const pki_entry *e, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
                    X509 **out, problem *p)
{
    EVP_PKEY *signer = issuer != NULL ? issuer_key : key;
    const EVP_MD *digest = EVP_PKEY_is_a(signer, "ED25519") ? NULL : EVP_sha256();
    X509 *x = memory_made(X509_new());

    if (X509_set_version(x, X509_VERSION_3) != 1 || !set_serial(x, e->serial) ||
        !set_names(x, e->subject, issuer) || !set_validity(x, e->not_before, e->not_after) ||
        X509_set_pubkey(x, key) != 1 || !extensions_add(x, e, issuer) ||
        X509_sign(x, signer, digest) <= 0) {
        char what[100];
        snprintf(what, sizeof(what), "building the certificate of \"%s\"", e->id);
        X509_free(x);
        return crypto_problem_fail(p, what);
    }
    *out = x;
    return 0;
}
