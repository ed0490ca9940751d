/*
 * Names, serial numbers and times of certificates as text and numbers.
 */
#include "harness/clients/certificate.h"
#include "harness/clients/tests/identities.h"
#include <openssl/bn.h>
#include <stdlib.h>

static void assert_serial(const char *decimal, const char *expected)
{
    BIGNUM *number = NULL;
    BN_dec2bn(&number, decimal);
    ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(number, NULL);
    char *text = certificate_serial(serial);
    assert_string_equal(text, expected);
    free(text);
    ASN1_INTEGER_free(serial);
    BN_free(number);
}

static void serials_are_hexadecimal_without_leading_zeros(void **state)
{
    (void)state;
    assert_serial("0", "0");
    assert_serial("1", "1");
    assert_serial("10", "a");
    assert_serial("4097", "1001");
    assert_serial("-4097", "-1001");
    assert_serial("730750818665451459101842416358141509827966271487",
                  "7fffffffffffffffffffffffffffffffffffffff");
}

static void names_are_ascii(void **state)
{
    (void)state;
    identity made = make_identity(&(identity_plan){.name = "b\xc3\xbc, x", .serial = 1});
    char *text = certificate_name(X509_get_subject_name(made.certificate));
    assert_string_equal(text, "CN=b\\C3\\BC\\, x");
    free(text);
    free_identity(&made);

    X509_NAME *empty = X509_NAME_new();
    text = certificate_name(empty);
    assert_string_equal(text, "");
    free(text);
    X509_NAME_free(empty);
}

static void keys_and_features(void **state)
{
    (void)state;
    identity with = make_identity(&(identity_plan){.name = "a", .serial = 1, .must_staple = true});
    identity without =
        make_identity(&(identity_plan){.name = "b", .serial = 2, .key = EVP_RSA_gen(1024)});
    assert_string_equal(certificate_key(with.certificate), "EC");
    assert_true(certificate_must_staple(with.certificate));
    assert_string_equal(certificate_key(without.certificate), "RSA");
    assert_false(certificate_must_staple(without.certificate));
    EVP_PKEY_free(without.key); /* the plan's own reference */
    free_identity(&with);
    free_identity(&without);

    X509 *bare = X509_new();
    assert_string_equal(certificate_key(bare), "unknown");
    X509_free(bare);
}

/* Another feature of TLS than status_request promises no staple. */
static void other_features_promise_nothing(void **state)
{
    (void)state;
    identity made = make_identity(&(identity_plan){.name = "a", .serial = 1});
    add_extension(made.certificate, made.certificate, NID_tlsfeature, "status_request_v2");
    assert_false(certificate_must_staple(made.certificate));
    free_identity(&made);
}

static void times_are_seconds(void **state)
{
    (void)state;
    ASN1_TIME *time = ASN1_TIME_set(NULL, NOW);
    assert_int_equal(certificate_time(time), NOW);
    assert_int_equal(ASN1_TIME_set_string(time, "19691231235959Z"), 1);
    assert_int_equal(certificate_time(time), -1);
    ASN1_STRING_set(time, "no time", -1);
    assert_int_equal(certificate_time(time), CERTIFICATE_NO_TIME);
    assert_int_equal(certificate_time(NULL), CERTIFICATE_NO_TIME);
    ASN1_TIME_free(time);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serials_are_hexadecimal_without_leading_zeros),
        cmocka_unit_test(names_are_ascii),
        cmocka_unit_test(keys_and_features),
        cmocka_unit_test(other_features_promise_nothing),
        cmocka_unit_test(times_are_seconds),
    };
    return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
