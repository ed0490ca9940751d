/*
 * Files of captured responses and their certificates.
 */
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/clients/capture.h"
#include "harness/clients/tests/judging.h"

static char folder[] = "/tmp/captureXXXXXX";
static problem p;

static char *path_of(const char *name)
{
    static char paths[8][80];
    static int next;
    char *out = paths[next++ % 8];
    snprintf(out, sizeof(paths[0]), "%s/%s", folder, name);
    return out;
}

static const char *write_file(const char *name, const void *data, size_t length)
{
    const char *path = path_of(name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(data, 1, length, out), length);
    fclose(out);
    return path;
}

static const char *write_text(const char *name, const char *text)
{
    return write_file(name, text, strlen(text));
}

static const char *write_pem(const char *name, X509 *first, X509 *second)
{
    const char *path = path_of(name);
    FILE *out = fopen(path, "w");
    PEM_write_X509(out, first);
    if (second != NULL) {
        PEM_write_X509(out, second);
    }
    fclose(out);
    return path;
}

static int make_folder(void **state)
{
    make_all(state);
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"r", "r.pem", "l", "l.der", "bad"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unlink(path_of(names[i]));
    }
    assert_int_equal(rmdir(folder), 0);
    return free_all(state);
}

static void expect_capture(const char *response, const char *of, span expected, int certificates)
{
    capture c;
    if (capture_read(&(capture_options){.response = response, .leaf = of}, &c, &p) != 0) {
        fail_msg("%s", p.detail);
    }
    assert_int_equal(c.response.length, expected.length);
    assert_memory_equal(c.response.length == 0 ? (const void *)"" : c.response.data,
                        expected.length == 0 ? (const void *)"" : expected.data, expected.length);
    assert_int_equal(sk_X509_num(c.chain), certificates);
    if (certificates > 0) {
        assert_int_equal(X509_cmp(sk_X509_value(c.chain, 0), leaf.certificate), 0);
    }
    capture_free(&c);
}

static void der_and_pem(void **state)
{
    (void)state;
    response_plan plan = healthy();
    size_t length;
    unsigned char *der = make_response(&plan, &length);
    span expected = {der, length};
    const char *in_der = write_file("r", der, length);
    char *in_pem = path_of("r.pem");
    FILE *out = fopen(in_pem, "w");
    PEM_write(out, "OCSP RESPONSE", "", der, (long)length);
    fclose(out);
    const char *one = write_pem("l", leaf.certificate, NULL);
    expect_capture(in_der, one, expected, 1);
    expect_capture(in_pem, one, expected, 1);
    expect_capture(in_der, write_pem("l", leaf.certificate, issuing.certificate), expected, 2);

    unsigned char *certificate = NULL;
    int size = i2d_X509(leaf.certificate, &certificate);
    expect_capture(in_der, write_file("l.der", certificate, (size_t)size), expected, 1);
    OPENSSL_free(certificate);
    OPENSSL_free(der);
}

/* A response of any form is a matter of the verdict; a leaf that cannot be read leaves the rest. */
static void what_is_judged_all_the_same(void **state)
{
    (void)state;
    const char *one = write_pem("l", leaf.certificate, NULL);
    expect_capture(write_text("r", ""), one, (span){NULL, 0}, 1);
    expect_capture(write_text("r", "<html>"), one, (span){(const uint8_t *)"<html>", 6}, 1);
    const char *r = write_text("r", "x");
    span expected = {(const uint8_t *)"x", 1};
    expect_capture(r, write_text("bad", "0\x82"), expected, 0);
    expect_capture(
        r, write_text("bad", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
        expected, 0);
}

static void expect_refusal(const char *response, const char *of, const char *words)
{
    capture c;
    assert_int_equal(capture_read(&(capture_options){.response = response, .leaf = of}, &c, &p),
                     -1);
    assert_int_equal(p.status, 400);
    if (strstr(p.detail, words) == NULL) {
        fail_msg("\"%s\" is not in: %s", words, p.detail);
    }
    capture_free(&c);
}

static void what_is_refused(void **state)
{
    (void)state;
    const char *one = write_pem("l", leaf.certificate, NULL);
    const char *r = write_text("r", "x");
    expect_refusal("/none", one, "--judge /none: No such file");
    expect_refusal(r, "/none", "--leaf /none: No such file");
    expect_refusal(r, write_text("bad", "words"), "bad: no certificate in it");
    expect_refusal(one, one, "it is a CERTIFICATE; PEM of an OCSP RESPONSE is accepted");
    expect_refusal(write_text("bad", "-----BEGIN OCSP RESPONSE-----\n!\n"), one,
                   "the PEM in it is damaged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(der_and_pem),
        cmocka_unit_test(what_is_judged_all_the_same),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests_name("capture", tests, make_folder, remove_folder);
}
