/*
 * The lines of --urls.
 */
#include <stdlib.h>

#include "harness/clients/chain_urls.h"
#include "harness/clients/tests/judging.h"

static void a_line_a_url(void **state)
{
    (void)state;
    identity with =
        make_identity(&(identity_plan){.name = "a\tb\n0\t1\t-\thttp://x/",
                                       .serial = 0xabc,
                                       .must_staple = true,
                                       .aia = "OCSP;URI:http://a.test/,OCSP;URI:http://b.test/x\ty,"
                                              "caIssuers;URI:http://c.test/"});
    STACK_OF(X509) *chain = sk_X509_new_null();
    sk_X509_push(chain, with.certificate);
    sk_X509_push(chain, issuing.certificate);
    char *said = NULL;
    size_t length;
    FILE *out = open_memstream(&said, &length);
    chain_urls_print(chain, out);
    fclose(out);
    assert_string_equal(
        said, "0\tabc\tmust-staple\thttp://a.test/\tCN=a\\09b\\0A0\\091\\09-\\09http://x/\n"
              "0\tabc\tmust-staple\thttp://b.test/x?y\tCN=a\\09b\\0A0\\091\\09-\\09http://x/\n"
              "1\t2\t-\t-\tCN=Issuing\n");
    free(said);
    sk_X509_free(chain);
    free_identity(&with);
}

static void no_chain(void **state)
{
    (void)state;
    char *said = NULL;
    size_t length;
    FILE *out = open_memstream(&said, &length);
    chain_urls_print(NULL, out);
    fclose(out);
    assert_int_equal(length, 0);
    free(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_line_a_url), cmocka_unit_test(no_chain)};
    return cmocka_run_group_tests_name("chain urls", tests, make_all, free_all);
}
