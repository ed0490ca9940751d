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
    problem p;
    STACK_OF(X509) *found = NULL;
    assert_int_equal(trusted_read(path, &found, &p), 0);
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
    certificate_stack_free(first);
    certificate_stack_free(again);
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
    certificate_stack_free(second);
    write_file(&two, &one, "");
    second = read_file();
    assert_int_equal(sk_X509_num(second), 2);
    assert_int_equal(X509_cmp(sk_X509_value(first, 0), one.certificate), 0);
    certificate_stack_free(first);
    certificate_stack_free(second);
}

static void a_bad_file_is_refused_and_not_kept(void **state)
{
    (void)state;
    problem p;
    STACK_OF(X509) *found = NULL;
    write_file(&one, NULL, "");
    certificate_stack_free(read_file());
    write_file(&one, NULL, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(trusted_read(path, &found, &p), -1);
        assert_non_null(strstr(p.detail, "a certificate in it is damaged"));
    }
    write_file(&one, NULL, "");
    certificate_stack_free(read_file());

    assert_int_equal(trusted_read("/", &found, &p), -1);
    assert_string_equal(p.detail, "/: Is a directory");
    assert_int_equal(trusted_read("/dev/null", &found, &p), -1);
    assert_string_equal(p.detail, "/dev/null: no certificate in it; PEM certificates are accepted");
    assert_int_equal(p.status, 400);
    assert_null(found);
}

/* The library would ask the terminal. */
static void nobody_is_asked_for_a_passphrase(void **state)
{
    (void)state;
    problem p;
    STACK_OF(X509) *found = NULL;
    static const char pem[] = "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
                              "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
                              "AAAAAAAAAAAAAAAAAAAAAA==\n-----END CERTIFICATE-----\n";
    assert_int_equal(trusted_parse((span){(const uint8_t *)pem, sizeof(pem) - 1}, "it", &found, &p),
                     -1);
    assert_string_equal(p.detail, "it: a certificate in it is damaged; PEM certificates are "
                                  "accepted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_octets_are_parsed_once),
        cmocka_unit_test(a_changed_file_is_read_anew),
        cmocka_unit_test(a_bad_file_is_refused_and_not_kept),
        cmocka_unit_test(nobody_is_asked_for_a_passphrase),
    };
    return cmocka_run_group_tests_name("trusted", tests, make, unmake);
}
