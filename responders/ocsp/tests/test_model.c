/* What the encoder writes, read back by libcrypto: the oracle that is not ours. */
#include "responders/ocsp/tests/minted.h"

#include <openssl/ocsp.h>

#include "responders/ocsp/encode.h"
#include "responders/ocsp/healthy.h"
#include "responders/ocsp/model.h"

#define NOW 1893456000 /* 2030-01-01 */

typedef struct {
    minted pki;
    ocsp_store known;
    const ocsp_certificate *root, *www, *delegate;
    ocsp_request request;
    octets algorithm;
} model_lab;

static model_lab make_lab(EVP_PKEY *root_key)
{
    model_lab l = {.pki = minted_make(root_key)};
    l.known = minted_load(&l.pki);
    l.root = ocsp_store_by_id(&l.known, "root", NULL);
    l.www = ocsp_store_by_id(&l.known, "www", NULL);
    l.delegate = ocsp_store_by_id(&l.known, "delegate", NULL);
    hash_put_algorithm(&l.algorithm, HASH_SHA1);
    l.request.ncerts = 1;
    l.request.certs[0] =
        (cert_id){.hash = HASH_SHA1,
                  .algorithm = octets_span(&l.algorithm),
                  .issuer_name_hash = ocsp_certificate_name_hash(l.root, HASH_SHA1),
                  .issuer_key_hash = ocsp_certificate_key_hash(l.root, HASH_SHA1),
                  .serial = octets_span(&l.www->serial)};
    return l;
}

static void drop_lab(model_lab *l)
{
    ocsp_store_free(&l->known);
    minted_remove(&l->pki);
    octets_free(&l->algorithm);
}

static octets encoded(const ocsp_response *r)
{
    octets der = {0};
    problem p;
    assert_int_equal(ocsp_response_encode(r, &der, &p), 0);
    return der;
}

/* Decodes exactly all octets; the status is checked, the basic response returned. */
static OCSP_BASICRESP *decode(const octets *der, int status)
{
    const unsigned char *p = der->data;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &p, (long)der->length);
    assert_non_null(response);
    assert_ptr_equal(p, der->data + der->length);
    assert_int_equal(OCSP_response_status(response), status);
    /* DER has one form only: what libcrypto writes again must be what we wrote. */
    unsigned char *again = NULL;
    int length = i2d_OCSP_RESPONSE(response, &again);
    assert_int_equal(length, der->length);
    assert_memory_equal(again, der->data, der->length);
    OPENSSL_free(again);
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
    OCSP_RESPONSE_free(response);
    return basic;
}

static int verify(OCSP_BASICRESP *basic, const ocsp_certificate *signer,
                  const ocsp_certificate *trusted)
{
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *others = sk_X509_new_null();
    X509 *root = minted_x509(trusted), *other = minted_x509(signer);
    X509_STORE_add_cert(store, root);
    sk_X509_push(others, other);
    int result = OCSP_basic_verify(basic, others, store, 0);
    sk_X509_free(others);
    X509_free(root);
    X509_free(other);
    X509_STORE_free(store);
    return result;
}

/* The status of www in the response, with its times. */
static int status_of_www(model_lab *l, OCSP_BASICRESP *basic, int *reason, int64_t times[3])
{
    X509 *root = minted_x509(l->root), *www = minted_x509(l->www);
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), www, root);
    ASN1_GENERALIZEDTIME *revoked = NULL, *this_update = NULL, *next_update = NULL;
    int status = -1;
    if (OCSP_resp_find_status(basic, id, &status, reason, &revoked, &this_update, &next_update)) {
        times[0] = minted_epoch(this_update);
        times[1] = next_update == NULL ? -1 : minted_epoch(next_update);
        times[2] = revoked == NULL ? -1 : minted_epoch(revoked);
    }
    OCSP_CERTID_free(id);
    X509_free(root);
    X509_free(www);
    return status;
}

