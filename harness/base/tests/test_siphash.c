/* The draws are a contract: a seed written down today gives the same run in a year. */
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
    assert_true(prf_siphash(k0, k1, data, 0) == UINT64_C(0x726fdb47dd0e0e31));
    assert_true(prf_siphash(k0, k1, data, 8) == UINT64_C(0x93f5f5799a932462));
    assert_true(prf_siphash(k0, k1, data, 15) == UINT64_C(0xa129ca6149be45e5));
}

/* Computed by a second implementation, from the definition in prf.h. */
static void draws_are_as_defined(void **state)
{
    (void)state;
    assert_true(prf_draw(1, "rule-1", "", 0) == 0x1.e4a8cbd618dabp-1);
    assert_true(prf_draw(1, "rule-1", "", 1) == 0x1.fa0bf157d9558p-1);
    assert_true(prf_draw(2, "rule-1", "", 0) == 0x1.2929bf56dca2ep-2);
    assert_true(prf_draw(1, "r", "1001", 0) == 0x1.699c75cb7f9a8p-3);
    assert_true(prf_draw(1, "r", "1001", 256) == 0x1.f688d55ba58c0p-5);
}

static void draws_depend_on_where_a_text_ends(void **state)
{
    (void)state;
    assert_true(prf_draw(1, "a", "bc", 0) != prf_draw(1, "ab", "c", 0));
}

static void draws_are_even(void **state)
{
    int below = 0;

    (void)state;
    for (uint64_t i = 0; i < 10000; i++) {
        double draw = prf_draw(3, "even", "", i);

        assert_true(draw >= 0 && draw < 1);
        below += draw < 0.25 ? 1 : 0;
    }
    assert_in_range(below, 2370, 2630); /* 3 standard deviations about 2500 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_is_the_published_one),
        cmocka_unit_test(draws_are_as_defined),
        cmocka_unit_test(draws_depend_on_where_a_text_ends),
        cmocka_unit_test(draws_are_even),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
