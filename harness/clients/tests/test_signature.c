/*
 * What signatures are worth, one algorithm and one key after another; and the verdicts that follow.
 */
#include <openssl/rsa.h>

#include "harness/clients/signature.h"
#include "harness/clients/tests/judging.h"

static identity rsa_issuer, rsa_leaf;
static STACK_OF(X509) * rsa_candidates;

static int make_rsa(void **state)
{
    make_all(state);
    EVP_PKEY *key = EVP_RSA_gen(2048);
    rsa_issuer = make_identity(&(identity_plan){.name = "RSA", .serial = 20, .key = key});
    rsa_leaf =
        make_identity(&(identity_plan){.name = "www", .serial = 0x2001, .issuer = &rsa_issuer});
    EVP_PKEY_free(key);
    rsa_candidates = sk_X509_new_null();
    sk_X509_push(rsa_candidates, rsa_issuer.certificate);
    return 0;
}

static int free_rsa(void **state)
{
    sk_X509_free(rsa_candidates);
    free_identity(&rsa_leaf);
    free_identity(&rsa_issuer);
    return free_all(state);
}

static signature_worth weigh(int nid, X509 *certificate)
{
    X509_ALGOR *algorithm = X509_ALGOR_new();
    X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid), V_ASN1_UNDEF, NULL);
    signature_worth out = signature_weigh(algorithm, certificate);
    X509_ALGOR_free(algorithm);
    return out;
}

static void algorithms(void **state)
{
    (void)state;
    const struct {
        int nid;
        bool checkable, weak, sha1;
    } cases[] = {
        {NID_sha256WithRSAEncryption, true, false, false},
        {NID_sha1WithRSAEncryption, true, false, true},
        {NID_md5WithRSAEncryption, true, true, false},
        {NID_md2WithRSAEncryption, false, true, false},
        {NID_md4WithRSAEncryption, false, true, false}, /* known by name alone */
        {NID_ecdsa_with_SHA384, true, false, false},
        {NID_ED25519, true, false, false},
        {NID_rsassaPss, false, false, false}, /* without its parameters */
        {NID_sha256, false, false, false},    /* no signature algorithm */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        signature_worth found = weigh(cases[i].nid, NULL);
        if (found.checkable != cases[i].checkable || found.weak != cases[i].weak ||
            found.sha1 != cases[i].sha1) {
            fail_msg("%s: %s", OBJ_nid2sn(cases[i].nid), found.objection);
        }
        assert_int_equal(found.objection[0] == '\0', found.checkable && !found.weak);
    }
}

static void parameters_of_pss(void **state)
{
    (void)state;
    const struct {
        const EVP_MD *md;
        bool weak, sha1;
    } cases[] = {{EVP_sha256(), false, false}, {EVP_sha1(), false, true}, {EVP_md5(), true, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        RSA_PSS_PARAMS *parameters = RSA_PSS_PARAMS_new();
        parameters->hashAlgorithm = X509_ALGOR_new();
        X509_ALGOR_set_md(parameters->hashAlgorithm, cases[i].md);
        ASN1_STRING *packed = ASN1_item_pack(parameters, ASN1_ITEM_rptr(RSA_PSS_PARAMS), NULL);
        X509_ALGOR *algorithm = X509_ALGOR_new();
        X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsassaPss), V_ASN1_SEQUENCE, packed);
        signature_worth found = signature_weigh(algorithm, rsa_issuer.certificate);
        assert_true(found.checkable);
        assert_int_equal(found.weak, cases[i].weak);
        assert_int_equal(found.sha1, cases[i].sha1);
        X509_ALGOR_free(algorithm);
        RSA_PSS_PARAMS_free(parameters);
    }
}

