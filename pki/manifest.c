/* The manifest says in JSON what the certificates say in DER, so that a driver needs no ASN.1. */
#include "pki/manifest.h"

#include <stdio.h>

void file_name(const entry *e, const char *suffix, char out[FILE_NAME_SIZE])
{
    snprintf(out, FILE_NAME_SIZE, "%s%s", e->id, suffix);
}

static int set_file(json_t *object, const char *member, const entry *e, const char *suffix)
{
    char name[FILE_NAME_SIZE];
    file_name(e, suffix, name);
    return json_object_set_new(object, member, json_string(name));
}

static int set_urls(json_t *object, const json_t *urls)
{
    return json_object_set_new(object, "ocsp_urls",
                               urls != NULL ? json_deep_copy(urls) : json_array());
}

static json_t *describe(const description *d, const entry *e)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s}", "role", role_words[e->role], "issuer",
                               d->entries[e->issuer].id, "subject", e->subject, "serial", e->serial,
                               "key", key_words[e->key]);
    int failed = set_file(object, "certificate", e, SUFFIX_CERTIFICATE) |
                 set_file(object, "private_key", e, SUFFIX_KEY);
    if (e->role == ROLE_LEAF) {
        failed |= set_file(object, "chain", e, SUFFIX_CHAIN) |
                  set_file(object, "trusted", e, SUFFIX_TRUSTED);
    }
    failed |= set_urls(object, e->ocsp_urls) |
              json_object_set_new(object, "must_staple", json_boolean(e->must_staple)) |
              json_object_set_new(object, "eku", json_string(eku_words[e->eku])) |
              json_object_set_new(object, "not_before", json_integer(e->not_before)) |
              json_object_set_new(object, "not_after", json_integer(e->not_after));
    if (failed) {
        json_decref(object);
        return NULL;
    }
    return object;
}

json_t *manifest_new(const description *d)
{
    json_t *certificates = json_object();
    for (size_t i = 0; i < d->count; i++) {
        const entry *e = &d->entries[i];
        if (json_object_set_new(certificates, e->id, describe(d, e)) != 0) {
            json_decref(certificates);
            return NULL;
        }
    }
    return json_pack("{s:s, s:I, s:o}", "name", d->name, "now", (json_int_t)d->now, "certificates",
                     certificates);
}
