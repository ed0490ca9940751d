/* Built as ASN.1 structures and not from libcrypto's configuration syntax, in which a comma or a
 * colon of a URL would mean something. */
#include "pki/extensions.h"

#include <jansson.h>
#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

enum { NOT_CRITICAL, CRITICAL };

static int add(X509 *x, int nid, void *value, int critical)
{
    return value != NULL && X509_add1_ext_i2d(x, nid, value, critical, X509V3_ADD_DEFAULT) == 1;
}

static int add_basic_constraints(X509 *x, const entry *e)
{
    BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
    if (constraints != NULL) {
        constraints->ca = e->role == ROLE_AUTHORITY ? 0xff : 0;
    }
    int ok = add(x, NID_basic_constraints, constraints, CRITICAL);
    BASIC_CONSTRAINTS_free(constraints);
    return ok;
}

/* RFC 5280 4.2.1.3: bits 0, 5 and 6; an authority also signs OCSP answers itself. */
static int add_key_usage(X509 *x, const entry *e)
{
    ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();
    int ok = usage != NULL && ASN1_BIT_STRING_set_bit(usage, 0, 1) == 1;
    if (ok && e->role == ROLE_AUTHORITY) {
        ok = ASN1_BIT_STRING_set_bit(usage, 5, 1) == 1 && ASN1_BIT_STRING_set_bit(usage, 6, 1) == 1;
    }
    ok = ok && add(x, NID_key_usage, usage, CRITICAL);
    ASN1_BIT_STRING_free(usage);
    return ok;
}

static int add_extended_key_usage(X509 *x, const entry *e)
{
    if (e->eku == EKU_NONE) {
        return 1;
    }
    int nid = e->eku == EKU_OCSP_SIGNING ? NID_OCSP_sign : NID_server_auth;
    EXTENDED_KEY_USAGE *usages = EXTENDED_KEY_USAGE_new();
    int ok = usages != NULL && sk_ASN1_OBJECT_push(usages, OBJ_nid2obj(nid)) > 0 &&
             add(x, NID_ext_key_usage, usages, NOT_CRITICAL);
    EXTENDED_KEY_USAGE_free(usages);
    return ok;
}

/* RFC 5280 4.2.1.2, its first method: the SHA-1 of the public key's bits. */
static int add_subject_key_identifier(X509 *x)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size;
    ASN1_OCTET_STRING *identifier = ASN1_OCTET_STRING_new();
    int ok = identifier != NULL && X509_pubkey_digest(x, EVP_sha1(), digest, &size) == 1 &&
             ASN1_OCTET_STRING_set(identifier, digest, (int)size) == 1 &&
             add(x, NID_subject_key_identifier, identifier, NOT_CRITICAL);
    ASN1_OCTET_STRING_free(identifier);
    return ok;
}

static int add_authority_key_identifier(X509 *x, X509 *issuer)
{
    if (issuer == NULL) {
        return 1;
    }
    const ASN1_OCTET_STRING *identifier = X509_get0_subject_key_id(issuer);
    AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();
    int ok = authority != NULL && identifier != NULL;
    if (ok) {
        authority->keyid = ASN1_OCTET_STRING_dup(identifier);
        ok = authority->keyid != NULL &&
             add(x, NID_authority_key_identifier, authority, NOT_CRITICAL);
    }
    AUTHORITY_KEYID_free(authority);
    return ok;
}

/* A GeneralName of one of its IA5String forms; NULL without memory. */
static GENERAL_NAME *general_name(int type, const char *text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *value = ASN1_IA5STRING_new();
    if (name == NULL || value == NULL || ASN1_STRING_set(value, text, -1) != 1) {
        GENERAL_NAME_free(name);
        ASN1_IA5STRING_free(value);
        return NULL;
    }
    GENERAL_NAME_set0_value(name, type, value);
    return name;
}

