/* Manifests are loaded whole or refused with a line that names the file; CertIDs find their
 * certificate in every hash; the control API's states are checked member by member. */
#include "responders/ocsp/tests/minted.h"

#include "responders/ocsp/resource.h"
#include "responders/ocsp/store.h"

static cert_id id_of(const ocsp_certificate *c, hash_kind kind)
{
    return (cert_id){.hash = kind,
                     .issuer_name_hash = ocsp_certificate_name_hash(c->issuer, kind),
                     .issuer_key_hash = ocsp_certificate_key_hash(c->issuer, kind),
                     .serial = octets_span(&c->serial)};
}

static void cert_ids_find_their_certificate(void **state)
{
    (void)state;
    minted m = minted_make(EVP_EC_gen("P-256"));
    ocsp_store c = minted_load(&m);
    const ocsp_certificate *www = ocsp_store_by_id(&c, "www", NULL), *issuer;
    assert_string_equal(www->serial_hex, "1001");
    assert_string_equal(www->issuer->id, "root");
    for (int kind = 0; kind < HASH_KINDS; kind++) {
        cert_id id = id_of(www, (hash_kind)kind);
        assert_ptr_equal(ocsp_store_find(&c, &id, &issuer), www);
        assert_ptr_equal(issuer, www->issuer);
        id.serial = (span){(const uint8_t *)"\x55", 1};
        assert_null(ocsp_store_find(&c, &id, &issuer));
        assert_ptr_equal(issuer, www->issuer);
        id = id_of(www, (hash_kind)kind);
        id.issuer_key_hash = id.issuer_name_hash;
        assert_null(ocsp_store_find(&c, &id, &issuer));
        assert_null(issuer);
    }
    cert_id id = id_of(www, HASH_SHA1);
    id.hash = HASH_OTHER;
    assert_null(ocsp_store_find(&c, &id, &issuer));
    ocsp_store_free(&c);
    minted_remove(&m);
}

/* A call of the control API on one serial number. */
static json_t *call(ocsp_store *c, const char *method, const char *serial, json_t *body, problem *p)
{
    json_t *response = NULL;

    ocsp_resource_one(c, method, serial, body, 1000, &response, p);
    return response;
}

/* Twice the same authority, as one key pool makes it: both manifests are asked. */
static void the_same_authority_may_come_twice(void **state)
{
    (void)state;
    minted m = minted_make(EVP_EC_gen("P-256"));
    ocsp_store c = minted_load(&m);
    problem p;
    const ocsp_certificate *issuer;
    assert_int_equal(ocsp_store_load(&c, m.folder, &p), 0);
    assert_int_equal(c.count, 6);
    assert_int_equal(c.pkis, 2);
    const ocsp_certificate *second = ocsp_store_by_id(&c, "www", c.all[5]);
    assert_int_equal(second->pki, 1);
    cert_id id = id_of(second, HASH_SHA256);
    assert_non_null(ocsp_store_find(&c, &id, &issuer));
    json_t *body = json_pack("{s:s}", "status", "unknown");
    json_decref(call(&c, "PUT", "1001", body, &p));
    assert_int_equal(second->state.status, OCSP_UNKNOWN);
    assert_int_equal(ocsp_store_by_id(&c, "www", NULL)->state.status, OCSP_UNKNOWN);
    json_decref(body);
    ocsp_store_free(&c);
    minted_remove(&m);
}

static void assert_refused(const char *folder, const char *named)
{
    ocsp_store c = {0};
    problem p = {0};
    assert_int_equal(ocsp_store_load(&c, folder, &p), -1);
    if (strstr(p.detail, named) == NULL) {
        fail_msg("\"%s\" does not name %s", p.detail, named);
    }
    ocsp_store_free(&c);
}

static void overwrite(const char *folder, const char *name, const char *text)
{
    char path[96];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    fputs(text, file);
    fclose(file);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    minted m = minted_make(EVP_EC_gen("P-256"));
    assert_refused("/nowhere", "/nowhere/manifest.json");
    /* an issuer of another manifest does not do */
    ocsp_store c = minted_load(&m);
    minted other = minted_make(EVP_EC_gen("P-256"));
    problem p;
    overwrite(other.folder, "manifest.json",
              "{\"certificates\": {\"www\": {\"issuer\": \"root\", \"certificate\": "
              "\"www.pem\", \"private_key\": \"www.key\"}}}");
    assert_int_equal(ocsp_store_load(&c, other.folder, &p), -1);
    assert_non_null(strstr(p.detail, "\"root\""));
    ocsp_store_free(&c);
    minted_remove(&other);
    overwrite(m.folder, "www.key", "no key\n");
    assert_refused(m.folder, "www.key");
    overwrite(m.folder, "www.pem", "no certificate\n");
    assert_refused(m.folder, "www.pem");
    overwrite(m.folder, "manifest.json", "{\"certificates\": {\"www\": {\"issuer\": 5}}}");
    assert_refused(m.folder, "\"www\"");
    overwrite(m.folder, "manifest.json",
              "{\"certificates\": {\"root\": {\"issuer\": \"nobody\", \"certificate\": "
              "\"root.pem\", \"private_key\": \"root.key\"}}}");
    assert_refused(m.folder, "\"nobody\"");
    overwrite(m.folder, "manifest.json", "{\"certificates\": []}");
    assert_refused(m.folder, "manifest.json");
    overwrite(m.folder, "manifest.json", "{");
    assert_refused(m.folder, "manifest.json:1");
    minted_remove(&m);
}

