/*
 * OCSP responses for the tests: healthy ones, and everything that a plan can get wrong.
 */
#ifndef STAPLELAB_RESPONSES_H
#define STAPLELAB_RESPONSES_H

#include "harness/clients/tests/identities.h"
#include <openssl/ocsp.h>

/* One SingleResponse to make; offsets are from NOW. */
typedef struct {
    const EVP_MD *hash;    /* NULL: SHA-1 */
    X509 *names;           /* whose serial, NULL for the plan's leaf */
    X509 *issuer_name;     /* NULL for the plan's issuer */
    X509 *issuer_key;      /* NULL for the plan's issuer */
    int status;            /* V_OCSP_CERTSTATUS_... */
    int reason;            /* for revoked */
    int64_t this_update;   /* offset */
    int64_t next_update;   /* offset */
    bool no_next;          /* leave nextUpdate out */
    X509_EXTENSION *extra; /* NULL for none */
} single_plan;

typedef struct {
    X509 *leaf;
    X509 *issuer;
    const identity *signer;
    X509 *named;                /* whom the responderID names; NULL: the signer */
    X509 *embedded;             /* NULL for none */
    bool by_name;               /* the responderID; else by key */
    int64_t now;                /* 0: NOW */
    const single_plan *singles; /* NULL: one, healthy */
    size_t nsingles;            /* ignored when singles is NULL */
    X509_EXTENSION *extra;      /* a response extension; NULL for none */
    const EVP_MD *md;           /* what the signer signs with; NULL: SHA-256 */
    const char *produced;       /* producedAt as it shall stand there; NULL: now */
} response_plan;

static inline void add_single(OCSP_BASICRESP *basic, const response_plan *plan,
                              const single_plan *one)
{
    int64_t now = plan->now == 0 ? NOW : plan->now;
    X509 *issuer_name = one->issuer_name == NULL ? plan->issuer : one->issuer_name;
    X509 *issuer_key = one->issuer_key == NULL ? plan->issuer : one->issuer_key;
    X509 *names = one->names == NULL ? plan->leaf : one->names;
    OCSP_CERTID *id = OCSP_cert_id_new(
        one->hash == NULL ? EVP_sha1() : one->hash, X509_get_subject_name(issuer_name),
        X509_get0_pubkey_bitstr(issuer_key), X509_get0_serialNumber(names));
    ASN1_TIME *this_update = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(now + one->this_update));
    ASN1_TIME *next_update = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(now + one->next_update));
    ASN1_TIME *revoked = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(now - 500));
    OCSP_SINGLERESP *made = OCSP_basic_add1_status(basic, id, one->status, one->reason, revoked,
                                                   this_update, one->no_next ? NULL : next_update);
    assert_non_null(made);
    if (one->extra != NULL) {
        assert_int_equal(OCSP_SINGLERESP_add_ext(made, one->extra, -1), 1);
    }
    ASN1_TIME_free(this_update);
    ASN1_TIME_free(next_update);
    ASN1_TIME_free(revoked);
    OCSP_CERTID_free(id);
}

/* libcrypto names the signer itself; a responderID that lies is set before a second signature. */
static inline void sign_response(OCSP_BASICRESP *basic, const response_plan *plan)
{
    X509 *named = plan->named == NULL ? plan->signer->certificate : plan->named;
    X509 *stand_in = X509_dup(named);
    assert_int_equal(X509_set_pubkey(stand_in, plan->signer->key), 1);

    ASN1_GENERALIZEDTIME *produced = (ASN1_GENERALIZEDTIME *)OCSP_resp_get0_produced_at(basic);
    if (plan->produced == NULL) {
        ASN1_GENERALIZEDTIME_set(produced, (time_t)(plan->now == 0 ? NOW : plan->now));
    } else {
        ASN1_STRING_set(produced, plan->produced, -1);
    }
    if (plan->embedded != NULL) {
        assert_int_equal(OCSP_basic_add1_cert(basic, plan->embedded), 1);
    }
    unsigned long flags = OCSP_NOTIME | OCSP_NOCERTS | (plan->by_name ? 0 : OCSP_RESPID_KEY);
    const EVP_MD *md = plan->md == NULL ? EVP_sha256() : plan->md;
    assert_int_equal(OCSP_basic_sign(basic, stand_in, plan->signer->key, md, NULL, flags), 1);

    if (plan->named != NULL && !plan->by_name) {
        const ASN1_OCTET_STRING *key;
        const X509_NAME *name;
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned size;
        OCSP_resp_get0_id(basic, &key, &name);
        X509_pubkey_digest(plan->named, EVP_sha1(), digest, &size);
        ASN1_STRING_set((ASN1_OCTET_STRING *)key, digest, (int)size);
        assert_true(ASN1_item_sign(ASN1_ITEM_rptr(OCSP_RESPDATA),
                                   (X509_ALGOR *)OCSP_resp_get0_tbs_sigalg(basic), NULL,
                                   (ASN1_BIT_STRING *)OCSP_resp_get0_signature(basic),
                                   OCSP_resp_get0_respdata(basic), plan->signer->key, md) > 0);
    }
    X509_free(stand_in);
}

/* Returns the DER of a successful OCSPResponse; the caller frees it with OPENSSL_free. */
static inline unsigned char *make_response(const response_plan *plan, size_t *length)
{
    static const single_plan healthy = {.next_update = DAY};
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    assert_non_null(basic);
    if (plan->singles == NULL) {
        add_single(basic, plan, &healthy);
    }
    for (size_t i = 0; plan->singles != NULL && i < plan->nsingles; i++) {
        add_single(basic, plan, &plan->singles[i]);
    }
    if (plan->extra != NULL) {
        assert_int_equal(OCSP_BASICRESP_add_ext(basic, plan->extra, -1), 1);
    }

    sign_response(basic, plan);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    unsigned char *der = NULL;
    int size = i2d_OCSP_RESPONSE(response, &der);
    assert_true(size > 0);
    *length = (size_t)size;
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    return der;
}

#endif
