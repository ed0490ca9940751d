/* A CA of one's own speaks of every serial: by its default, by its index.txt, and as the control
 * API has set it, until the next reset. */
#include "responders/ocsp/tests/minted.h"

#include "harness/base/memory.h"
#include "responders/ocsp/codec/serial.h"
#include "responders/ocsp/own_ca.h"
#include "responders/ocsp/resource.h"

typedef struct {
    minted pki;
    char certificate[64], key[64], leaf[64], index[64];
    ocsp_store store;
    problem p;
} fixture;

static fixture f;

static int begin(void **state)
{
    (void)state;
    f = (fixture){.pki = minted_make(EVP_EC_gen("P-256")), .store.validity = 86400};
    snprintf(f.certificate, sizeof(f.certificate), "%s/root.pem", f.pki.folder);
    snprintf(f.key, sizeof(f.key), "%s/root.key", f.pki.folder);
    snprintf(f.leaf, sizeof(f.leaf), "%s/www.pem", f.pki.folder);
    snprintf(f.index, sizeof(f.index), "%s/index.txt", f.pki.folder);
    FILE *file = minted_create(&f.pki, "index.txt");
    fputs("R\t301231235959Z\t300101000000Z,superseded\t1001\tunknown\t/CN=www\n"
          "V\t301231235959Z\t\t1002\tunknown\t/CN=www\n",
          file);
    fclose(file);
    return 0;
}

static int end(void **state)
{
    (void)state;
    ocsp_store_free(&f.store);
    minted_remove(&f.pki);
    return 0;
}

static void add_ca(void)
{
    if (ocsp_store_add_ca(&f.store, f.certificate, f.key, &f.p) != 0) {
        fail_msg("%s", f.p.detail);
    }
}

/* What somebody is told who asks for that serial of the CA that was added last. */
static ocsp_certificate_state asked(const char *serial)
{
    octets value = {0};
    const ocsp_certificate *issuer;
    serial_from_hex(&value, serial);
    const cert_id id = {.hash = HASH_SHA1,
                        .issuer_name_hash = ocsp_certificate_name_hash(f.store.last_ca, HASH_SHA1),
                        .issuer_key_hash = ocsp_certificate_key_hash(f.store.last_ca, HASH_SHA1),
                        .serial = octets_span(&value)};
    const ocsp_certificate *found = ocsp_store_find(&f.store, &id, &issuer);
    octets_free(&value);
    assert_non_null(issuer);
    return ocsp_store_state(&f.store, found, issuer);
}

static json_t *call(const char *method, const char *serial, const char *text)
{
    json_t *body = text == NULL ? NULL : json_loads(text, 0, NULL), *response = NULL;
    ocsp_resource_one(&f.store, method, serial, body, 1000, &response, &f.p);
    json_decref(body);
    return response;
}

static void assert_said(const char *method, const char *serial, const char *text,
                        const char *status)
{
    json_t *response = call(method, serial, text);
    assert_non_null(response);
    assert_string_equal(json_string_value(json_object_get(response, "status")), status);
    assert_string_equal(json_string_value(json_object_get(response, "issuer")), "root");
    json_decref(response);
}

static void a_serial_that_nobody_told_of_has_the_default(void **state)
{
    (void)state;
    add_ca();
    ocsp_store_reset(&f.store);
    assert_string_equal(f.store.last_ca->id, "root");
    assert_int_equal(asked("77").status, OCSP_GOOD);
    assert_int_equal(asked("77").validity, 86400);
    assert_int_equal(ocsp_store_set_default(&f.store, "revoked", 500, &f.p), 0);
    assert_int_equal(asked("77").status, OCSP_REVOKED);
    assert_int_equal(asked("77").revocation_time, 500);
    assert_int_equal(ocsp_store_set_default(&f.store, "unknown", 500, &f.p), 0);
    assert_int_equal(asked("77").status, OCSP_UNKNOWN);
}

