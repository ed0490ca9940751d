/*
 * The signer of a staple. libcrypto's OCSP_basic_verify mixes this with the judgement of chains
 * and stores, so the rule is applied here by itself.
 */
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "harness/base/memory.h"
#include "harness/clients/staple_signer.h"

static bool names_issuer(const X509 *certificate, const X509 *issuer)
{
    return X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(issuer)) == 0;
}

static bool signed_by(X509 *certificate, X509 *issuer)
{
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    return key != NULL && names_issuer(certificate, issuer) && X509_verify(certificate, key) == 1;
}

signature_worth staple_signer_weigh(X509 *certificate, X509 *issuer)
{
    const X509_ALGOR *algorithm;
    X509_get0_signature(NULL, &algorithm, certificate);
    return signature_weigh(algorithm, issuer);
}

bool staple_signer_unprovable(X509 *leaf, const STACK_OF(X509) * candidates, signature_worth *why)
{
    for (int i = 0; i < sk_X509_num(candidates); i++) {
        X509 *issuer = sk_X509_value(candidates, i);
        *why = staple_signer_weigh(leaf, issuer);
        if (names_issuer(leaf, issuer) && !why->checkable) {
            return true;
        }
    }
    return false;
}

X509 *staple_signer_issuer(X509 *leaf, const STACK_OF(X509) * candidates)
{
    X509 *found = NULL;
    for (int i = 0; i < sk_X509_num(candidates) && found == NULL; i++) {
        if (signed_by(leaf, sk_X509_value(candidates, i))) {
            found = sk_X509_value(candidates, i);
        }
    }
    ERR_clear_error();
    return found;
}

/* byKey is the SHA-1 of the subjectPublicKey's octets, whatever signs the response. */
static bool named_by(const staple *s, X509 *certificate)
{
    const ASN1_OCTET_STRING *key;
    const X509_NAME *name;
    if (OCSP_resp_get0_id(s->basic, &key, &name) != 1) {
        return false;
    }
    if (name != NULL) {
        return X509_NAME_cmp(name, X509_get_subject_name(certificate)) == 0;
    }
    unsigned char digest[SHA_DIGEST_LENGTH];
    unsigned length;
    return X509_pubkey_digest(certificate, EVP_sha1(), digest, &length) == 1 &&
           ASN1_STRING_length(key) == (int)length &&
           memcmp(ASN1_STRING_get0_data(key), digest, length) == 0;
}

/* Whether its key signed the very octets of tbsResponseData. As a value of type ANY they go
 * through ASN1_item_verify, which knows every signature algorithm's parameters, untouched. */
static bool made_signature(const staple *s, X509 *certificate)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (key == NULL) {
        return false;
    }
    ASN1_TYPE *tbs = memory_made(ASN1_TYPE_new());
    ASN1_STRING *wire = memory_made(ASN1_STRING_type_new(V_ASN1_SEQUENCE));
    if (ASN1_STRING_set(wire, s->tbs.data, (int)s->tbs.length) != 1) {
        memory_exhausted();
    }
    ASN1_TYPE_set(tbs, V_ASN1_SEQUENCE, wire);
    bool good = ASN1_item_verify(ASN1_ITEM_rptr(ASN1_ANY), OCSP_resp_get0_tbs_sigalg(s->basic),
                                 OCSP_resp_get0_signature(s->basic), tbs, key) == 1;
    ASN1_TYPE_free(tbs);
    return good;
}

static bool may_sign_ocsp(X509 *certificate)
{
    uint32_t flags = X509_get_extension_flags(certificate);
    return (flags & EXFLAG_XKUSAGE) != 0 &&
           (X509_get_extended_key_usage(certificate) & XKU_OCSP_SIGN) != 0;
}

static void classify(staple_signer *found, X509 *issuer)
{
    X509 *certificate = found->certificate;
    found->kind = STAPLE_SIGNER_UNKNOWN;
    found->objection = NULL;
    if (issuer == NULL) {
        found->objection = "the leaf's issuer is not known";
        return;
    }
    if (X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_subject_name(issuer)) == 0 &&
        EVP_PKEY_eq(X509_get0_pubkey(certificate), X509_get0_pubkey(issuer)) == 1) {
        found->kind = STAPLE_SIGNER_ISSUER;
        return;
    }
    if (names_issuer(certificate, issuer)) {
        found->delegation = staple_signer_weigh(certificate, issuer);
    }
    if (!signed_by(certificate, issuer)) {
        found->objection = "it is neither the leaf's issuer nor certified by it";
        return;
    }
    if (!may_sign_ocsp(certificate)) {
        found->objection = "its certificate lacks the extended key usage id-kp-OCSPSigning";
        return;
    }
    found->kind = STAPLE_SIGNER_DELEGATE;
}

/* Takes `certificate` into account; true when the search is over. */
static bool consider(const staple *s, X509 *issuer, X509 *certificate, staple_signer *found)
{
    if (!named_by(s, certificate)) {
        return false;
    }
    signature_worth worth = signature_weigh(OCSP_resp_get0_tbs_sigalg(s->basic), certificate);
    if (found->claimed == NULL) {
        found->claimed = certificate;
        found->response = worth;
    }
    if (!made_signature(s, certificate)) {
        return false;
    }
    staple_signer other = {.claimed = certificate,
                           .certificate = certificate,
                           .response = worth,
                           .delegation.checkable = true};
    classify(&other, issuer);
    if (found->certificate == NULL || other.objection == NULL) {
        *found = other;
    }
    return found->objection == NULL;
}

staple_signer staple_signer_find(const staple *s, X509 *issuer, const STACK_OF(X509) * candidates)
{
    const STACK_OF(X509) * places[] = {OCSP_resp_get0_certs(s->basic), candidates};
    staple_signer found = {.response.checkable = true, .delegation.checkable = true};
    bool over = false;
    for (size_t place = 0; place < 2 && !over; place++) {
        for (int i = 0; i < sk_X509_num(places[place]) && !over; i++) {
            over = consider(s, issuer, sk_X509_value(places[place], i), &found);
        }
    }
    ERR_clear_error();
    return found;
}

const char *staple_signer_kind_name(staple_signer_kind kind)
{
    static const char *const names[] = {"unknown", "issuer", "delegate"};
    return names[kind];
}