static void keys(void **state)
{
    (void)state;
    const struct {
        EVP_PKEY *key;
        int nid;
        const char *objection;
    } cases[] = {
        {EVP_RSA_gen(1024), NID_sha256WithRSAEncryption,
         "a key of kind RSA with 1024 bits is too short"},
        {EVP_RSA_gen(2048), NID_sha256WithRSAEncryption, ""},
        {EVP_EC_gen("P-192"), NID_ecdsa_with_SHA256, "a key of kind EC with 192 bits is too short"},
        {EVP_EC_gen("P-224"), NID_ecdsa_with_SHA256, ""},
        {EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NID_ED25519, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        X509 *of = X509_new();
        X509_set_pubkey(of, cases[i].key);
        signature_worth found = weigh(cases[i].nid, of);
        assert_string_equal(found.objection, cases[i].objection);
        assert_int_equal(found.weak, cases[i].objection[0] != '\0');
        X509_free(of);
        EVP_PKEY_free(cases[i].key);
    }
    X509 *without = X509_new();
    assert_string_equal(weigh(NID_ED25519, without).objection,
                        "the kind of its signer's key is not known");
    X509_free(without);
}

static verdict_judgement judge_rsa(const response_plan *plan)
{
    return judge_by(plan, &(verdict_evidence){.leaf = rsa_leaf.certificate,
                                              .candidates = rsa_candidates,
                                              .now = NOW});
}

static void expect_rsa(const response_plan *plan, verdict expected)
{
    verdict_judgement judged = judge_rsa(plan);
    assert_verdict(&judged, expected);
    verdict_judgement_free(&judged);
}

static void weak_responses(void **state)
{
    (void)state;
    response_plan plan = {
        .leaf = rsa_leaf.certificate, .issuer = rsa_issuer.certificate, .signer = &rsa_issuer};
    expect_rsa(&plan, VERDICT_GOOD);
    plan.md = EVP_sha1();
    expect_rsa(&plan, VERDICT_GOOD);
    plan.md = EVP_md5();
    expect_rsa(&plan, VERDICT_WEAK_SIGNATURE);

    /* the signature's own faults come first, the times after it */
    plan.named = issuing.certificate;
    plan.embedded = issuing.certificate;
    expect_rsa(&plan, VERDICT_BAD_SIGNATURE);
    plan.named = NULL;
    plan.embedded = NULL;
    single_plan stale = {.this_update = -DAY, .next_update = -5};
    plan.singles = &stale;
    plan.nsingles = 1;
    expect_rsa(&plan, VERDICT_WEAK_SIGNATURE);
}

static void weak_delegates(void **state)
{
    (void)state;
    identity_plan delegated = {
        .name = "Delegate", .serial = 21, .issuer = &rsa_issuer, .eku = "OCSPSigning"};
    response_plan plan = {.leaf = rsa_leaf.certificate, .issuer = rsa_issuer.certificate};
    for (int weak = 0; weak < 2; weak++) {
        delegated.md = weak ? EVP_md5() : EVP_sha1();
        identity by = make_identity(&delegated);
        plan.signer = &by;
        plan.embedded = by.certificate;
        expect_rsa(&plan, weak ? VERDICT_WEAK_SIGNATURE : VERDICT_GOOD);
        free_identity(&by);
    }
    delegated.md = NULL;
    delegated.key = EVP_RSA_gen(1024);
    identity by = make_identity(&delegated);
    plan.signer = &by;
    plan.embedded = by.certificate;
    expect_rsa(&plan, VERDICT_WEAK_SIGNATURE);
    free_identity(&by);
    EVP_PKEY_free(delegated.key);
}

/* The same certificate, signed by an algorithm that nobody knows. */
static X509 *of_unknown_algorithm(X509 *certificate)
{
    const unsigned char ecdsa[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);
    int count = 0;
    for (int i = 0; i + (int)sizeof(ecdsa) <= size; i++) {
        if (memcmp(der + i, ecdsa, sizeof(ecdsa)) == 0) {
            der[i + (int)sizeof(ecdsa) - 1] = 0x7f;
            count++;
        }
    }
    assert_int_equal(count, 2);
    const unsigned char *at = der;
    X509 *made = d2i_X509(NULL, &at, size);
    assert_non_null(made);
    OPENSSL_free(der);
    return made;
}

static void nobody_can_check_the_leaf(void **state)
{
    (void)state;
    response_plan plan = healthy();
    X509 *unknown = of_unknown_algorithm(leaf.certificate);
    verdict_judgement judged =
        judge_by(&plan, &(verdict_evidence){.leaf = unknown, .candidates = candidates, .now = NOW});
    assert_verdict(&judged, VERDICT_UNSUPPORTED_ALGORITHM);
    assert_non_null(strstr(judged.reason, "1.2.840.10045.4.3.127"));
    verdict_judgement_free(&judged);

    /* with nobody of the issuer's name at hand this is not what is wrong */
    judged = judge_by(&plan, &(verdict_evidence){.leaf = unknown, .now = NOW});
    assert_verdict(&judged, VERDICT_NOT_FOR_THIS_CERT);
    verdict_judgement_free(&judged);
    X509_free(unknown);
}

static void nobody_can_check_the_delegate(void **state)
{
    (void)state;
    response_plan plan = healthy();
    plan.signer = &delegate;
    plan.embedded = of_unknown_algorithm(delegate.certificate);
    expect(&plan, VERDICT_UNSUPPORTED_ALGORITHM);
    X509_free(plan.embedded);
}

static void nobody_knows_the_hash_of_the_cert_id(void **state)
{
    (void)state;
    const unsigned char sha1[] = {0x2b, 0x0e, 0x03, 0x02, 0x1a};
    response_plan plan = healthy();
    size_t length;
    unsigned char *der = make_response(&plan, &length);
    unsigned char *at = memmem(der, length, sha1, sizeof(sha1));
    assert_non_null(at);
    at[4] = 0x7f;
    verdict_judgement judged;
    verdict_on_staple(
        &(verdict_evidence){
            .der = {der, length}, .leaf = leaf.certificate, .candidates = candidates, .now = NOW},
        &judged);
    assert_verdict(&judged, VERDICT_UNSUPPORTED_ALGORITHM);
    assert_non_null(strstr(judged.reason, "1.3.14.3.2.127"));
    verdict_judgement_free(&judged);

    verdict_on_staple(
        &(verdict_evidence){
            .der = {der, length}, .leaf = other.certificate, .candidates = candidates, .now = NOW},
        &judged);
    assert_verdict(&judged, VERDICT_NOT_FOR_THIS_CERT);
    verdict_judgement_free(&judged);
    OPENSSL_free(der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(algorithms),
        cmocka_unit_test(parameters_of_pss),
        cmocka_unit_test(keys),
        cmocka_unit_test(weak_responses),
        cmocka_unit_test(weak_delegates),
        cmocka_unit_test(nobody_can_check_the_leaf),
        cmocka_unit_test(nobody_can_check_the_delegate),
        cmocka_unit_test(nobody_knows_the_hash_of_the_cert_id),
    };
    return cmocka_run_group_tests_name("signature", tests, make_rsa, free_rsa);
}
