/*
 * A leaf, its issuer and everybody who might sign for them, and the judgement of planned staples.
 */
#ifndef STAPLELAB_JUDGING_H
#define STAPLELAB_JUDGING_H

#include "harness/clients/tests/identities.h"
#include "harness/clients/tests/responses.h"
#include "harness/clients/verdict.h"
#include <openssl/crypto.h>

static identity root, issuing, rogue, twin, leaf, other, self_signed;
static identity delegate, delegate_plain, delegate_server, delegate_expired, delegate_early;
static identity delegate_of_root, delegate_of_rogue, delegate_of_leaf;
static STACK_OF(X509) * candidates;

static inline int make_all(void **state)
{
    (void)state;
    root = make_identity(&(identity_plan){.name = "Root", .serial = 1});
    issuing = make_identity(&(identity_plan){.name = "Issuing", .serial = 2, .issuer = &root});
    rogue = make_identity(&(identity_plan){.name = "Rogue", .serial = 3});
    /* the issuer's name, and another key */
    twin = make_identity(&(identity_plan){.name = "Issuing", .serial = 4});
    leaf = make_identity(&(identity_plan){.name = "www", .serial = 0x1001, .issuer = &issuing});
    other = make_identity(&(identity_plan){.name = "other", .serial = 0x1002, .issuer = &issuing});
    self_signed = make_identity(&(identity_plan){.name = "self", .serial = 0x1003});

    identity_plan plan = {.name = "Delegate", .serial = 10, .issuer = &issuing};
    plan.eku = "OCSPSigning";
    delegate = make_identity(&plan);
    plan.not_after = -1;
    delegate_expired = make_identity(&plan);
    plan.not_before = 1;
    plan.not_after = DAY;
    delegate_early = make_identity(&plan);
    plan = (identity_plan){.name = "Delegate", .serial = 11, .issuer = &issuing};
    delegate_plain = make_identity(&plan);
    plan.eku = "serverAuth,anyExtendedKeyUsage";
    delegate_server = make_identity(&plan);
    plan.eku = "OCSPSigning";
    plan.issuer = &root;
    delegate_of_root = make_identity(&plan);
    plan.issuer = &rogue;
    delegate_of_rogue = make_identity(&plan);
    plan.issuer = &leaf;
    delegate_of_leaf = make_identity(&plan);

    candidates = sk_X509_new_null();
    sk_X509_push(candidates, leaf.certificate);
    sk_X509_push(candidates, twin.certificate);
    sk_X509_push(candidates, issuing.certificate);
    sk_X509_push(candidates, root.certificate);
    return 0;
}

static inline int free_all(void **state)
{
    (void)state;
    identity *all[] = {&root,
                       &issuing,
                       &rogue,
                       &twin,
                       &leaf,
                       &other,
                       &self_signed,
                       &delegate,
                       &delegate_plain,
                       &delegate_server,
                       &delegate_expired,
                       &delegate_early,
                       &delegate_of_root,
                       &delegate_of_rogue,
                       &delegate_of_leaf};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        free_identity(all[i]);
    }
    sk_X509_free(candidates);
    return 0;
}

static inline response_plan healthy(void)
{
    return (response_plan){
        .leaf = leaf.certificate, .issuer = issuing.certificate, .signer = &issuing};
}

static inline verdict_judgement judge_by(const response_plan *plan, const verdict_evidence *by)
{
    size_t length;
    unsigned char *der = make_response(plan, &length);
    verdict_evidence evidence = *by;
    evidence.der = (span){der, length};
    verdict_judgement judged;
    verdict_on_staple(&evidence, &judged);
    OPENSSL_free(der);
    return judged;
}

static inline verdict_judgement judge(const response_plan *plan)
{
    return judge_by(
        plan, &(verdict_evidence){.leaf = leaf.certificate, .candidates = candidates, .now = NOW});
}

#define assert_verdict(judged, expected)                                                           \
    do {                                                                                           \
        verdict_judgement *j_ = (judged);                                                          \
        if (j_->verdict != (expected)) {                                                           \
            print_error("%s: %s\n", verdict_name(j_->verdict), j_->reason);                        \
        }                                                                                          \
        assert_string_equal(verdict_name(j_->verdict), verdict_name(expected));                    \
        assert_true(strlen(j_->reason) > 10);                                                      \
    } while (0)

static inline void expect(const response_plan *plan, verdict expected)
{
    verdict_judgement judged = judge(plan);
    assert_verdict(&judged, expected);
    verdict_judgement_free(&judged);
}

#endif
