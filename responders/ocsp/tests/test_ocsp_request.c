/* Requests as libcrypto writes them are read; whatever is not exactly an OCSPRequest is not. */
#include "harness/base/tests/cm.h"

#include <openssl/ocsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responders/ocsp/codec/der.h"
#include "responders/ocsp/codec/ocsp_request.h"

/* A request for `n` serials from 0x1001 on, as a client with libcrypto makes it. */
static octets made(const EVP_MD *digest, int n, int nonce_octets)
{
    unsigned char nonce[200];
    memset(nonce, 0xab, sizeof(nonce));
    X509_NAME *name = X509_NAME_new();
    ASN1_BIT_STRING *key = ASN1_BIT_STRING_new();
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"CA", -1, -1, 0);
    ASN1_BIT_STRING_set(key, nonce, 65);
    for (int i = 0; i < n; i++) {
        ASN1_INTEGER_set(serial, 0x1001 + i);
        assert_non_null(OCSP_request_add0_id(request, OCSP_cert_id_new(digest, name, key, serial)));
    }
    if (nonce_octets > 0) {
        OCSP_request_add1_nonce(request, nonce, nonce_octets);
    }
    unsigned char *der = NULL;
    int length = i2d_OCSP_REQUEST(request, &der);
    octets o = {0};
    octets_append(&o, der, (size_t)length);
    OPENSSL_free(der);
    OCSP_REQUEST_free(request);
    ASN1_INTEGER_free(serial);
    ASN1_BIT_STRING_free(key);
    X509_NAME_free(name);
    return o;
}

/* In memory of exactly that size, so that the sanitizer sees a read past the end. */
static bool parse_exactly(const uint8_t *data, size_t length, ocsp_request *out)
{
    problem p = {0};
    uint8_t *copy = malloc(length == 0 ? 1 : length);
    memcpy(copy, data, length);
    bool good = ocsp_request_parse((span){copy, length}, out, &p) == 0;
    assert_true(good == (p.detail[0] == '\0'));
    free(copy);
    return good;
}

static bool parse(const octets *der, ocsp_request *out)
{
    problem p;
    return ocsp_request_parse(octets_span(der), out, &p) == 0;
}

static void a_request_is_read(void **state)
{
    (void)state;
    ocsp_request r;
    octets der = made(EVP_sha1(), 1, 0);
    assert_true(parse(&der, &r));
    assert_int_equal(r.ncerts, 1);
    assert_false(r.has_nonce);
    assert_int_equal(r.certs[0].hash, HASH_SHA1);
    assert_int_equal(r.certs[0].issuer_name_hash.length, 20);
    assert_int_equal(r.certs[0].issuer_key_hash.length, 20);
    assert_int_equal(r.certs[0].serial.length, 2);
    assert_memory_equal(r.certs[0].serial.data, "\x10\x01", 2);
    octets algorithm = {0};
    hash_put_algorithm(&algorithm, HASH_SHA1);
    assert_int_equal(r.certs[0].algorithm.length, algorithm.length);
    assert_memory_equal(r.certs[0].algorithm.data, algorithm.data, algorithm.length);
    octets_free(&algorithm);
    octets_free(&der);
}

static void hashes_and_several_certificates_are_read(void **state)
{
    static const struct {
        const EVP_MD *(*digest)(void);
        hash_kind kind;
    } cases[] = {{EVP_sha256, HASH_SHA256},
                 {EVP_sha384, HASH_SHA384},
                 {EVP_sha512, HASH_SHA512},
                 {EVP_sha224, HASH_OTHER}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ocsp_request r;
        octets der = made(cases[i].digest(), 3, 0);
        assert_true(parse(&der, &r));
        assert_int_equal(r.ncerts, 3);
        assert_int_equal(r.certs[2].hash, cases[i].kind);
        assert_memory_equal(r.certs[2].serial.data, "\x10\x03", 2);
        octets_free(&der);
    }
}

static void the_number_of_certificates_is_bounded(void **state)
{
    (void)state;
    ocsp_request r;
    octets most = made(EVP_sha1(), OCSP_REQUEST_CERTS_MAX, 0);
    octets more = made(EVP_sha1(), OCSP_REQUEST_CERTS_MAX + 1, 0);
    assert_true(parse(&most, &r));
    assert_int_equal(r.ncerts, OCSP_REQUEST_CERTS_MAX);
    assert_false(parse(&more, &r));
    octets_free(&most);
    octets_free(&more);
}

static void nonces_have_1_to_128_octets(void **state)
{
    static const struct {
        int octets;
        bool good;
    } cases[] = {{1, true}, {16, true}, {32, true}, {128, true}, {129, false}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ocsp_request r;
        octets der = made(EVP_sha1(), 1, cases[i].octets);
        assert_true(parse(&der, &r) == cases[i].good);
        if (cases[i].good) {
            assert_true(r.has_nonce);
            assert_int_equal(r.nonce.length, cases[i].octets);
            assert_int_equal(r.nonce.data[0], 0xab);
        }
        octets_free(&der);
    }
}

