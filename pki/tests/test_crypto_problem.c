/* A failure of libcrypto is told with its reason, once. */
#include "harness/base/tests/cm.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "pki/crypto_problem.h"

static void the_reason_is_told_once(void **state)
{
    problem p;

    (void)state;
    ERR_clear_error();
    ERR_raise(ERR_LIB_PEM, PEM_R_NO_START_LINE);
    assert_int_equal(crypto_problem_fail(&p, "making a key"), -1);
    assert_int_equal(p.status, 500);
    assert_string_equal(p.pointer, "");
    assert_string_equal(p.detail, "making a key: no start line");
    assert_int_equal(ERR_peek_error(), 0);
    assert_int_equal(crypto_problem_fail(&p, "making a key"), -1);
    assert_string_equal(p.detail, "making a key: libcrypto gave no reason");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reason_is_told_once),
    };
    return cmocka_run_group_tests_name("crypto problem", tests, NULL, NULL);
}