static int add_subject_alternative_names(X509 *x, const json_t *names)
{
    if (names == NULL) {
        return 1;
    }
    GENERAL_NAMES *list = GENERAL_NAMES_new();
    int ok = list != NULL;
    for (size_t i = 0; ok && i < json_array_size(names); i++) {
        GENERAL_NAME *name = general_name(GEN_DNS, json_string_value(json_array_get(names, i)));
        ok = name != NULL && sk_GENERAL_NAME_push(list, name) > 0;
        if (!ok) {
            GENERAL_NAME_free(name);
        }
    }
    ok = ok && add(x, NID_subject_alt_name, list, NOT_CRITICAL);
    GENERAL_NAMES_free(list);
    return ok;
}

/* One AccessDescription (RFC 5280 4.2.2.1) a URL, in the order given. */
static int push_access(AUTHORITY_INFO_ACCESS *list, int method, const json_t *urls)
{
    for (size_t i = 0; i < json_array_size(urls); i++) {
        ACCESS_DESCRIPTION *access = ACCESS_DESCRIPTION_new();
        GENERAL_NAME *location = general_name(GEN_URI, json_string_value(json_array_get(urls, i)));
        if (access == NULL || location == NULL) {
            ACCESS_DESCRIPTION_free(access);
            GENERAL_NAME_free(location);
            return 0;
        }
        access->method = OBJ_nid2obj(method);
        GENERAL_NAME_free(access->location);
        access->location = location;
        if (sk_ACCESS_DESCRIPTION_push(list, access) <= 0) {
            ACCESS_DESCRIPTION_free(access);
            return 0;
        }
    }
    return 1;
}

static int add_authority_information_access(X509 *x, const entry *e)
{
    if (json_array_size(e->ocsp_urls) + json_array_size(e->ca_issuers_urls) == 0) {
        return 1;
    }
    AUTHORITY_INFO_ACCESS *list = AUTHORITY_INFO_ACCESS_new();
    int ok = list != NULL && push_access(list, NID_ad_OCSP, e->ocsp_urls) &&
             push_access(list, NID_ad_ca_issuers, e->ca_issuers_urls) &&
             add(x, NID_info_access, list, NOT_CRITICAL);
    AUTHORITY_INFO_ACCESS_free(list);
    return ok;
}

/* RFC 7633: Features ::= SEQUENCE OF INTEGER, here one, status_request (5, RFC 6066). */
static int add_must_staple(X509 *x, const entry *e)
{
    if (!e->must_staple) {
        return 1;
    }
    TLS_FEATURE *features = TLS_FEATURE_new();
    ASN1_INTEGER *status_request = ASN1_INTEGER_new();
    int ok = features != NULL && status_request != NULL &&
             ASN1_INTEGER_set(status_request, 5) == 1 &&
             sk_ASN1_INTEGER_push(features, status_request) > 0;
    if (!ok) {
        ASN1_INTEGER_free(status_request);
    }
    ok = ok && add(x, NID_tlsfeature, features, NOT_CRITICAL);
    TLS_FEATURE_free(features);
    return ok;
}

/* RFC 6960 4.2.2.2.1: the value is NULL, and it should not be critical. */
static int add_ocsp_nocheck(X509 *x, const entry *e)
{
    if (!e->ocsp_nocheck) {
        return 1;
    }
    ASN1_NULL *nothing = ASN1_NULL_new();
    int ok = add(x, NID_id_pkix_OCSP_noCheck, nothing, NOT_CRITICAL);
    ASN1_NULL_free(nothing);
    return ok;
}

int extensions_add(X509 *x, const entry *e, X509 *issuer)
{
    int ok = add_basic_constraints(x, e) && add_key_usage(x, e) && add_extended_key_usage(x, e) &&
             add_subject_key_identifier(x) && add_authority_key_identifier(x, issuer) &&
             add_subject_alternative_names(x, e->names) && add_authority_information_access(x, e) &&
             add_must_staple(x, e) && add_ocsp_nocheck(x, e);
    return ok ? 0 : -1;
}