static void every_cut_and_every_longer_request_is_refused(void **state)
{
    (void)state;
    ocsp_request r;
    octets der = made(EVP_sha256(), 2, 16);
    assert_true(parse_exactly(der.data, der.length, &r));
    for (size_t length = 0; length < der.length; length++) {
        assert_false(parse_exactly(der.data, length, &r));
    }
    octets_append_fill(&der, 0, 1);
    assert_false(parse_exactly(der.data, der.length, &r));
    octets_free(&der);
}

/* CertID of SHA-1 with hashes of one octet: the shortest there is, for what follows. */
#define ID "\x30\x14\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x01n\x04\x01k\x02\x01\x05"

/* OCSPRequest { tbsRequest { before, requestList, more }, after } */
static bool parse_with(const char *before, size_t nbefore, const char *list, size_t nlist,
                       const char *more, size_t nmore, const char *after, size_t nafter)
{
    static ocsp_request r;
    octets o = {0};
    size_t outer = der_open(&o, DER_SEQUENCE), tbs = der_open(&o, DER_SEQUENCE);
    octets_append(&o, before, nbefore);
    der_put(&o, DER_SEQUENCE, list, nlist);
    octets_append(&o, more, nmore);
    der_close(&o, tbs);
    octets_append(&o, after, nafter);
    der_close(&o, outer);
    bool good = parse_exactly(o.data, o.length, &r);
    octets_free(&o);
    return good;
}

#define TEXT(t) t, sizeof(t) - 1
#define REQUEST "\x30\x16" ID

static void optional_fields_are_accepted(void **state)
{
    (void)state;
    assert_true(parse_with(TEXT(""), TEXT(REQUEST), TEXT(""), TEXT("")));
    assert_true(parse_with(TEXT("\xa0\x03\x02\x01\x00"), TEXT(REQUEST), TEXT(""), TEXT("")));
    assert_true(parse_with(TEXT("\xa1\x04\x82\x02me"), TEXT(REQUEST), TEXT(""), TEXT("")));
    assert_true(parse_with(TEXT(""), TEXT(REQUEST), TEXT(""), TEXT("\xa0\x02\x30\x00")));
    /* an extension that we do not know, in both places */
    assert_true(parse_with(TEXT(""), TEXT(REQUEST),
                           TEXT("\xa2\x0a\x30\x08\x30\x06\x06\x01\x2a\x04\x01x"), TEXT("")));
    assert_true(parse_with(TEXT(""),
                           TEXT("\x30\x22" ID "\xa0\x0a\x30\x08\x30\x06\x06\x01\x2a\x04"
                                "\x01x"),
                           TEXT(""), TEXT("")));
}

#define NONCE "\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x02"
#define KINDS "\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x04"
#define BASIC "\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01"
#define TRUE  "\x01\x01\xff"

/* RFC 6960, 4.1.2: what is not recognised is ignored, unless it is critical. */
static void critical_extensions_must_be_understood(void **state)
{
    (void)state;
    /* the nonce, and kinds of responses of which the basic one is one */
    assert_true(parse_with(TEXT(""), TEXT(REQUEST),
                           TEXT("\xa2\x17\x30\x15\x30\x13" NONCE TRUE "\x04\x03\x04\x01x"),
                           TEXT("")));
    assert_true(
        parse_with(TEXT(""), TEXT(REQUEST),
                   TEXT("\xa2\x24\x30\x22\x30\x20" KINDS TRUE "\x04\x10\x30\x0e\x06\x01\x2a" BASIC),
                   TEXT("")));
    /* others, kinds that we do not have, and those that mean nothing where they are */
    assert_false(parse_with(TEXT(""), TEXT(REQUEST),
                            TEXT("\xa2\x0d\x30\x0b\x30\x09\x06\x01\x2a" TRUE "\x04\x01x"),
                            TEXT("")));
    assert_false(parse_with(
        TEXT(""), TEXT(REQUEST),
        TEXT("\xa2\x19\x30\x17\x30\x15" KINDS TRUE "\x04\x05\x30\x03\x06\x01\x2a"), TEXT("")));
    assert_false(parse_with(TEXT(""), TEXT(REQUEST),
                            TEXT("\xa2\x15\x30\x13\x30\x11" KINDS TRUE "\x04\x01x"), TEXT("")));
    assert_false(parse_with(
        TEXT(""), TEXT("\x30\x2f" ID "\xa0\x17\x30\x15\x30\x13" NONCE TRUE "\x04\x03\x04\x01x"),
        TEXT(""), TEXT("")));
}

