/* The hash functions of CertIDs, their names and object identifiers. */
#include "harness/base/tests/cm.h"

#include <string.h>

#include "responders/ocsp/codec/hash.h"

static void hash_functions_have_names_and_oids(void **state)
{
    (void)state;
    for (int i = 0; i < HASH_KINDS; i++) {
        const hash_function *f = hash_function_of((hash_kind)i);
        assert_int_equal(strlen(f->name), i == HASH_SHA1 ? 4 : 6);
        assert_int_equal(hash_kind_by_oid(f->oid), i);
    }
    assert_int_equal(hash_kind_by_oid((span){(const uint8_t *)"\x2b\x0e\x03\x02\x1b", 5}),
                     HASH_OTHER);
    octets o = {0};
    hash_put_algorithm(&o, HASH_SHA1);
    assert_int_equal(o.length, 11);
    assert_memory_equal(o.data, "\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00", 11);
    octets_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_functions_have_names_and_oids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
