/*
 * The form of a staple: whatever is not one well-formed OCSP response is UNPARSEABLE, octet by
 * octet as it was on the wire, and the signature covers those octets and no re-encoding.
 */
#include "harness/clients/tests/responses.h"
#include "harness/clients/tests/splice.h"
#include "harness/clients/verdict.h"
#include <openssl/crypto.h>

static identity issuing, leaf;
static STACK_OF(X509) * candidates;
static unsigned char *der; /* a healthy response */
static size_t length;

static const unsigned char CRL_REASON_OID[] = {0x06, 0x03, 0x55, 0x1d, 0x15};

static X509_EXTENSION *make_extension(const char *oid, int critical)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05\x00", 2);
    X509_EXTENSION *made = X509_EXTENSION_create_by_OBJ(NULL, object, critical, value);
    assert_non_null(made);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
    return made;
}

static int make_all(void **state)
{
    (void)state;
    issuing = make_identity(&(identity_plan){.name = "Issuing", .serial = 2});
    leaf = make_identity(&(identity_plan){.name = "www", .serial = 0x1001, .issuer = &issuing});
    candidates = sk_X509_new_null();
    sk_X509_push(candidates, issuing.certificate);
    der = make_response(&(response_plan){.leaf = leaf.certificate,
                                         .issuer = issuing.certificate,
                                         .signer = &issuing},
                        &length);
    return 0;
}

static int free_all(void **state)
{
    (void)state;
    OPENSSL_free(der);
    sk_X509_free(candidates);
    free_identity(&leaf);
    free_identity(&issuing);
    return 0;
}

static verdict_judgement judge(const unsigned char *data, size_t size)
{
    verdict_judgement judged;
    /* a copy of exactly this size shows a read too far to the sanitizer */
    unsigned char *copy = OPENSSL_malloc(size + (size == 0));
    memcpy(copy, data, size);
    verdict_on_staple(
        &(verdict_evidence){
            .der = {copy, size}, .leaf = leaf.certificate, .candidates = candidates, .now = NOW},
        &judged);
    OPENSSL_free(copy);
    assert_int_equal(judged.staple.octets, size);
    return judged;
}

static void expect(const unsigned char *data, size_t size, verdict expected, const char *words)
{
    verdict_judgement judged = judge(data, size);
    assert_string_equal(verdict_name(judged.verdict), verdict_name(expected));
    if (strstr(judged.reason, words) == NULL) {
        fail_msg("\"%s\" is not in: %s", words, judged.reason);
    }
    verdict_judgement_free(&judged);
}

static void expect_planned(const response_plan *plan, verdict expected, const char *words)
{
    size_t size;
    unsigned char *made = make_response(plan, &size);
    expect(made, size, expected, words);
    OPENSSL_free(made);
}

static void expect_status(int status, verdict expected, const char *words)
{
    const unsigned char bare[] = {0x30, 0x03, 0x0a, 0x01, (unsigned char)status};
    expect(bare, sizeof(bare), expected, words);
}

static void healthy_one(void **state)
{
    (void)state;
    unsigned char digest[32];
    EVP_Digest(der, length, digest, NULL, EVP_sha256(), NULL);
    verdict_judgement judged = judge(der, length);
    assert_int_equal(judged.verdict, VERDICT_GOOD);
    assert_memory_equal(judged.staple.sha256, digest, sizeof(digest));
    assert_int_equal(judged.staple.trailing_octets, 0);
    assert_int_equal(judged.staple.response_status, 0);
    verdict_judgement_free(&judged);
}

/* The response's own responseBytes, behind another status. */
static void bytes_beside_an_error(void **state)
{
    (void)state;
    const unsigned char successful[] = {0x0a, 0x01, 0x00, 0xa0};
    unsigned char *copy = OPENSSL_memdup(der, length);
    unsigned char *at = memmem(copy, length, successful, sizeof(successful));
    assert_non_null(at);
    at[2] = OCSP_RESPONSE_STATUS_TRYLATER;
    expect(
        copy, length, VERDICT_ERROR_STATUS,
        "tryLater (3), and responseBytes follow, which an error must not have (RFC 6960, 4.2.1)");
    OPENSSL_free(copy);
    expect_status(3, VERDICT_ERROR_STATUS, "tryLater (3).");
}