static void the_index_says_more_than_the_default(void **state)
{
    (void)state;
    add_ca();
    assert_int_equal(ocsp_store_read_index(&f.store, f.index, &f.p), 0);
    assert_int_equal(ocsp_store_set_default(&f.store, "unknown", 0, &f.p), 0);
    ocsp_store_reset(&f.store);
    assert_int_equal(asked("1001").status, OCSP_REVOKED);
    assert_int_equal(asked("1001").reason, 4);
    assert_int_equal(asked("1001").revocation_time, 1893456000);
    assert_int_equal(asked("1002").status, OCSP_GOOD);
    assert_int_equal(asked("1003").status, OCSP_UNKNOWN);
    /* what is left out of a PUT is as the index says, and a DELETE brings all of that back */
    assert_said("PUT", "1001", "{\"validity\": 60}", "revoked");
    assert_int_equal(asked("1001").revocation_time, 1893456000);
    assert_said("PUT", "1001", "{\"status\": \"good\"}", "good");
    assert_said("DELETE", "1001", NULL, "revoked");
}

static void the_control_api_sets_any_serial(void **state)
{
    (void)state;
    add_ca();
    ocsp_store_reset(&f.store);
    const size_t before = f.store.count;
    assert_said("GET", "77", NULL, "good");
    assert_said("PUT", "0x77", "{\"status\": \"revoked\", \"reason\": 1}", "revoked");
    assert_int_equal(asked("77").status, OCSP_REVOKED);
    assert_int_equal(asked("77").revocation_time, 1000);
    assert_int_equal(asked("78").status, OCSP_GOOD);
    assert_said("DELETE", "77", NULL, "good");
    assert_int_equal(f.store.count, before);
    assert_said("PUT", "77", "{\"status\": \"unknown\"}", "unknown");
    assert_said("PUT", "77", "{\"status\": \"revoked\"}", "revoked");
    assert_int_equal(f.store.count, before + 1);
    ocsp_store_reset(&f.store);
    assert_int_equal(f.store.count, before);
    assert_int_equal(asked("77").status, OCSP_GOOD);
    assert_null(call("PUT", "77", "{\"status\": \"bad\"}"));
    assert_int_equal(f.store.count, before);
}

static void serials_that_can_be_set_are_bounded(void **state)
{
    (void)state;
    char serial[16];
    add_ca();
    ocsp_store_reset(&f.store);
    for (int i = 0; i < OCSP_SERIALS_SET_MAX; i++) {
        snprintf(serial, sizeof(serial), "%x", i + 0x10000);
        json_decref(call("PUT", serial, "{}"));
    }
    assert_null(call("PUT", "99", "{}"));
    assert_int_equal(f.p.status, 413);
    assert_said("PUT", "10001", "{\"status\": \"revoked\"}", "revoked");
    assert_said("DELETE", "10001", NULL, "good");
    assert_said("PUT", "99", "{\"status\": \"revoked\"}", "revoked");
    ocsp_store_reset(&f.store);
    assert_said("PUT", "98", "{\"status\": \"revoked\"}", "revoked");
}

/* In either order: the certificates of the manifest are found, and the CA speaks of the others. */
static void a_manifest_beside_it_may_hold_the_same_ca(void **state)
{
    (void)state;
    for (int ca_first = 0; ca_first < 2; ca_first++) {
        if (ca_first) {
            add_ca();
        }
        assert_int_equal(ocsp_store_load(&f.store, f.pki.folder, &f.p), 0);
        if (!ca_first) {
            add_ca();
        }
        ocsp_store_set_default(&f.store, "revoked", 0, &f.p);
        ocsp_store_reset(&f.store);
        assert_int_equal(asked("1001").status, OCSP_GOOD);
        assert_int_equal(asked("55").status, OCSP_REVOKED);
        ocsp_store_free(&f.store);
    }
}

/* An intermediate: its own issuer is not here, so nobody can ask for it; it may have given a leaf
 * the serial that it has itself. */
