/* The certificates themselves, octet for octet where a standard fixes the octets. */
#include "pki/tests/scratch.h"

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "pki/hierarchy.h"

/* P-256 throughout: the keys are made in no time. */
static const char pki[] =
    "{'name': 'x',"
    " 'authorities': [{'id': 'root', 'subject': 'R\\u00e9, O=x', 'key': 'p256', 'serial': '1'},"
    "   {'id': 'ca', 'issuer': 'root', 'subject': 'C', 'key': 'ed25519', 'serial': 'ff01'}],"
    " 'signers': [{'id': 's', 'issuer': 'ca', 'subject': 'S', 'key': 'p256',"
    "              'ocsp_nocheck': true},"
    "   {'id': 'bare', 'issuer': 'ca', 'subject': 'B', 'key': 'p256', 'eku': 'none'},"
    "   {'id': 'server', 'issuer': 'ca', 'subject': 'V', 'key': 'p256', 'eku': 'server-auth'}],"
    " 'leaves': [{'id': 'www', 'issuer': 'ca', 'names': ['a.test', '*.b.test'], 'serial': '80',"
    "             'must_staple': true, 'ocsp_urls': ['http://a,b:c/', 'second'],"
    "             'ca_issuers_urls': ['http://i/'], 'not_after': '+8000d'},"
    "   {'id': 'client', 'issuer': 'ca', 'names': ['c.test'], 'eku': 'client-auth'},"
    "   {'id': 'rsa', 'issuer': 'root', 'key': 'rsa2048', 'names': ['a.test']},"
    "   {'id': 'ed', 'issuer': 'root', 'key': 'ed25519', 'names': ['a.test']}]}";

static description *d;
static hierarchy h;

static int mint(void **state)
{
    (void)state;
    problem p;
    key_pool pool = {0};
    d = described(pki);
    return hierarchy_mint(d, &pool, &h, &p);
}

static int drop(void **state)
{
    (void)state;
    hierarchy_clear(&h);
    description_free(d);
    return 0;
}

static X509 *certificate(const char *id)
{
    for (size_t i = 0; i < d->count; i++) {
        if (strcmp(d->entries[i].id, id) == 0) {
            return h.minted[i].certificate;
        }
    }
    fail_msg("no %s", id);
    return NULL;
}

/* The extension's value and whether it is critical, as "c:HEX" or "HEX"; "" when there is none. */
static const char *extension(const char *id, int nid)
{
    static char text[2048];
    X509 *x = certificate(id);
    text[0] = '\0';
    int at = X509_get_ext_by_NID(x, nid, -1);
    if (at < 0) {
        return text;
    }
    X509_EXTENSION *found = X509_get_ext(x, at);
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(found);
    size_t n = 0;
    if (X509_EXTENSION_get_critical(found)) {
        n = (size_t)sprintf(text, "c:");
    }
    for (int i = 0; i < ASN1_STRING_length(value); i++) {
        n += (size_t)sprintf(text + n, "%02x", ASN1_STRING_get0_data(value)[i]);
    }
    return text;
}

static void signatures_are_the_issuers(void **state)
{
    (void)state;
    for (size_t i = 0; i < d->count; i++) {
        size_t issuer = d->entries[i].issuer;
        X509 *x = h.minted[i].certificate;
        X509 *from = h.minted[issuer].certificate;
        assert_int_equal(X509_verify(x, h.minted[issuer].key.pkey), 1);
        assert_int_equal(X509_check_issued(from, x), X509_V_OK);
        assert_int_equal(X509_check_private_key(x, h.minted[i].key.pkey), 1);
        assert_int_equal(X509_get_version(x), X509_VERSION_3);
        bool by_ed25519 = d->entries[issuer].key == PKI_KEY_ED25519;
        assert_int_equal(X509_get_signature_nid(x),
                         by_ed25519 ? NID_ED25519 : NID_ecdsa_with_SHA256);
    }
    assert_int_not_equal(X509_verify(certificate("www"), h.minted[0].key.pkey), 1);
}