static void response_statuses(void **state)
{
    (void)state;
    expect_status(0, VERDICT_UNPARSEABLE, "carries no response");
    expect_status(1, VERDICT_ERROR_STATUS, "malformedRequest (1)");
    expect_status(2, VERDICT_ERROR_STATUS, "internalError (2)");
    expect_status(3, VERDICT_ERROR_STATUS, "tryLater (3)");
    expect_status(4, VERDICT_ERROR_STATUS, "unassigned (4)");
    expect_status(5, VERDICT_ERROR_STATUS, "sigRequired (5)");
    expect_status(6, VERDICT_ERROR_STATUS, "unauthorized (6)");
    expect_status(99, VERDICT_ERROR_STATUS, "unassigned (99)");

    /* an error's status goes before the good response that it carries */
    unsigned char *copy = OPENSSL_memdup(der, length);
    const unsigned char successful[] = {0x0a, 0x01, 0x00};
    size_t at = (size_t)(find((span){der, length}, successful, 3) - der);
    copy[at + 2] = 3;
    expect(copy, length, VERDICT_ERROR_STATUS, "tryLater (3)");
    OPENSSL_free(copy);
}

static void not_a_response(void **state)
{
    (void)state;
    static const char html[] = "<html>502</html>";
    expect((const unsigned char *)"", 0, VERDICT_UNPARSEABLE, "no octets");
    expect((const unsigned char *)"0", 1, VERDICT_UNPARSEABLE, "not DER");
    expect((const unsigned char *)html, sizeof(html) - 1, VERDICT_UNPARSEABLE, "The staple");
    expect((const unsigned char *)"\x30\x03\x02\x01\x00", 5, VERDICT_UNPARSEABLE,
           "no OCSPResponse");
}

static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t size = 0; size < length; size++) {
        expect(der, size, VERDICT_UNPARSEABLE, "cannot be used");
    }
}

