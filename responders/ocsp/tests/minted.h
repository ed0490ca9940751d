/*
 * A small PKI for tests, made by libcrypto in a folder of its own: the same files as
 * pki-mint writes, so that the real loading code runs.
 *
 *   root (P-256, or any key)  ──▶ www, serial 1001
 *                             ──▶ delegate, serial 2001, id-kp-OCSPSigning
 */
#ifndef STAPLELAB_OCSP_TESTS_MINTED_H
#define STAPLELAB_OCSP_TESTS_MINTED_H

#include "harness/base/tests/cm.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "responders/ocsp/store.h"

#define MINTED_FILES_MAX 8

typedef struct {
    char folder[32];
    char *files[MINTED_FILES_MAX];
    size_t nfiles;
} minted;

static inline FILE *minted_create(minted *m, const char *name)
{
    octets path = {0};
    octets_append_format(&path, "%s/%s", m->folder, name);
    octets_append(&path, "", 1);
    m->files[m->nfiles++] = (char *)path.data;
    FILE *file = fopen((const char *)path.data, "wb");
    assert_non_null(file);
    return file;
}

static inline X509 *minted_certificate(const char *name, long serial, EVP_PKEY *key, X509 *issuer,
                                       EVP_PKEY *issuer_key, bool ocsp_signing)
{
    const EVP_MD *digest =
        EVP_PKEY_get_base_id(issuer_key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    X509 *x = X509_new();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 864000);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(issuer == NULL ? x : issuer));
    X509_set_pubkey(x, key);
    X509_EXTENSION *extension =
        issuer == NULL ? X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE")
        : ocsp_signing ? X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, "OCSPSigning")
                       : NULL;
    if (extension != NULL) {
        X509_add_ext(x, extension, -1);
        X509_EXTENSION_free(extension);
    }
    assert_true(X509_sign(x, issuer_key, digest) > 0);
    return x;
}

static inline void minted_write(minted *m, const char *id, X509 *x, EVP_PKEY *key)
{
    char name[32];
    snprintf(name, sizeof(name), "%s.pem", id);
    FILE *file = minted_create(m, name);
    assert_int_equal(PEM_write_X509(file, x), 1);
    fclose(file);
    snprintf(name, sizeof(name), "%s.key", id);
    file = minted_create(m, name);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
}

/* `root_key` is freed. */
static inline minted minted_make(EVP_PKEY *root_key)
{
    minted m = {.folder = "/tmp/minted-XXXXXX"};
    assert_non_null(mkdtemp(m.folder));
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *root = minted_certificate("Test Root", 1, root_key, NULL, root_key, false);
    X509 *www = minted_certificate("www", 0x1001, key, root, root_key, false);
    X509 *delegate = minted_certificate("delegate", 0x2001, key, root, root_key, true);
    minted_write(&m, "root", root, root_key);
    minted_write(&m, "www", www, key);
    minted_write(&m, "delegate", delegate, key);
    FILE *file = minted_create(&m, "manifest.json");
    fputs("{\"name\": \"test\", \"certificates\": {"
          "\"www\": {\"issuer\": \"root\", \"certificate\": \"www.pem\","
          " \"private_key\": \"www.key\"},"
          "\"delegate\": {\"issuer\": \"root\", \"certificate\": \"delegate.pem\","
          " \"private_key\": \"delegate.key\"},"
          "\"root\": {\"issuer\": \"root\", \"certificate\": \"root.pem\","
          " \"private_key\": \"root.key\"}}}",
          file);
    fclose(file);
    X509_free(root);
    X509_free(www);
    X509_free(delegate);
    EVP_PKEY_free(key);
    EVP_PKEY_free(root_key);
    return m;
}

/* Loads it, with a day of validity. */
static inline ocsp_store minted_load(const minted *m)
{
    ocsp_store c = {.validity = 86400};
    problem p = {0};
    if (ocsp_store_load(&c, m->folder, &p) != 0) {
        fail_msg("%s", p.detail);
    }
    return c;
}

static inline X509 *minted_x509(const ocsp_certificate *c)
{
    const unsigned char *der = c->der.data;
    return d2i_X509(NULL, &der, (long)c->der.length);
}

static inline void minted_remove(minted *m)
{
    for (size_t i = 0; i < m->nfiles; i++) {
        unlink(m->files[i]);
        free(m->files[i]);
    }
    assert_int_equal(rmdir(m->folder), 0);
}

#endif