static void serials_are_positive(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        size_t size;
        unsigned char der[5];
    } expected[] = {{"root", 3, {0x02, 0x01, 0x01}},
                    {"ca", 5, {0x02, 0x03, 0x00, 0xff, 0x01}},
                    {"www", 4, {0x02, 0x02, 0x00, 0x80}}};
    for (size_t i = 0; i < 3; i++) {
        unsigned char *der = NULL;
        const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate(expected[i].id));
        assert_int_equal(i2d_ASN1_INTEGER(serial, &der), expected[i].size);
        assert_memory_equal(der, expected[i].der, expected[i].size);
        OPENSSL_free(der);
    }
}

static void times_change_form_in_2050(void **state)
{
    (void)state;
    const ASN1_TIME *from = X509_get0_notBefore(certificate("www"));
    const ASN1_TIME *to = X509_get0_notAfter(certificate("www"));
    assert_int_equal(ASN1_STRING_type(from), V_ASN1_UTCTIME);
    assert_string_equal((const char *)ASN1_STRING_get0_data(from), "291231000000Z");
    assert_int_equal(ASN1_STRING_type(to), V_ASN1_GENERALIZEDTIME);
    assert_string_equal((const char *)ASN1_STRING_get0_data(to), "20511127000000Z");
}

static void names_are_one_utf8_common_name(void **state)
{
    (void)state;
    X509_NAME *name = X509_get_subject_name(certificate("root"));
    assert_int_equal(X509_NAME_entry_count(name), 1);
    X509_NAME_ENTRY *entry_of_name = X509_NAME_get_entry(name, 0);
    assert_int_equal(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry_of_name)), NID_commonName);
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry_of_name);
    assert_int_equal(ASN1_STRING_type(value), V_ASN1_UTF8STRING);
    assert_int_equal(ASN1_STRING_length(value), 8);
    assert_memory_equal(ASN1_STRING_get0_data(value), "R\xc3\xa9, O=x", 8);
    assert_int_equal(X509_NAME_cmp(name, X509_get_issuer_name(certificate("ca"))), 0);
}

static void constraints_and_usages_are_by_role(void **state)
{
    (void)state;
    assert_string_equal(extension("root", NID_basic_constraints), "c:30030101ff");
    assert_string_equal(extension("ca", NID_basic_constraints), "c:30030101ff");
    assert_string_equal(extension("s", NID_basic_constraints), "c:3000");
    assert_string_equal(extension("www", NID_basic_constraints), "c:3000");
    /* digitalSignature, keyCertSign, cRLSign; digitalSignature */
    assert_string_equal(extension("ca", NID_key_usage), "c:03020186");
    assert_string_equal(extension("s", NID_key_usage), "c:03020780");
    assert_string_equal(extension("www", NID_key_usage), "c:03020780");
    /* 1.3.6.1.5.5.7.3.9 and .1 */
    assert_string_equal(extension("ca", NID_ext_key_usage), "");
    assert_string_equal(extension("s", NID_ext_key_usage), "300a06082b06010505070309");
    assert_string_equal(extension("bare", NID_ext_key_usage), "");
    assert_string_equal(extension("server", NID_ext_key_usage), "300a06082b06010505070301");
    assert_string_equal(extension("www", NID_ext_key_usage), "300a06082b06010505070301");
    assert_string_equal(extension("client", NID_ext_key_usage), "300a06082b06010505070302");
}

static void must_staple_and_nocheck_are_where_asked(void **state)
{
    (void)state;
    assert_string_equal(extension("www", NID_tlsfeature), "3003020105");
    assert_string_equal(extension("rsa", NID_tlsfeature), "");
    assert_string_equal(extension("s", NID_id_pkix_OCSP_noCheck), "0500");
    assert_string_equal(extension("bare", NID_id_pkix_OCSP_noCheck), "");
    assert_string_equal(extension("www", NID_id_pkix_OCSP_noCheck), "");
}

