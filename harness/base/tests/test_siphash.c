/* A draw is made of it: a seed written down today gives the same run in a year. */
#include "harness/base/tests/cm.h"

#include "harness/base/siphash.h"

/* Vectors of the reference implementation: key 00..0f, data 00..N-1. */
static void siphash_is_the_published_one(void **state)
{
    const uint64_t k0 = UINT64_C(0x0706050403020100), k1 = UINT64_C(0x0f0e0d0c0b0a0908);
    unsigned char data[15];

    (void)state;
    for (unsigned char i = 0; i < sizeof(data); i++) {
        data[i] = i;
    }
    assert_true(siphash(k0, k1, data, 0) == UINT64_C(0x726fdb47dd0e0e31));
    assert_true(siphash(k0, k1, data, 8) == UINT64_C(0x93f5f5799a932462));
    assert_true(siphash(k0, k1, data, 15) == UINT64_C(0xa129ca6149be45e5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_is_the_published_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