static void healthy_responses_verify(EVP_PKEY *root_key, int algorithm)
{
    model_lab l = make_lab(root_key);
    ocsp_response a;
    l.request.has_nonce = true;
    l.request.nonce = (span){(const uint8_t *)"0123456789abcdef", 16};
    ocsp_healthy_response(&l.known, &l.request, NOW, &a);
    octets der = encoded(&a);
    OCSP_BASICRESP *basic = decode(&der, OCSP_RESPONSE_STATUS_SUCCESSFUL);
    assert_non_null(basic);
    assert_int_equal(verify(basic, l.root, l.root), 1);
    int reason;
    int64_t times[3];
    assert_int_equal(status_of_www(&l, basic, &reason, times), V_OCSP_CERTSTATUS_GOOD);
    assert_int_equal(times[0], NOW);
    assert_int_equal(times[1], NOW + 86400);
    assert_int_equal(minted_epoch(OCSP_resp_get0_produced_at(basic)), NOW);
    const ASN1_OCTET_STRING *key;
    const X509_NAME *name;
    assert_int_equal(OBJ_obj2nid(OCSP_resp_get0_tbs_sigalg(basic)->algorithm), algorithm);
    assert_int_equal(OCSP_resp_get0_id(basic, &key, &name), 1);
    assert_null(name);
    assert_memory_equal(ASN1_STRING_get0_data(key), l.root->key_hash[HASH_SHA1], 20);
    assert_null(OCSP_resp_get0_certs(basic));
    int at = OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1);
    assert_int_equal(at, 0);
    ASN1_OCTET_STRING *nonce = X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(basic, at));
    assert_int_equal(ASN1_STRING_length(nonce), 18);
    assert_memory_equal(ASN1_STRING_get0_data(nonce) + 2, "0123456789abcdef", 16);
    OCSP_BASICRESP_free(basic);
    octets_free(&der);
    ocsp_response_free(&a);
    drop_lab(&l);
}

static void responses_of_every_key_verify(void **state)
{
    (void)state;
    healthy_responses_verify(EVP_EC_gen("P-256"), NID_ecdsa_with_SHA256);
    healthy_responses_verify(EVP_EC_gen("P-384"), NID_ecdsa_with_SHA384);
    healthy_responses_verify(EVP_RSA_gen(2048), NID_sha256WithRSAEncryption);
    healthy_responses_verify(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NID_ED25519);
}

static void open_fields_reach_the_wire(void **state)
{
    (void)state;
    model_lab l = make_lab(EVP_EC_gen("P-256"));
    ocsp_response a;
    ocsp_healthy_response(&l.known, &l.request, NOW, &a);
    a.singles[0].status = OCSP_REVOKED;
    a.singles[0].reason = OCSP_REVOKED_STATUS_CESSATIONOFOPERATION;
    a.singles[0].revocation_time = NOW - 77;
    a.singles[0].this_update = NOW + 5;
    a.singles[0].has_next_update = false;
    a.produced_at = NOW - 1;
    ocsp_response_set_signer(&a, l.delegate, true);
    ocsp_response_set_responder(&a, OCSP_BY_NAME, l.delegate);
    octets der = encoded(&a);
    OCSP_BASICRESP *basic = decode(&der, OCSP_RESPONSE_STATUS_SUCCESSFUL);
    assert_int_equal(verify(basic, l.root, l.root), 1);
    int reason;
    int64_t times[3];
    assert_int_equal(status_of_www(&l, basic, &reason, times), V_OCSP_CERTSTATUS_REVOKED);
    assert_int_equal(reason, OCSP_REVOKED_STATUS_CESSATIONOFOPERATION);
    assert_int_equal(times[0], NOW + 5);
    assert_int_equal(times[1], -1);
    assert_int_equal(times[2], NOW - 77);
    assert_int_equal(minted_epoch(OCSP_resp_get0_produced_at(basic)), NOW - 1);
    const ASN1_OCTET_STRING *key;
    const X509_NAME *name;
    OCSP_resp_get0_id(basic, &key, &name);
    assert_null(key);
    assert_int_equal(sk_X509_num(OCSP_resp_get0_certs(basic)), 1);
    OCSP_BASICRESP_free(basic);
    octets_free(&der);

    /* and without a reason, and unknown */
    a.singles[0].reason = -1;
    der = encoded(&a);
    basic = decode(&der, OCSP_RESPONSE_STATUS_SUCCESSFUL);
    assert_int_equal(status_of_www(&l, basic, &reason, times), V_OCSP_CERTSTATUS_REVOKED);
    assert_int_equal(reason, -1);
    OCSP_BASICRESP_free(basic);
    octets_free(&der);
    a.singles[0].status = OCSP_UNKNOWN;
    der = encoded(&a);
    basic = decode(&der, OCSP_RESPONSE_STATUS_SUCCESSFUL);
    assert_int_equal(status_of_www(&l, basic, &reason, times), V_OCSP_CERTSTATUS_UNKNOWN);
    OCSP_BASICRESP_free(basic);
    octets_free(&der);
    ocsp_response_free(&a);
    drop_lab(&l);
}