static void key_identifiers_link_the_chain(void **state)
{
    (void)state;
    unsigned char digest[EVP_MAX_MD_SIZE];
    char expected[60];
    size_t n = (size_t)sprintf(expected, "0414");
    assert_int_equal(X509_pubkey_digest(certificate("ca"), EVP_sha1(), digest, NULL), 1);
    for (size_t i = 0; i < 20; i++) {
        n += (size_t)sprintf(expected + n, "%02x", digest[i]);
    }
    assert_string_equal(extension("ca", NID_subject_key_identifier), expected);
    /* SEQUENCE { [0] keyIdentifier } */
    memcpy(expected, "8014", 4);
    const char *authority = extension("www", NID_authority_key_identifier);
    assert_memory_equal(authority, "3016", 4);
    assert_string_equal(authority + 4, expected);
    assert_string_equal(extension("root", NID_authority_key_identifier), "");
}

static void alternative_names_are_dns_names(void **state)
{
    (void)state;
    /* 82 06 "a.test", 82 08 "*.b.test" */
    assert_string_equal(extension("www", NID_subject_alt_name),
                        "30128206612e7465737482082a2e622e74657374");
    assert_string_equal(extension("s", NID_subject_alt_name), "");
}

static void information_access_keeps_urls_in_order(void **state)
{
    (void)state;
    static const struct {
        int method;
        const char *url;
    } expected[] = {
        {NID_ad_OCSP, "http://a,b:c/"}, {NID_ad_OCSP, "second"}, {NID_ad_ca_issuers, "http://i/"}};
    AUTHORITY_INFO_ACCESS *list = X509_get_ext_d2i(certificate("www"), NID_info_access, NULL, NULL);
    assert_int_equal(sk_ACCESS_DESCRIPTION_num(list), 3);
    for (int i = 0; i < 3; i++) {
        const ACCESS_DESCRIPTION *access = sk_ACCESS_DESCRIPTION_value(list, i);
        assert_int_equal(OBJ_obj2nid(access->method), expected[i].method);
        assert_int_equal(access->location->type, GEN_URI);
        const ASN1_STRING *url = access->location->d.uniformResourceIdentifier;
        assert_int_equal(ASN1_STRING_length(url), strlen(expected[i].url));
        assert_memory_equal(ASN1_STRING_get0_data(url), expected[i].url, strlen(expected[i].url));
    }
    AUTHORITY_INFO_ACCESS_free(list);
    assert_string_equal(extension("rsa", NID_info_access), "");
}

static void keys_are_of_the_types_asked_for(void **state)
{
    (void)state;
    EVP_PKEY *rsa = X509_get0_pubkey(certificate("rsa"));
    char group[32];
    assert_true(EVP_PKEY_is_a(rsa, "RSA"));
    assert_int_equal(EVP_PKEY_get_bits(rsa), 2048);
    assert_true(EVP_PKEY_is_a(X509_get0_pubkey(certificate("ed")), "ED25519"));
    assert_int_equal(
        EVP_PKEY_get_group_name(X509_get0_pubkey(certificate("www")), group, sizeof(group), NULL),
        1);
    assert_string_equal(group, "prime256v1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_are_the_issuers),
        cmocka_unit_test(serials_are_positive),
        cmocka_unit_test(times_change_form_in_2050),
        cmocka_unit_test(names_are_one_utf8_common_name),
        cmocka_unit_test(constraints_and_usages_are_by_role),
        cmocka_unit_test(must_staple_and_nocheck_are_where_asked),
        cmocka_unit_test(key_identifiers_link_the_chain),
        cmocka_unit_test(alternative_names_are_dns_names),
        cmocka_unit_test(information_access_keeps_urls_in_order),
        cmocka_unit_test(keys_are_of_the_types_asked_for),
    };
    return cmocka_run_group_tests(tests, mint, drop);
}
