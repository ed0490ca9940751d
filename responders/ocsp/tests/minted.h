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

#define MINTED_FILES_MAX 16

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

/* A certificate to be made; `issuer` is an index in the same table. */
typedef struct {
    const char *id;
    long serial;
    int issuer;
    bool ocsp_signing;
} minted_entry;

static const minted_entry minted_few[] = {
    {"root", 1, 0, false}, {"www", 0x1001, 0, false}, {"delegate", 0x2001, 0, true}, {0}};

/* With those that faults name, too. */
static const minted_entry minted_all[] = {
    {"root", 1, 0, false},
    {"www", 0x1001, 0, false},
    {"delegate", 0x2001, 0, true},
    {"delegate-no-eku", 0x2002, 0, false},
    {"delegate-expired", 0x2003, 0, true},
    {"rogue", 1, 5, false},
    {0},
};

#define MINTED_ENTRIES_MAX 8

/* Makes all of the table; those that have issued nothing share `key`, where it is NULL each has an
 * Ed25519 key of its own.  Both keys are freed. */
static inline minted minted_from(const minted_entry *entries, EVP_PKEY *root_key, EVP_PKEY *key)
{
    minted m = {.folder = "/tmp/minted-XXXXXX"};
    X509 *made[MINTED_ENTRIES_MAX] = {0};
    octets manifest = {0};
    assert_non_null(mkdtemp(m.folder));
    for (int i = 0; entries[i].id != NULL; i++) {
        const minted_entry *e = &entries[i];
        EVP_PKEY *own = i == 0        ? root_key
                        : key != NULL ? key
                                      : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        made[i] = minted_certificate(e->id, e->serial, own, e->issuer == i ? NULL : made[e->issuer],
                                     e->issuer == i ? own : root_key, e->ocsp_signing);
        minted_write(&m, e->id, made[i], own);
        if (own != root_key && own != key) {
            EVP_PKEY_free(own);
        }
        octets_append_format(&manifest,
                             "%s\"%s\": {\"issuer\": \"%s\", \"certificate\": \"%s.pem\","
                             " \"private_key\": \"%s.key\"}",
                             i == 0 ? "" : ", ", e->id, entries[e->issuer].id, e->id, e->id);
    }
    FILE *file = minted_create(&m, "manifest.json");
    fprintf(file, "{\"name\": \"test\", \"certificates\": {%.*s}}", (int)manifest.length,
            (const char *)manifest.data);
    fclose(file);
    octets_free(&manifest);
    for (int i = 0; i < MINTED_ENTRIES_MAX; i++) {
        X509_free(made[i]);
    }
    EVP_PKEY_free(key);
    EVP_PKEY_free(root_key);
    return m;
}

/* `root_key` is freed. */
static inline minted minted_make(EVP_PKEY *root_key)
{
    return minted_from(minted_few, root_key, EVP_EC_gen("P-256"));
}

/* All, with keys whose signatures are the same in every run. */
static inline minted minted_make_all(void)
{
    return minted_from(minted_all, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
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

/* Unix seconds. */
static inline int64_t minted_epoch(const ASN1_GENERALIZEDTIME *time)
{
    ASN1_TIME *zero = ASN1_TIME_set(NULL, 0);
    int days, seconds;
    assert_int_equal(ASN1_TIME_diff(&days, &seconds, zero, time), 1);
    ASN1_TIME_free(zero);
    return (int64_t)days * 86400 + seconds;
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
