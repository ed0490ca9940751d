/* See store.h. */
#include "responders/ocsp/store.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/ocsp/codec/serial.h"
#include "responders/ocsp/codec/signer.h"

const char *const ocsp_cert_status_names[] = {"good", "revoked", "unknown", NULL};

static void certificate_free(ocsp_certificate *c)
{
    free(c->id);
    free(c->issuer_id);
    free(c->serial_hex);
    octets_free(&c->serial);
    octets_free(&c->der);
    octets_free(&c->subject);
    octets_free(&c->key_bits);
    EVP_PKEY_free(c->key);
    free(c);
}

void ocsp_store_free(ocsp_store *c)
{
    for (size_t i = 0; i < c->count; i++) {
        certificate_free(c->all[i]);
    }
    free(c->all);
    *c = (ocsp_store){0};
}

static void add(ocsp_store *c, ocsp_certificate *one)
{
    c->all = memory_resize(c->all, c->count + 1, sizeof(c->all[0]));
    c->all[c->count++] = one;
}

static int open_file(const char *folder, const char *name, FILE **out, problem *p)
{
    char *path = memory_format("%s/%s", folder, name);
    *out = fopen(path, "rb");
    int rc = *out != NULL ? 0 : problem_refuse(p, "", "%s: %s", path, strerror(errno));
    free(path);
    return rc;
}

ocsp_certificate_state ocsp_store_default_state(const ocsp_store *c)
{
    return (ocsp_certificate_state){.status = OCSP_GOOD,
                                    .reason = OCSP_NO_REASON,
                                    .has_validity = true,
                                    .validity = c->validity};
}

void ocsp_store_reset(ocsp_store *c)
{
    for (size_t i = 0; i < c->count; i++) {
        c->all[i]->state = ocsp_store_default_state(c);
    }
}

/* Takes the fields that responses need out of the X.509 certificate. */
static bool take_fields(ocsp_certificate *c, X509 *x509)
{
    static const EVP_MD *(*const digests[HASH_KINDS])(void) = {EVP_sha1, EVP_sha256, EVP_sha384,
                                                               EVP_sha512};
    unsigned char *der = NULL, *subject = NULL;
    int der_length = i2d_X509(x509, &der);
    int subject_length = i2d_X509_NAME(X509_get_subject_name(x509), &subject);
    const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(x509);
    bool ok = der_length > 0 && subject_length > 0 && key != NULL;
    if (ok) {
        octets_append(&c->der, der, (size_t)der_length);
        octets_append(&c->subject, subject, (size_t)subject_length);
        octets_append(&c->key_bits, ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key));
    }
    OPENSSL_free(der);
    OPENSSL_free(subject);
    for (int i = 0; ok && i < HASH_KINDS; i++) {
        ok = EVP_Digest(c->subject.data, c->subject.length, c->name_hash[i], NULL, digests[i](),
                        NULL) == 1 &&
             EVP_Digest(c->key_bits.data, c->key_bits.length, c->key_hash[i], NULL, digests[i](),
                        NULL) == 1;
    }
    /* The serial is the certificate's own, the manifest's is only its name. */
    ASN1_INTEGER *serial = X509_get_serialNumber(x509);
    unsigned char *integer = NULL;
    int integer_length = ok ? i2d_ASN1_INTEGER(serial, &integer) : 0;
    if (integer_length > 2) {
        octets_append(&c->serial, integer + 2, (size_t)integer_length - 2);
        c->serial_hex = serial_to_hex(octets_span(&c->serial));
    }
    OPENSSL_free(integer);
    return ok && integer_length > 2;
}

