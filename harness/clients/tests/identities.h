/*
 * Certificates for the tests, made by libcrypto in process. All functions are inline: each test
 * file is a program of its own and uses some of them.
 */
#ifndef STAPLELAB_IDENTITIES_H
#define STAPLELAB_IDENTITIES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these before itself */
#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

/* 2030-03-17: the judgement has no clock of its own, so any moment will do. */
#define NOW INT64_C(1900000000)

enum { DAY = 86400 };

typedef struct {
    EVP_PKEY *key;
    X509 *certificate;
} identity;

static inline void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

typedef struct {
    const char *name;
    long serial;
    const identity *issuer; /* NULL: self-signed */
    EVP_PKEY *key;          /* NULL: a new one */
    int64_t not_before;     /* offsets from `now` */
    int64_t not_after;
    int64_t now; /* 0: NOW */
    const char *eku;
    bool must_staple;
    const char *aia; /* "OCSP;URI:..." */
    const char *key_usage;
    bool nocheck;
    const EVP_MD *md; /* what the issuer signs with; NULL: SHA-256 */
} identity_plan;

static inline identity make_identity(const identity_plan *plan)
{
    identity made = {.key = plan->key, .certificate = X509_new()};
    if (made.key == NULL) {
        made.key = EVP_EC_gen("P-256");
    } else {
        EVP_PKEY_up_ref(made.key);
    }
    assert_non_null(made.key);

    X509 *certificate = made.certificate;
    const identity *issuer = plan->issuer == NULL ? &made : plan->issuer;
    int64_t now = plan->now == 0 ? NOW : plan->now;
    int64_t not_after = plan->not_after == 0 ? 30 * DAY : plan->not_after;
    int64_t not_before = plan->not_before == 0 ? -30 * DAY : plan->not_before;
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), plan->serial);
    ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)(now + not_before));
    ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)(now + not_after));
    X509_NAME *name = X509_get_subject_name(certificate);
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                                (const unsigned char *)plan->name, -1, -1, 0),
                     1);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer->certificate));
    X509_set_pubkey(certificate, made.key);
    if (plan->eku != NULL) {
        add_extension(certificate, issuer->certificate, NID_ext_key_usage, plan->eku);
    }
    if (plan->must_staple) {
        add_extension(certificate, issuer->certificate, NID_tlsfeature, "status_request");
    }
    if (plan->aia != NULL) {
        add_extension(certificate, issuer->certificate, NID_info_access, plan->aia);
    }
    if (plan->key_usage != NULL) {
        add_extension(certificate, issuer->certificate, NID_key_usage, plan->key_usage);
    }
    if (plan->nocheck) {
        add_extension(certificate, issuer->certificate, NID_id_pkix_OCSP_noCheck, "ignored");
    }
    assert_true(X509_sign(certificate, issuer->key, plan->md == NULL ? EVP_sha256() : plan->md) >
                0);
    return made;
}

static inline void free_identity(identity *i)
{
    X509_free(i->certificate);
    EVP_PKEY_free(i->key);
    *i = (identity){0};
}

#endif