static void an_intermediate_is_not_taken_for_its_own_leaf(void **state)
{
    (void)state;
    EVP_PKEY *root_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
    X509 *root = minted_certificate("Root", 1, root_key, NULL, root_key, false);
    X509 *x = minted_certificate("Issuing", 0x33, key, root, root_key, false);
    X509_add_ext(x, X509_get_ext(root, 0), -1);
    X509_sign(x, root_key, EVP_sha256());
    minted_write(&f.pki, "issuing.ca", x, key);
    char *certificate = memory_format("%s/issuing.ca.pem", f.pki.folder);
    char *key_path = memory_format("%s/issuing.ca.key", f.pki.folder);
    assert_int_equal(ocsp_store_add_ca(&f.store, certificate, key_path, &f.p), 0);
    ocsp_store_set_default(&f.store, "unknown", 0, &f.p);
    ocsp_store_reset(&f.store);
    assert_string_equal(f.store.last_ca->id, "issuing.ca");
    assert_int_equal(asked("33").status, OCSP_UNKNOWN);
    json_t *listed;
    assert_int_equal(ocsp_resource_all(&f.store, "GET", &listed, &f.p), 0);
    assert_int_equal(json_array_size(json_object_get(listed, "certificates")), 0);
    json_decref(listed);
    json_decref(call("PUT", "33", "{\"status\": \"revoked\"}"));
    assert_int_equal(asked("33").status, OCSP_REVOKED);
    free(certificate);
    free(key_path);
    X509_free(x);
    X509_free(root);
    EVP_PKEY_free(key);
    EVP_PKEY_free(root_key);
}

static void assert_refused(const char *certificate, const char *key, const char *named)
{
    assert_int_equal(ocsp_store_add_ca(&f.store, certificate, key, &f.p), -1);
    if (strstr(f.p.detail, named) == NULL) {
        fail_msg("\"%s\" does not name %s", f.p.detail, named);
    }
    assert_int_equal(f.store.count, 0);
}

static void what_is_wrong_is_named(void **state)
{
    char key[64], locked[64];
    (void)state;
    snprintf(key, sizeof(key), "%s/www.key", f.pki.folder);
    snprintf(locked, sizeof(locked), "%s/locked.key", f.pki.folder);
    FILE *file = minted_create(&f.pki, "locked.key");
    EVP_PKEY *secret = EVP_EC_gen("P-256");
    assert_int_equal(
        PEM_write_PKCS8PrivateKey(file, secret, EVP_aes_128_cbc(), "secret", 6, NULL, NULL), 1);
    EVP_PKEY_free(secret);
    fclose(file);
    assert_refused("/nowhere/ca.pem", f.key, "/nowhere/ca.pem");
    assert_refused(f.key, f.key, "not a certificate in PEM");
    assert_refused(f.leaf, key, "not the certificate of a CA");
    assert_refused(f.certificate, key, "not the private key of");
    assert_refused(f.certificate, f.certificate, "not a private key in PEM");
    assert_refused(f.certificate, locked, "passphrase");
    assert_int_equal(ocsp_store_set_default(&f.store, "good", 0, &f.p), -1);
    assert_non_null(strstr(f.p.detail, "--ca CERT KEY"));
    assert_int_equal(ocsp_store_read_index(&f.store, f.index, &f.p), -1);
    assert_non_null(strstr(f.p.detail, "--ca CERT KEY"));
    add_ca();
    assert_int_equal(ocsp_store_set_default(&f.store, "goood", 0, &f.p), -1);
    assert_non_null(strstr(f.p.detail, "the nearest is: good"));
    assert_int_equal(ocsp_store_read_index(&f.store, "/nowhere/index.txt", &f.p), -1);
    assert_non_null(strstr(f.p.detail, "/nowhere/index.txt"));
    assert_int_equal(ocsp_store_read_index(&f.store, f.pki.folder, &f.p), -1);
    assert_non_null(strstr(f.p.detail, f.pki.folder));
    assert_int_equal(ocsp_store_read_index(&f.store, f.certificate, &f.p), -1);
    assert_non_null(strstr(f.p.detail, "root.pem: line 1: 1 fields"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_serial_that_nobody_told_of_has_the_default),
        TEST(the_index_says_more_than_the_default),
        TEST(the_control_api_sets_any_serial),
        TEST(serials_that_can_be_set_are_bounded),
        TEST(a_manifest_beside_it_may_hold_the_same_ca),
        TEST(an_intermediate_is_not_taken_for_its_own_leaf),
        TEST(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