static void what_cannot_be_signed_is_told(void **state)
{
    (void)state;
    model_lab l = make_lab(EVP_EC_gen("P-256"));
    ocsp_response a;
    ocsp_certificate no_signer = *l.root;
    problem p;
    octets der = {0};
    ocsp_healthy_response(&l.known, &l.request, NOW, &a);
    no_signer.key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    a.signer = &no_signer;
    octets_append_text(&der, "before");
    assert_int_equal(ocsp_response_encode(&a, &der, &p), -1);
    assert_non_null(strstr(p.detail, "\"root\""));
    assert_int_equal(der.length, 6);
    EVP_PKEY_free(no_signer.key);
    octets_free(&der);
    ocsp_response_free(&a);
    drop_lab(&l);
}

/* The certificate of a delegate goes along, that of the issuer does not. */
static void the_state_names_who_signs(void **state)
{
    (void)state;
    model_lab l = make_lab(EVP_EC_gen("P-256"));
    ocsp_certificate *www = (ocsp_certificate *)(uintptr_t)l.www;
    const ocsp_certificate *signers[] = {l.delegate, l.root};
    for (int i = 0; i < 2; i++) {
        ocsp_response a;
        www->state.signer = signers[i];
        ocsp_healthy_response(&l.known, &l.request, NOW, &a);
        assert_ptr_equal(a.signer, signers[i]);
        assert_ptr_equal(a.embedded, i == 0 ? l.delegate : NULL);
        ocsp_response_free(&a);
    }
    drop_lab(&l);
}

static void errors_carry_no_bytes(void **state)
{
    (void)state;
    ocsp_response a;
    ocsp_store none = {.validity = 1};
    ocsp_request stranger = {.ncerts = 1, .certs[0].hash = HASH_OTHER};
    ocsp_healthy_response(&none, NULL, NOW, &a);
    octets der = encoded(&a);
    assert_null(decode(&der, OCSP_RESPONSE_STATUS_MALFORMEDREQUEST));
    assert_int_equal(der.length, 5);
    octets_free(&der);
    ocsp_response_free(&a);
    ocsp_healthy_response(&none, &stranger, NOW, &a);
    der = encoded(&a);
    assert_null(decode(&der, OCSP_RESPONSE_STATUS_UNAUTHORIZED));
    octets_free(&der);
    ocsp_response_free(&a);
}

static void several_certificates_are_told_as_asked(void **state)
{
    (void)state;
    model_lab l = make_lab(EVP_EC_gen("P-256"));
    ocsp_response a;
    l.request.ncerts = 3;
    l.request.certs[1] = l.request.certs[0];
    l.request.certs[1].serial = (span){(const uint8_t *)"\x77", 1}; /* never issued */
    l.request.certs[2] = l.request.certs[0];
    l.request.certs[2].issuer_key_hash = l.request.certs[0].issuer_name_hash; /* a stranger */
    ocsp_healthy_response(&l.known, &l.request, NOW, &a);
    octets der = encoded(&a);
    OCSP_BASICRESP *basic = decode(&der, OCSP_RESPONSE_STATUS_SUCCESSFUL);
    static const int expected[] = {V_OCSP_CERTSTATUS_GOOD, V_OCSP_CERTSTATUS_UNKNOWN,
                                   V_OCSP_CERTSTATUS_UNKNOWN};
    assert_int_equal(OCSP_resp_count(basic), 3);
    for (int i = 0; i < 3; i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        assert_int_equal(OCSP_single_get0_status(single, NULL, NULL, NULL, NULL), expected[i]);
    }
    OCSP_BASICRESP_free(basic);
    octets_free(&der);
    ocsp_response_free(&a);
    drop_lab(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_of_every_key_verify),
        cmocka_unit_test(open_fields_reach_the_wire),
        cmocka_unit_test(what_cannot_be_signed_is_told),
        cmocka_unit_test(the_state_names_who_signs),
        cmocka_unit_test(errors_carry_no_bytes),
        cmocka_unit_test(several_certificates_are_told_as_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
