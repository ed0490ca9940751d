/* Built as ASN.1 structures and not from libcrypto's configuration syntax, in which a comma or a
 * colon of a URL would mean something. */
#include "pki/extensions.h"

#include <jansson.h>
#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "harness/base/memory.h"

enum { NOT_CRITICAL, CRITICAL };

static bool add(X509 *x, int nid, void *value, int critical)
{
    return X509_add1_ext_i2d(x, nid, value, critical, X509V3_ADD_DEFAULT) == 1;
}

static bool add_basic_constraints(X509 *x, const pki_entry *e)
{
    BASIC_CONSTRAINTS *constraints = memory_made(BASIC_CONSTRAINTS_new());
    constraints->ca = e->role == PKI_AUTHORITY ? 0xff : 0;
    bool ok = add(x, NID_basic_constraints, constraints, CRITICAL);
    BASIC_CONSTRAINTS_free(constraints);
    return ok;
}

/* RFC 5280 4.2.1.3: bits 0, 5 and 6; an authority also signs OCSP responses itself. */
static bool add_key_usage(X509 *x, const pki_entry *e)
{
    ASN1_BIT_STRING *usage = memory_made(ASN1_BIT_STRING_new());
    bool ok = ASN1_BIT_STRING_set_bit(usage, 0, 1) == 1;
    if (ok && e->role == PKI_AUTHORITY) {
        ok = ASN1_BIT_STRING_set_bit(usage, 5, 1) == 1 && ASN1_BIT_STRING_set_bit(usage, 6, 1) == 1;
    }
    ok = ok && add(x, NID_key_usage, usage, CRITICAL);
    ASN1_BIT_STRING_free(usage);
    return ok;
}

static bool add_extended_key_usage(X509 *x, const pki_entry *e)
{
    static const int nids[] = {[PKI_EKU_OCSP_SIGNING] = NID_OCSP_sign,
                               [PKI_EKU_SERVER_AUTH] = NID_server_auth,
                               [PKI_EKU_CLIENT_AUTH] = NID_client_auth};
    if (e->eku == PKI_EKU_NONE) {
        return true;
    }
    EXTENDED_KEY_USAGE *usages = memory_made(EXTENDED_KEY_USAGE_new());
    bool ok = sk_ASN1_OBJECT_push(usages, OBJ_nid2obj(nids[e->eku])) > 0 &&
              add(x, NID_ext_key_usage, usages, NOT_CRITICAL);
    EXTENDED_KEY_USAGE_free(usages);
    return ok;
}

/* RFC 5280 4.2.1.2, its first method: the SHA-1 of the public key's bits. */
static bool add_subject_key_identifier(X509 *x)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size;
    ASN1_OCTET_STRING *identifier = memory_made(ASN1_OCTET_STRING_new());
    bool ok = X509_pubkey_digest(x, EVP_sha1(), digest, &size) == 1 &&
              ASN1_OCTET_STRING_set(identifier, digest, (int)size) == 1 &&
              add(x, NID_subject_key_identifier, identifier, NOT_CRITICAL);
    ASN1_OCTET_STRING_free(identifier);
    return ok;
}

static bool add_authority_key_identifier(X509 *x, X509 *issuer)
{
    if (issuer == NULL) {
        return true;
    }
    const ASN1_OCTET_STRING *identifier = X509_get0_subject_key_id(issuer);
    AUTHORITY_KEYID *authority = memory_made(AUTHORITY_KEYID_new());
    bool ok = identifier != NULL;
    if (ok) {
        authority->keyid = memory_made(ASN1_OCTET_STRING_dup(identifier));
        ok = add(x, NID_authority_key_identifier, authority, NOT_CRITICAL);
    }
    AUTHORITY_KEYID_free(authority);
    return ok;
}

/* A GeneralName of one of its IA5String forms. */
static GENERAL_NAME *general_name(int type, const char *text)
{
    GENERAL_NAME *name = memory_made(GENERAL_NAME_new());
    ASN1_IA5STRING *value = memory_made(ASN1_IA5STRING_new());
    if (ASN1_STRING_set(value, text, -1) != 1) {
        memory_exhausted();
    }
    GENERAL_NAME_set0_value(name, type, value);
    return name;
}

static bool add_subject_alternative_names(X509 *x, const json_t *names)
{
    if (names == NULL) {
        return true;
    }
    GENERAL_NAMES *list = memory_made(GENERAL_NAMES_new());
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (sk_GENERAL_NAME_push(list, general_name(GEN_DNS, name)) <= 0) {
            memory_exhausted();
        }
    }
    bool ok = add(x, NID_subject_alt_name, list, NOT_CRITICAL);
    GENERAL_NAMES_free(list);
    return ok;
}

/* One AccessDescription (RFC 5280 4.2.2.1) a URL, in the order given. */
static void push_access(AUTHORITY_INFO_ACCESS *list, int method, const json_t *urls)
{
    for (size_t i = 0; i < json_array_size(urls); i++) {
        ACCESS_DESCRIPTION *access = memory_made(ACCESS_DESCRIPTION_new());
        access->method = OBJ_nid2obj(method);
        GENERAL_NAME_free(access->location);
        access->location = general_name(GEN_URI, json_string_value(json_array_get(urls, i)));
        if (sk_ACCESS_DESCRIPTION_push(list, access) <= 0) {
            memory_exhausted();
        }
    }
}

static bool add_authority_information_access(X509 *x, const pki_entry *e)
{
    if (json_array_size(e->ocsp_urls) + json_array_size(e->ca_issuers_urls) == 0) {
        return true;
    }
    AUTHORITY_INFO_ACCESS *list = memory_made(AUTHORITY_INFO_ACCESS_new());
    push_access(list, NID_ad_OCSP, e->ocsp_urls);
    push_access(list, NID_ad_ca_issuers, e->ca_issuers_urls);
    bool ok = add(x, NID_info_access, list, NOT_CRITICAL);
    AUTHORITY_INFO_ACCESS_free(list);
    return ok;
}

/* RFC 7633: Features ::= SEQUENCE OF INTEGER, here one, status_request (5, RFC 6066). */
static bool add_must_staple(X509 *x, const pki_entry *e)
{
    if (!e->must_staple) {
        return true;
    }
    TLS_FEATURE *features = memory_made(TLS_FEATURE_new());
    ASN1_INTEGER *status_request = memory_made(ASN1_INTEGER_new());
    if (ASN1_INTEGER_set(status_request, 5) != 1 ||
        sk_ASN1_INTEGER_push(features, status_request) <= 0) {
        memory_exhausted();
    }
    bool ok = add(x, NID_tlsfeature, features, NOT_CRITICAL);
    TLS_FEATURE_free(features);
    return ok;
}

/* RFC 6960 4.2.2.2.1: the value is NULL, and it should not be critical. */
static bool add_ocsp_nocheck(X509 *x, const pki_entry *e)
{
    if (!e->ocsp_nocheck) {
        return true;
    }
    ASN1_NULL *nothing = memory_made(ASN1_NULL_new());
    bool ok = add(x, NID_id_pkix_OCSP_noCheck, nothing, NOT_CRITICAL);
    ASN1_NULL_free(nothing);
    return ok;
}

bool extensions_add(X509 *x, const pki_entry *e, X509 *issuer)
{
    return add_basic_constraints(x, e) && add_key_usage(x, e) && add_extended_key_usage(x, e) &&
           add_subject_key_identifier(x) && add_authority_key_identifier(x, issuer) &&
           add_subject_alternative_names(x, e->names) && add_authority_information_access(x, e) &&
           add_must_staple(x, e) && add_ocsp_nocheck(x, e);
}
