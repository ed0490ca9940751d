/*
 * The --trusted file: what is kept of the last one is never taken for another one.
 */
#include "harness/clients/certificate.h"
#include "harness/clients/tests/identities.h"
#include "harness/clients/trusted.h"
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static identity one, two;
static char path[] = "/tmp/staplelab-trusted-XXXXXX";

static int make(void **state)
{
    (void)state;
    one = make_identity(&(identity_plan){.name = "One", .serial = 1});
    two = make_identity(&(identity_plan){.name = "Two", .serial = 2});
    return close(mkstemp(path));
}

static int unmake(void **state)
{
    (void)state;
    free_identity(&one);
    free_identity(&two);
    return unlink(path);
}

static void write_file(const identity *first, const identity *second, const char *behind)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    PEM_write_X509(file, first->certificate);
    if (second != NULL) {
        PEM_write_X509(file, second->certificate);
    }
    fputs(behind, file);
    assert_int_equal(fclose(file), 0);
}

static STACK_OF(X509) * read_file(void)
{
    char error[400] = "";
    STACK_OF(X509) *found = trusted_certificates(path, error, sizeof(error));
    assert_string_equal(error, "");
    assert_non_null(found);
    return found;
}

static void the_same_octets_are_parsed_once(void **state)
{
    (void)state;
    write_file(&one, &two, "");
    STACK_OF(X509) *first = read_file();
    write_file(&one, &two, "");
    STACK_OF(X509) *again = read_file();
    assert_int_equal(sk_X509_num(again), 2);
    for (int i = 0; i < 2; i++) {
        assert_ptr_equal(sk_X509_value(again, i), sk_X509_value(first, i));
    }
    certificates_free(first);
    certificates_free(again);
}

static void a_changed_file_is_read_anew(void **state)
{
    (void)state;
    write_file(&one, NULL, "");
    STACK_OF(X509) *first = read_file();
    write_file(&two, NULL, "");
    STACK_OF(X509) *second = read_file();
    assert_int_equal(sk_X509_num(second), 1);
    assert_int_equal(X509_cmp(sk_X509_value(second, 0), two.certificate), 0);
    certificates_free(second);
    write_file(&two, &one, "");
    second = read_file();
    assert_int_equal(sk_X509_num(second), 2);
    assert_int_equal(X509_cmp(sk_X509_value(first, 0), one.certificate), 0);
    certificates_free(first);
    certificates_free(second);
}

static void a_bad_file_is_refused_and_not_kept(void **state)
{
    (void)state;
    char error[400] = "";
    write_file(&one, NULL, "");
    certificates_free(read_file());
    write_file(&one, NULL, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    for (int i = 0; i < 2; i++) {
        assert_null(trusted_certificates(path, error, sizeof(error)));
        assert_non_null(strstr(error, "a certificate in it is damaged"));
    }
    write_file(&one, NULL, "");
    certificates_free(read_file());

    assert_null(trusted_certificates("/", error, sizeof(error)));
    assert_string_equal(error, "/: Is a directory");
    assert_null(trusted_certificates("/dev/null", error, sizeof(error)));
    assert_string_equal(error, "/dev/null: no certificate in it; PEM certificates are accepted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_octets_are_parsed_once),
        cmocka_unit_test(a_changed_file_is_read_anew),
        cmocka_unit_test(a_bad_file_is_refused_and_not_kept),
    };
    return cmocka_run_group_tests_name("trusted", tests, make, unmake);
}
