/*
 * Where a CertificateStatus stands in the messages of TLS 1.2 and 1.3, and where it does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants these before itself */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clients/wire_status.h"

/* CertificateStatus: ocsp, of three octets */
static const unsigned char STATUS12[] = {22, 0, 0, 7, 1, 0, 0, 3, 'a', 'b', 'c'};

/* Certificate of TLS 1.3: two entries of one octet; the first carries another extension and then a
 * status of two octets, the second a status of one */
static const unsigned char CERTIFICATE13[] = {
    11, 0, 0,  41, /* Certificate */
    0,             /* certificate_request_context */
    0,  0, 37,     /* certificate_list */
    0,  0, 1,  'C', 0, 15, 0, 18, 0, 1, 'x', 0, 5, 0, 6,   1, 0, 0, 2, 'o', 'k', /* first */
    0,  0, 1,  'D', 0, 10, 0, 5,  0, 5, 1,   0, 0, 1, 'n', 0,                    /* second */
};

/* In a copy of its own, so that the sanitizer sees an octet too far. */
static wire_status observe(bool tls13, const unsigned char *message, size_t length)
{
    unsigned char *copy = malloc(length + (length == 0));
    memcpy(copy, message, length);
    wire_status status = {0};
    wire_status_observe(&status, tls13, copy, length);
    free(copy);
    return status;
}

static void in_tls12(void **state)
{
    (void)state;
    wire_status status = observe(false, STATUS12, sizeof(STATUS12));
    assert_true(status.seen);
    assert_int_equal(status.length, 3);
    assert_false(observe(true, STATUS12, sizeof(STATUS12)).seen);

    const unsigned char empty[] = {22, 0, 0, 4, 1, 0, 0, 0};
    status = observe(false, empty, sizeof(empty));
    assert_true(status.seen);
    assert_int_equal(status.length, 0);

    const unsigned char other_type[] = {22, 0, 0, 4, 2, 0, 0, 0};
    assert_false(observe(false, other_type, sizeof(other_type)).seen);
    assert_true(observe(false, other_type, sizeof(other_type)).malformed);
    assert_false(observe(false, STATUS12, sizeof(STATUS12)).malformed);

    const unsigned char more[] = {22, 0, 0, 5, 1, 0, 0, 0, 'x'};
    const unsigned char less[] = {22, 0, 0, 4, 1, 0, 0, 1};
    assert_true(observe(false, more, sizeof(more)).malformed);
    assert_true(observe(false, less, sizeof(less)).malformed);
    assert_false(observe(false, less, sizeof(less)).seen);
}

static void in_tls13(void **state)
{
    (void)state;
    wire_status status = observe(true, CERTIFICATE13, sizeof(CERTIFICATE13));
    assert_true(status.seen);
    assert_int_equal(status.length, 2);
    assert_false(observe(false, CERTIFICATE13, sizeof(CERTIFICATE13)).seen);

    const unsigned char empty[] = {11,  0, 0, 18, 0, 0, 0, 14, 0, 0, 1,
                                   'C', 0, 8, 0,  5, 0, 4, 1,  0, 0, 0};
    status = observe(true, empty, sizeof(empty));
    assert_true(status.seen);
    assert_int_equal(status.length, 0);

    const unsigned char none[] = {11, 0, 0, 10, 0, 0, 0, 6, 0, 0, 1, 'C', 0, 0};
    assert_false(observe(true, none, sizeof(none)).seen);
}

static void cut_short(void **state)
{
    (void)state;
    for (size_t length = 0; length < sizeof(STATUS12); length++) {
        assert_false(observe(false, STATUS12, length).seen);
    }
    for (size_t length = 0; length < sizeof(CERTIFICATE13); length++) {
        assert_false(observe(true, CERTIFICATE13, length).seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_tls12),
        cmocka_unit_test(in_tls13),
        cmocka_unit_test(cut_short),
    };
    return cmocka_run_group_tests_name("wire_status", tests, NULL, NULL);
}