static int load_one(ocsp_store *c, const char *folder, const char *id, json_t *entry, problem *p)
{
    const char *issuer, *pem, *key_pem;
    if (json_unpack(entry, "{s:s, s:s, s:s}", "issuer", &issuer, "certificate", &pem, "private_key",
                    &key_pem) != 0) {
        return problem_refuse(p, "",
                              "%s/manifest.json: certificate \"%s\" has no issuer, certificate and "
                              "private_key that are strings",
                              folder, id);
    }
    int result = -1;
    X509 *x509 = NULL;
    ocsp_certificate *one = memory_new(sizeof(*one));
    FILE *file;
    if (open_file(folder, pem, &file, p) != 0) {
        goto done;
    }
    x509 = PEM_read_X509(file, NULL, NULL, NULL);
    if (x509 == NULL || !take_fields(one, x509)) {
        problem_set(p, 400, "", "%s/%s: not a certificate in PEM", folder, pem);
        goto done;
    }
    fclose(file);
    if (open_file(folder, key_pem, &file, p) != 0) {
        goto done;
    }
    one->key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    if (one->key == NULL || signer_algorithm(one->key).length == 0) {
        problem_set(p, 400, "", "%s/%s: not a private key in PEM (RSA, EC or Ed25519)", folder,
                    key_pem);
        goto done;
    }
    one->id = memory_text(id);
    one->issuer_id = memory_text(issuer);
    one->pki = c->pkis;
    add(c, one);
    one = NULL;
    result = 0;

done:
    if (file != NULL) {
        fclose(file);
    }
    X509_free(x509);
    if (one != NULL) {
        certificate_free(one);
    }
    return result;
}

static int read_manifest(const char *folder, json_t **out, problem *p)
{
    FILE *file;
    if (open_file(folder, "manifest.json", &file, p) != 0) {
        return -1;
    }
    json_error_t error;
    json_t *manifest = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    fclose(file);
    if (manifest == NULL) {
        return problem_refuse(p, "", "%s/manifest.json:%d: %s", folder, error.line, error.text);
    }
    if (!json_is_object(json_object_get(manifest, "certificates"))) {
        json_decref(manifest);
        return problem_refuse(p, "", "%s/manifest.json: no object \"certificates\"", folder);
    }
    *out = manifest;
    return 0;
}

int ocsp_store_load(ocsp_store *c, const char *folder, problem *p)
{
    json_t *manifest;
    if (read_manifest(folder, &manifest, p) != 0) {
        return -1;
    }
    int result = -1;
    size_t first = c->count;
    const char *id;
    json_t *entry;
    json_object_foreach(json_object_get(manifest, "certificates"), id, entry)
    {
        if (load_one(c, folder, id, entry, p) != 0) {
            goto done;
        }
    }
    for (size_t i = first; i < c->count; i++) {
        ocsp_certificate *one = c->all[i];
        one->issuer = ocsp_store_by_id(c, one->issuer_id, one);
        if (one->issuer == NULL || one->issuer->pki != one->pki) {
            problem_set(p, 400, "",
                        "%s/manifest.json: certificate \"%s\" has the issuer \"%s\", "
                        "which is not in the manifest",
                        folder, one->id, one->issuer_id);
            goto done;
        }
    }
    c->pkis++;
    ocsp_store_reset(c);
    result = 0;

done:
    json_decref(manifest);
    return result;
}

span ocsp_certificate_name_hash(const ocsp_certificate *c, hash_kind kind)
{
    return (span){c->name_hash[kind], hash_function_of(kind)->octets};
}

span ocsp_certificate_key_hash(const ocsp_certificate *c, hash_kind kind)
{
    return (span){c->key_hash[kind], hash_function_of(kind)->octets};
}

static bool same(span a, span b)
{
    return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

static bool names_issuer(const cert_id *id, const ocsp_certificate *issuer)
{
    return id->hash != HASH_OTHER &&
           same(id->issuer_name_hash, ocsp_certificate_name_hash(issuer, id->hash)) &&
           same(id->issuer_key_hash, ocsp_certificate_key_hash(issuer, id->hash));
}

const ocsp_certificate *ocsp_store_find(const ocsp_store *c, const cert_id *id,
                                        const ocsp_certificate **issuer)
{
    *issuer = NULL;
    for (size_t i = 0; i < c->count; i++) {
        const ocsp_certificate *one = c->all[i];
        /* Two manifests may hold the same authority (one key pool): look at every issuer. */
        if (names_issuer(id, one->issuer)) {
            *issuer = one->issuer;
            if (same(id->serial, octets_span(&one->serial))) {
                return one;
            }
        }
    }
    return NULL;
}

const ocsp_certificate *ocsp_store_by_id(const ocsp_store *c, const char *id,
                                         const ocsp_certificate *near)
{
    const ocsp_certificate *found = NULL;
    for (size_t i = 0; i < c->count; i++) {
        const ocsp_certificate *one = c->all[i];
        if (strcmp(one->id, id) != 0) {
            continue;
        }
        if (near == NULL || one->pki == near->pki) {
            return one;
        }
        found = found == NULL ? one : found;
    }
    return found;
}
