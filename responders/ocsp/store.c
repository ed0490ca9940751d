/* See store.h. */
#include "responders/ocsp/store.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/ocsp/codec/serial.h"
#include "responders/ocsp/pem.h"

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
    free(c->name_hash);
    free(c->key_hash);
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

void ocsp_store_add(ocsp_store *c, ocsp_certificate *one)
{
    if ((c->count & (c->count - 1)) == 0) { /* room for twice as many, at 1, 2, 4, ... */
        c->all = memory_resize(c->all, c->count == 0 ? 1 : c->count * 2, sizeof(c->all[0]));
    }
    c->all[c->count++] = one;
}

ocsp_certificate *ocsp_store_add_serial(ocsp_store *c, const ocsp_certificate *ca,
                                        const char *serial)
{
    ocsp_certificate *one = memory_new(sizeof(*one));
    one->serial_hex = memory_text(serial);
    serial_from_hex(&one->serial, serial);
    one->pki = ca->pki;
    one->issuer = ca;
    one->standing = ca->others;
    ocsp_store_add(c, one);
    return one;
}

ocsp_certificate_state ocsp_store_default_state(const ocsp_store *c, ocsp_standing standing)
{
    return (ocsp_certificate_state){.status = standing.status,
                                    .reason = standing.reason,
                                    .revocation_time = standing.revocation_time,
                                    .has_validity = true,
                                    .validity = c->validity};
}

ocsp_certificate_state ocsp_store_state(const ocsp_store *c, const ocsp_certificate *found,
                                        const ocsp_certificate *issuer)
{
    static const ocsp_standing unknown = {OCSP_UNKNOWN, OCSP_NO_REASON, 0};
    if (found != NULL) {
        return found->state;
    }
    return ocsp_store_default_state(c, issuer != NULL && issuer->serves_any ? issuer->others
                                                                            : unknown);
}

void ocsp_store_forget(ocsp_store *c, const char *serial)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        ocsp_certificate *one = c->all[i];
        if (one->is_set && (serial == NULL || strcmp(one->serial_hex, serial) == 0)) {
            certificate_free(one);
            c->nset--;
        } else {
            c->all[kept++] = one;
        }
    }
    c->count = kept;
}

void ocsp_store_reset(ocsp_store *c)
{
    ocsp_store_forget(c, NULL);
    for (size_t i = 0; i < c->count; i++) {
        c->all[i]->state = ocsp_store_default_state(c, c->all[i]->standing);
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
    c->name_hash = memory_array(HASH_KINDS, sizeof(c->name_hash[0]));
    c->key_hash = memory_array(HASH_KINDS, sizeof(c->key_hash[0]));
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

ocsp_certificate *ocsp_certificate_new(X509 *x509)
{
    ocsp_certificate *one = memory_new(sizeof(*one));
    one->standing = (ocsp_standing){OCSP_GOOD, OCSP_NO_REASON, 0};
    if (!take_fields(one, x509)) {
        certificate_free(one);
        return NULL;
    }
    return one;
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
    char *path = memory_format("%s/%s", folder, pem);
    char *key_path = memory_format("%s/%s", folder, key_pem);
    ocsp_certificate *one = NULL;
    EVP_PKEY *key = NULL;
    X509 *x509 = pem_certificate(path, p);
    if (x509 == NULL || (key = pem_private_key(key_path, p)) == NULL) {
        goto done;
    }
    one = ocsp_certificate_new(x509);
    if (one == NULL) {
        problem_set(p, 400, "", "%s: the certificate cannot be read", path);
        goto done;
    }
    one->id = memory_text(id);
    one->issuer_id = memory_text(issuer);
    one->key = key;
    key = NULL;
    one->pki = c->pkis;
    ocsp_store_add(c, one);

done:
    X509_free(x509);
    EVP_PKEY_free(key);
    free(path);
    free(key_path);
    return one != NULL ? 0 : -1;
}

static int read_manifest(const char *folder, json_t **out, problem *p)
{
    octets text = {0};
    char *path = memory_format("%s/manifest.json", folder);
    int rc = pem_file(path, &text, p);
    free(path);
    if (rc != 0) {
        octets_free(&text);
        return -1;
    }
    json_error_t error;
    json_t *manifest =
        json_loadb((const char *)text.data, text.length, JSON_REJECT_DUPLICATES, &error);
    octets_free(&text);
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

/* Whether the CertID names `authority`.  *named is one that it names: of two, the one that knows
 * what to say of any serial. */
static bool is_asked(const cert_id *id, const ocsp_certificate *authority,
                     const ocsp_certificate **named)
{
    if (authority == *named) {
        return true;
    }
    if (!names_issuer(id, authority)) {
        return false;
    }
    if (*named == NULL || !(*named)->serves_any) {
        *named = authority;
    }
    return true;
}

const ocsp_certificate *ocsp_store_find(const ocsp_store *c, const cert_id *id,
                                        const ocsp_certificate **issuer)
{
    *issuer = NULL;
    for (size_t i = 0; i < c->count; i++) {
        const ocsp_certificate *one = c->all[i];
        /* Two manifests may hold the same authority (one key pool): look at every issuer. */
        if (one->issuer != NULL && is_asked(id, one->issuer, issuer) &&
            same(id->serial, octets_span(&one->serial))) {
            *issuer = one->issuer;
            return one;
        }
        if (one->serves_any) {
            is_asked(id, one, issuer);
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
        if (one->id == NULL || strcmp(one->id, id) != 0) {
            continue;
        }
        if (near == NULL || one->pki == near->pki) {
            return one;
        }
        found = found == NULL ? one : found;
    }
    return found;
}
