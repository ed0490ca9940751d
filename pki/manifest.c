/* The manifest says in JSON what the certificates say in DER, so that a driver needs no ASN.1. */
#include "pki/manifest.h"

#include <stdio.h>

void manifest_file_name(const pki_entry *e, const char *suffix, char out[MANIFEST_FILE_NAME_SIZE])
{
    snprintf(out, MANIFEST_FILE_NAME_SIZE, "%s%s", e->id, suffix);
}

static void set_file(json_t *object, const char *member, const pki_entry *e, const char *suffix)
{
    char name[MANIFEST_FILE_NAME_SIZE];
    manifest_file_name(e, suffix, name);
    json_object_set_new(object, member, json_string(name));
}

static json_t *describe(const description *d, const pki_entry *e)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s}", "role", pki_role_words[e->role],
                               "issuer", d->entries[e->issuer].id, "subject", e->subject, "serial",
                               e->serial, "key", pki_key_words[e->key]);
    set_file(object, "certificate", e, MANIFEST_SUFFIX_CERTIFICATE);
    set_file(object, "private_key", e, MANIFEST_SUFFIX_KEY);
    if (e->role == PKI_LEAF) {
        set_file(object, "chain", e, MANIFEST_SUFFIX_CHAIN);
        set_file(object, "trusted", e, MANIFEST_SUFFIX_TRUSTED);
    }
    json_object_set_new(object, "ocsp_urls",
                        e->ocsp_urls != NULL ? json_deep_copy(e->ocsp_urls) : json_array());
    json_object_set_new(object, "must_staple", json_boolean(e->must_staple));
    json_object_set_new(object, "eku", json_string(pki_eku_words[e->eku]));
    json_object_set_new(object, "not_before", json_integer(e->not_before));
    json_object_set_new(object, "not_after", json_integer(e->not_after));
    return object;
}

json_t *manifest_new(const description *d)
{
    json_t *certificates = json_object();
    for (size_t i = 0; i < d->count; i++) {
        const pki_entry *e = &d->entries[i];
        json_object_set_new(certificates, e->id, describe(d, e));
    }
    return json_pack("{s:s, s:I, s:o}", "name", d->name, "now", (json_int_t)d->now, "certificates",
                     certificates);
}