static json_t *put(ocsp_store *c, const char *text, problem *p)
{
    json_t *body = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(body);
    json_t *response = call(c, "PUT", "1001", body, p);
    json_decref(body);
    return response;
}

static void states_are_set_shown_and_forgotten(void **state)
{
    (void)state;
    minted m = minted_make(EVP_EC_gen("P-256"));
    ocsp_store c = minted_load(&m);
    problem p;
    const ocsp_certificate *www = ocsp_store_by_id(&c, "www", NULL);
    json_t *before = call(&c, "GET", "1001", NULL, &p);
    json_t *response = put(&c,
                           "{\"status\": \"revoked\", \"reason\": 4, \"validity\": null,"
                           " \"this_update\": -60, \"signer\": \"delegate\"}",
                           &p);
    assert_non_null(response);
    assert_int_equal(www->state.status, OCSP_REVOKED);
    assert_int_equal(www->state.reason, 4);
    assert_int_equal(www->state.revocation_time, 1000);
    assert_false(www->state.has_validity);
    assert_int_equal(www->state.this_update, -60);
    assert_string_equal(www->state.signer->id, "delegate");
    assert_string_equal(json_string_value(json_object_get(response, "status")), "revoked");
    assert_string_equal(json_string_value(json_object_get(response, "signer")), "delegate");
    assert_true(json_is_null(json_object_get(response, "validity")));
    json_decref(response);

    /* what a PUT does not give has its default again */
    response = put(&c, "{\"validity\": 60}", &p);
    assert_int_equal(www->state.status, OCSP_GOOD);
    assert_int_equal(www->state.validity, 60);
    assert_null(www->state.signer);
    json_decref(response);
    response = call(&c, "DELETE", "1001", NULL, &p);
    assert_true(json_equal(response, before));
    json_decref(response);
    json_decref(put(&c, "{\"status\": \"unknown\"}", &p));
    ocsp_store_reset(&c);
    response = call(&c, "GET", "1001", NULL, &p);
    assert_true(json_equal(response, before));
    json_decref(response);
    json_decref(before);
    ocsp_store_free(&c);
    minted_remove(&m);
}

static void wrong_states_are_refused_and_change_nothing(void **state)
{
    static const char *const cases[][2] = {
        {"{\"status\": \"bad\"}", "/status"},
        {"{\"status\": 1}", "/status"},
        {"{\"reason\": 11}", "/reason"},
        {"{\"reason\": \"x\"}", "/reason"},
        {"{\"revocation_time\": \"now\"}", "/revocation_time"},
        {"{\"validity\": 1.5}", "/validity"},
        {"{\"this_update\": null}", "/this_update"},
        {"{\"this_update\": 9223372036854775807}", "/this_update"},
        {"{\"signer\": \"nobody\"}", "/signer"},
        {"{\"signer\": 3}", "/signer"},
        {"{\"stats\": \"good\"}", "/stats"},
        {"[]", ""},
    };
    (void)state;
    minted m = minted_make(EVP_EC_gen("P-256"));
    ocsp_store c = minted_load(&m);
    problem p;
    json_decref(put(&c, "{\"status\": \"revoked\"}", &p));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_null(put(&c, cases[i][0], &p));
        assert_string_equal(p.pointer, cases[i][1]);
        assert_int_equal(p.status, 400);
        assert_int_equal(ocsp_store_by_id(&c, "www", NULL)->state.status, OCSP_REVOKED);
    }
    assert_null(call(&c, "GET", "55", NULL, &p));
    assert_int_equal(p.status, 404);
    assert_null(call(&c, "DELETE", "55", NULL, &p));
    assert_int_equal(p.status, 404);
    ocsp_store_free(&c);
    minted_remove(&m);
}

static void other_calls_are_refused(void **state)
{
    static const struct {
        const char *method, *serial;
        int status;
    } cases[] = {
        {"POST", "1001", 405},
        {"GET", "x", 404},
        {"PUT", "55", 404},
    };
    (void)state;
    minted m = minted_make(EVP_EC_gen("P-256"));
    ocsp_store c = minted_load(&m);
    json_t *response = NULL, *body = json_object();
    problem p;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(
            ocsp_resource_one(&c, cases[i].method, cases[i].serial, body, 0, &response, &p), -1);
        assert_null(response);
        assert_int_equal(p.status, cases[i].status);
    }
    assert_int_equal(ocsp_resource_all(&c, "POST", &response, &p), -1);
    assert_int_equal(p.status, 405);
    assert_int_equal(ocsp_resource_all(&c, "GET", &response, &p), 0);
    assert_int_equal(json_array_size(json_object_get(response, "certificates")), 3);
    json_decref(response);
    json_decref(body);
    ocsp_store_free(&c);
    minted_remove(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cert_ids_find_their_certificate),
        cmocka_unit_test(the_same_authority_may_come_twice),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(states_are_set_shown_and_forgotten),
        cmocka_unit_test(wrong_states_are_refused_and_change_nothing),
        cmocka_unit_test(other_calls_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