/* One bit, anywhere: there is no octet that nothing protects. */
static void one_bit_flipped(void **state)
{
    (void)state;
    unsigned char *copy = OPENSSL_memdup(der, length);
    for (size_t bit = 0; bit < 8 * length; bit++) {
        copy[bit / 8] ^= (unsigned char)(1u << bit % 8);
        verdict_judgement judged = judge(copy, length);
        if (judged.verdict == VERDICT_GOOD) {
            fail_msg("good with bit %zu of octet %zu flipped", bit % 8, bit / 8);
        }
        verdict_judgement_free(&judged);
        copy[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    OPENSSL_free(copy);
}

static void trailing_octets(void **state)
{
    (void)state;
    buffer longer = {.length = 0};
    append(&longer, der, length);
    append(&longer, (const unsigned char *)"\0\0\0", 3);
    verdict_judgement judged = judge(longer.data, longer.length);
    assert_int_equal(judged.verdict, VERDICT_UNPARSEABLE);
    assert_int_equal(judged.staple.trailing_octets, 3);
    assert_non_null(strstr(judged.reason, "3 octets follow the OCSPResponse"));
    /* the facts of what stands before them are there all the same */
    assert_true(judged.staple.singles[0].matches_leaf);
    assert_int_equal(judged.signer.kind, STAPLE_SIGNER_ISSUER);
    verdict_judgement_free(&judged);

    /* and inside, after the BasicOCSPResponse: where the certificate field would begin */
    span in = {der, length};
    strict_der_item outer, status, bytes, sequence, type, response;
    assert_true(
        strict_der_next(&in, &outer) && strict_der_next(&outer.content, &status) &&
        strict_der_next(&outer.content, &bytes) && strict_der_next(&bytes.content, &sequence) &&
        strict_der_next(&sequence.content, &type) && strict_der_next(&sequence.content, &response));
    buffer content = {.length = 0};
    append_header(&content, 0x04, response.content.length + 2);
    append(&content, response.content.data, response.content.length);
    append(&content, (const unsigned char *)"\x05\x00", 2);
    buffer inner =
        splice((span){der, length}, (splice_change){.at = response.whole.data,
                                                    .removed = response.whole.length,
                                                    .inserted = {content.data, content.length}});
    judged = judge(inner.data, inner.length);
    assert_int_equal(judged.verdict, VERDICT_UNPARSEABLE);
    assert_int_equal(judged.staple.trailing_octets, 2);
    assert_non_null(strstr(judged.reason, "2 octets follow the BasicOCSPResponse"));
    verdict_judgement_free(&judged);
}

static void ber_is_not_der(void **state)
{
    (void)state;
    /* the outer length with an octet more than it needs */
    buffer padded = {.length = 0};
    const unsigned char header[] = {0x30, 0x83, 0x00, der[2], der[3]};
    assert_int_equal(der[1], 0x82);
    append(&padded, header, sizeof(header));
    append(&padded, der + 4, length - 4);
    expect(padded.data, padded.length, VERDICT_UNPARSEABLE, "it is not DER");

    buffer indefinite = {.length = 0};
    append(&indefinite, (const unsigned char *)"\x30\x80", 2);
    append(&indefinite, der + 4, length - 4);
    append(&indefinite, (const unsigned char *)"\0\0", 2);
    expect(indefinite.data, indefinite.length, VERDICT_UNPARSEABLE, "it is not DER");

    /* deep inside: the CertID's serial number with a long-form length */
    const unsigned char serial[] = {0x02, 0x02, 0x10, 0x01};
    const unsigned char long_form[] = {0x02, 0x81, 0x02, 0x10, 0x01};
    buffer inner =
        splice((span){der, length}, (splice_change){.at = find((span){der, length}, serial, 4),
                                                    .removed = 4,
                                                    .inserted = {long_form, 5}});
    expect(inner.data, inner.length, VERDICT_UNPARSEABLE, "BasicOCSPResponse is not DER");

    /* deeper than anybody needs */
    unsigned char nested[200];
    for (size_t i = 0; i < sizeof(nested) / 2; i++) {
        nested[2 * i] = 0x30;
        nested[2 * i + 1] = (unsigned char)((sizeof(nested) - 2 * i - 2) & 0x7f);
    }
    expect(nested + 80, 120, VERDICT_UNPARSEABLE, "it is not DER");
}

/* A default that is written out vanishes when libcrypto encodes again: a judgement of the
 * re-encoding would not see that these octets were never signed. */
static void signature_covers_the_wire(void **state)
{
    (void)state;
    X509_EXTENSION *extra = make_extension("2.5.29.21", 0);
    size_t size;
    unsigned char *made = make_response(&(response_plan){.leaf = leaf.certificate,
                                                         .issuer = issuing.certificate,
                                                         .signer = &issuing,
                                                         .extra = extra},
                                        &size);
    expect(made, size, VERDICT_GOOD, "good");
    const unsigned char not_critical[] = {0x01, 0x01, 0x00};
    const unsigned char *oid = find((span){made, size}, CRL_REASON_OID, sizeof(CRL_REASON_OID));
    buffer changed = splice((span){made, size},
                            (splice_change){.at = oid + sizeof(CRL_REASON_OID),
                                            .inserted = {not_critical, sizeof(not_critical)}});
    assert_int_equal(changed.length, size + 3);
    expect(changed.data, changed.length, VERDICT_BAD_SIGNATURE, "not made by the key of");
    OPENSSL_free(made);
    X509_EXTENSION_free(extra);
}

static void wrong_type(void **state)
{
    (void)state;
    /* id-pkix-ocsp-basic, ...48.1.1, becomes ...48.1.2 */
    const unsigned char basic[] = {0x06, 0x09, 0x2b, 0x06, 0x01, 0x05,
                                   0x05, 0x07, 0x30, 0x01, 0x01};
    unsigned char *copy = OPENSSL_memdup(der, length);
    size_t at = (size_t)(find((span){der, length}, basic, sizeof(basic)) - der);
    copy[at + sizeof(basic) - 1] = 2;
    expect(copy, length, VERDICT_UNPARSEABLE, "not of type id-pkix-ocsp-basic");
    OPENSSL_free(copy);
}

static void version(void **state)
{
    (void)state;
    /* in front of the responderID, [2] with a SHA-1 in an OCTET STRING */
    const unsigned char by_key[] = {0xa2, 0x16, 0x04, 0x14};
    const unsigned char v1[] = {0xa0, 0x03, 0x02, 0x01, 0x00};
    const unsigned char v2[] = {0xa0, 0x03, 0x02, 0x01, 0x01};
    span in = {der, length};
    const unsigned char *at = find(in, by_key, sizeof(by_key));
    buffer changed = splice(in, (splice_change){.at = at, .inserted = {v2, sizeof(v2)}});
    expect(changed.data, changed.length, VERDICT_UNPARSEABLE, "version is not v1");
    /* a v1 that is written out is understood, though nobody signed it here */
    changed = splice(in, (splice_change){.at = at, .inserted = {v1, sizeof(v1)}});
    expect(changed.data, changed.length, VERDICT_BAD_SIGNATURE, "not made by the key of");
}

static void extensions(void **state)
{
    (void)state;
    X509_EXTENSION *critical = make_extension("1.2.3.4", 1);
    X509_EXTENSION *harmless = make_extension("1.2.3.4", 0);
    X509_EXTENSION *understood = make_extension("1.3.6.1.5.5.7.48.1.2", 1);
    single_plan single = {.next_update = DAY};
    response_plan plan = {.leaf = leaf.certificate,
                          .issuer = issuing.certificate,
                          .signer = &issuing,
                          .singles = &single,
                          .nsingles = 1};
    plan.extra = critical;
    expect_planned(&plan, VERDICT_UNPARSEABLE, "critical extension 1.2.3.4 is not understood");
    plan.extra = harmless;
    expect_planned(&plan, VERDICT_GOOD, "good");
    plan.extra = understood;
    expect_planned(&plan, VERDICT_GOOD, "good");
    plan.extra = NULL;
    single.extra = critical;
    expect_planned(&plan, VERDICT_UNPARSEABLE, "critical extension 1.2.3.4 is not understood");
    single.extra = harmless;
    expect_planned(&plan, VERDICT_GOOD, "good");
    single.extra = understood;
    expect_planned(&plan, VERDICT_UNPARSEABLE,
                   "critical extension 1.3.6.1.5.5.7.48.1.2 does not belong into singleExtensions");
    X509_EXTENSION_free(critical);
    X509_EXTENSION_free(harmless);
    X509_EXTENSION_free(understood);
}

/* Each critical extension that is understood, in both places (RFC 6960 4.4). */
static void places_of_extensions(void **state)
{
    (void)state;
    const struct {
        const char *oid;
        bool in_response, in_single;
    } cases[] = {
        {"1.3.6.1.5.5.7.48.1.2", true, false},    /* nonce */
        {"1.3.6.1.5.5.7.48.1.9", true, false},    /* extended-revoke */
        {"1.3.6.1.5.5.7.48.1.3", false, true},    /* CRL references */
        {"1.3.6.1.5.5.7.48.1.6", false, true},    /* archive cutoff */
        {"2.5.29.21", false, true},               /* CRL reason */
        {"2.5.29.24", false, true},               /* invalidity date */
        {"1.3.6.1.4.1.11129.2.4.5", false, true}, /* SCTs */
        {"1.3.6.1.5.5.7.48.1.4", false, false},   /* of requests: acceptable responses, */
        {"1.3.6.1.5.5.7.48.1.7", false, false},   /* service locator, */
        {"1.3.6.1.5.5.7.48.1.8", false, false},   /* preferred signature algorithms */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        X509_EXTENSION *extra = make_extension(cases[i].oid, 1);
        single_plan single = {.next_update = DAY};
        response_plan plan = {.leaf = leaf.certificate,
                              .issuer = issuing.certificate,
                              .signer = &issuing,
                              .singles = &single,
                              .nsingles = 1,
                              .extra = extra};
        expect_planned(&plan, cases[i].in_response ? VERDICT_GOOD : VERDICT_UNPARSEABLE, "");
        plan.extra = NULL;
        single.extra = extra;
        expect_planned(&plan, cases[i].in_single ? VERDICT_GOOD : VERDICT_UNPARSEABLE, "");
        X509_EXTENSION_free(extra);
    }
}

/* OpenSSL 3.5, unlike 3.0, refuses a GeneralizedTime that is none by itself. */
static bool libcrypto_takes(const buffer *time)
{
    const unsigned char *at = time->data;
    ASN1_GENERALIZEDTIME *decoded = d2i_ASN1_GENERALIZEDTIME(NULL, &at, (long)time->length);
    bool taken = decoded != NULL;
    ASN1_GENERALIZEDTIME_free(decoded);
    ERR_clear_error();
    return taken;
}

/* A time in a response, replaced by one of another form: the form is looked at before the
 * signature is. */
static void times(void **state)
{
    (void)state;
    single_plan single = {.this_update = 1, .next_update = 2, .status = V_OCSP_CERTSTATUS_REVOKED};
    size_t size;
    unsigned char *made = make_response(&(response_plan){.leaf = leaf.certificate,
                                                         .issuer = issuing.certificate,
                                                         .signer = &issuing,
                                                         .singles = &single,
                                                         .nsingles = 1},
                                        &size);
    expect(made, size, VERDICT_NOT_YET_VALID, "1 s in the future");
    const struct {
        int64_t at;
        const char *words;
    } fields[] = {{NOW, "producedAt is no time"},
                  {NOW - 500, "revocationTime is no time"},
                  {NOW + 1, "thisUpdate is no time"},
                  {NOW + 2, "nextUpdate is no time"}};
    static const char *const forms[] = {
        "20300231000000Z",   "20301301000000Z",     "20300317000000+",
        "20300317000000",    "203003170000Z",       "20300317000000.5Z",
        "203003170000+0000", "20300317000000+0100", ""};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        ASN1_GENERALIZEDTIME *time = ASN1_GENERALIZEDTIME_set(NULL, (time_t)fields[i].at);
        span in = {made, size};
        const unsigned char *at = find(in, ASN1_STRING_get0_data(time), 15) - 2;
        for (size_t j = 0; j < sizeof(forms) / sizeof(forms[0]); j++) {
            buffer field = {.length = 0};
            append_header(&field, 0x18, strlen(forms[j]));
            append(&field, (const unsigned char *)forms[j], strlen(forms[j]));
            buffer changed = splice(
                in,
                (splice_change){.at = at, .removed = 17, .inserted = {field.data, field.length}});
            expect(changed.data, changed.length, VERDICT_UNPARSEABLE,
                   libcrypto_takes(&field) ? fields[i].words : "it holds no BasicOCSPResponse");
        }
        ASN1_GENERALIZEDTIME_free(time);
    }
    OPENSSL_free(made);
}

static void signature_algorithm(void **state)
{
    (void)state;
    /* ecdsa-with-SHA256 becomes ecdsa-with-SHA384, and then nothing that exists */
    const unsigned char ecdsa[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
    unsigned char *copy = OPENSSL_memdup(der, length);
    size_t at = (size_t)(find((span){der, length}, ecdsa, sizeof(ecdsa)) - der);
    copy[at + sizeof(ecdsa) - 1] = 3;
    expect(copy, length, VERDICT_BAD_SIGNATURE, "CN=Issuing");
    copy[at + sizeof(ecdsa) - 1] = 0x7f;
    expect(copy, length, VERDICT_UNSUPPORTED_ALGORITHM, "1.2.840.10045.4.3.127 is not known");
    OPENSSL_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(healthy_one),
        cmocka_unit_test(response_statuses),
        cmocka_unit_test(not_a_response),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(one_bit_flipped),
        cmocka_unit_test(trailing_octets),
        cmocka_unit_test(ber_is_not_der),
        cmocka_unit_test(signature_covers_the_wire),
        cmocka_unit_test(wrong_type),
        cmocka_unit_test(version),
        cmocka_unit_test(extensions),
        cmocka_unit_test(times),
        cmocka_unit_test(signature_algorithm),
        cmocka_unit_test(places_of_extensions),
        cmocka_unit_test(bytes_beside_an_error),
    };
    return cmocka_run_group_tests_name("staple", tests, make_all, free_all);
}
