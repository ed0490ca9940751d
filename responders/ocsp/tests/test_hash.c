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

/* The values are those of FIPS 180-2, appendix B.1, and of no octets at all. */
static void a_digest_is_written_in_hexadecimal(void **state)
{
    char hex[HASH_SHA256_HEX];
    (void)state;
    hash_sha256_hex((span){(const uint8_t *)"abc", 3}, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_sha256_hex((span){NULL, 0}, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_functions_have_names_and_oids),
        cmocka_unit_test(a_digest_is_written_in_hexadecimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