static void wrong_fields_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *what, *before;
        size_t nbefore;
        const char *list;
        size_t nlist;
        const char *more;
        size_t nmore;
        const char *after;
        size_t nafter;
    } cases[] = {
        {"version 2", TEXT("\xa0\x03\x02\x01\x01"), TEXT(REQUEST), TEXT(""), TEXT("")},
        {"empty version", TEXT("\xa0\x00"), TEXT(REQUEST), TEXT(""), TEXT("")},
        {"two names", TEXT("\xa1\x06\x82\x01m\x82\x01n"), TEXT(REQUEST), TEXT(""), TEXT("")},
        {"no request", TEXT(""), TEXT(""), TEXT(""), TEXT("")},
        {"a NULL for a request", TEXT(""), TEXT("\x05\x00"), TEXT(""), TEXT("")},
        {"an empty request", TEXT(""), TEXT("\x30\x00"), TEXT(""), TEXT("")},
        {"CertID with more", TEXT(""),
         TEXT("\x30\x18\x30\x16\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x01n\x04\x01k\x02"
              "\x01\x05\x05\x00"),
         TEXT(""), TEXT("")},
        {"serial not minimal", TEXT(""),
         TEXT("\x30\x17\x30\x15\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x01n\x04\x01k\x02"
              "\x02\x00\x05"),
         TEXT(""), TEXT("")},
        {"no key hash", TEXT(""),
         TEXT("\x30\x13\x30\x11\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x01n\x02\x01\x05"),
         TEXT(""), TEXT("")},
        {"two hash parameters", TEXT(""),
         TEXT("\x30\x18\x30\x16\x30\x0b\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x05\x00\x04\x01n\x04"
              "\x01k\x02\x01\x05"),
         TEXT(""), TEXT("")},
        {"no hash OID", TEXT(""), TEXT("\x30\x0d\x30\x0b\x30\x00\x04\x01n\x04\x01k\x02\x01\x05"),
         TEXT(""), TEXT("")},
        {"Request with more", TEXT(""), TEXT("\x30\x18" ID "\x05\x00"), TEXT(""), TEXT("")},
        {"empty single extensions", TEXT(""), TEXT("\x30\x1a" ID "\xa0\x02\x30\x00"), TEXT(""),
         TEXT("")},
        {"tbs with more", TEXT(""), TEXT(REQUEST), TEXT("\x05\x00"), TEXT("")},
        {"empty extensions", TEXT(""), TEXT(REQUEST), TEXT("\xa2\x02\x30\x00"), TEXT("")},
        {"extension without OID", TEXT(""), TEXT(REQUEST), TEXT("\xa2\x06\x30\x04\x30\x02\x04\x00"),
         TEXT("")},
        {"critical of two octets", TEXT(""), TEXT(REQUEST),
         TEXT("\xa2\x0e\x30\x0c\x30\x0a\x06\x01\x2a\x01\x02\xff\xff\x04\x01x"), TEXT("")},
        {"TRUE that is not DER", TEXT(""), TEXT(REQUEST),
         TEXT("\xa2\x17\x30\x15\x30\x13" NONCE "\x01\x01\x01\x04\x03\x04\x01x"), TEXT("")},
        {"FALSE, which is the default", TEXT(""), TEXT(REQUEST),
         TEXT("\xa2\x17\x30\x15\x30\x13" NONCE "\x01\x01\x00\x04\x03\x04\x01x"), TEXT("")},
        {"extension without value", TEXT(""), TEXT(REQUEST),
         TEXT("\xa2\x07\x30\x05\x30\x03\x06\x01\x2a"), TEXT("")},
        {"empty nonce", TEXT(""), TEXT(REQUEST),
         TEXT("\xa2\x13\x30\x11\x30\x0f\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x02\x04\x02\x04"
              "\x00"),
         TEXT("")},
        {"bare nonce", TEXT(""), TEXT(REQUEST),
         TEXT("\xa2\x12\x30\x10\x30\x0e\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x02\x04\x01x"),
         TEXT("")},
        {"two nonces", TEXT(""), TEXT(REQUEST),
         TEXT("\xa2\x26\x30\x24\x30\x10\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x02\x04\x03\x04"
              "\x01x\x30\x10\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x02\x04\x03\x04\x01y"),
         TEXT("")},
        {"signature not a SEQUENCE", TEXT(""), TEXT(REQUEST), TEXT(""), TEXT("\xa0\x02\x05\x00")},
        {"request with more", TEXT(""), TEXT(REQUEST), TEXT(""), TEXT("\x05\x00")},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool good = parse_with(cases[i].before, cases[i].nbefore, cases[i].list, cases[i].nlist,
                               cases[i].more, cases[i].nmore, cases[i].after, cases[i].nafter);
        if (good) {
            fail_msg("accepted: %s", cases[i].what);
        }
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read),
        cmocka_unit_test(hashes_and_several_certificates_are_read),
        cmocka_unit_test(the_number_of_certificates_is_bounded),
        cmocka_unit_test(nonces_have_1_to_128_octets),
        cmocka_unit_test(every_cut_and_every_longer_request_is_refused),
        cmocka_unit_test(optional_fields_are_accepted),
        cmocka_unit_test(critical_extensions_must_be_understood),
        cmocka_unit_test(wrong_fields_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
