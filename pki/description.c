/* Reads member after member into entries; the first thing wrong ends it, so that the one line
 * of the error is about the one thing to mend. */
#include "pki/description.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "pki/crypto_problem.h"
#include "pki/members.h"
#include "pki/placeholders.h"

/* What ASN.1 time can say in certificates (RFC 5280 4.1.2.5): 1950-01-01 to 9999-12-31. */
#define TIME_MIN INT64_C(-631152000)
#define TIME_MAX INT64_C(253402300799)

const char *const pki_role_words[] = {"authority", "signer", "leaf", NULL};
const char *const pki_key_words[] = {"p256", "rsa2048", "ed25519", NULL};
const char *const pki_eku_words[] = {"ocsp-signing", "server-auth", "client-auth", "none", NULL};

/* How one of the three arrays is read. */
typedef struct {
    const char *array;
    const char *members[13];
    pki_key_type key;
    const char *not_before, *not_after;
    pki_eku eku;
} section;

/* RSA where OCSP responses are signed: its signatures are all of one size, so staples are too. */
static const section sections[] = {
    [PKI_AUTHORITY] = {"authorities",
                       {"id", "issuer", "subject", "key", "serial", "not_before", "not_after",
                        "ocsp_urls", "ca_issuers_urls", "key_of", NULL},
                       PKI_KEY_RSA2048,
                       "-365d",
                       "+3650d",
                       PKI_EKU_NONE},
    [PKI_SIGNER] = {"signers",
                    {"id", "issuer", "subject", "key", "serial", "not_before", "not_after",
                     "ocsp_urls", "ca_issuers_urls", "eku", "ocsp_nocheck", NULL},
                    PKI_KEY_RSA2048,
                    "-1d",
                    "+30d",
                    PKI_EKU_OCSP_SIGNING},
    [PKI_LEAF] = {"leaves",
                  {"id", "issuer", "names", "key", "serial", "not_before", "not_after", "ocsp_urls",
                   "ca_issuers_urls", "eku", "must_staple", NULL},
                  PKI_KEY_P256,
                  "-1d",
                  "+90d",
                  PKI_EKU_SERVER_AUTH},
};

static int read_id(const description *d, const members *m, pki_entry *out)
{
    if (members_string(m, "id", true, &out->id) != 0) {
        return -1;
    }
    if (!values_id_is_valid(out->id)) {
        return members_refuse(m, "id", -1, out->id, VALUES_ID);
    }
    for (size_t i = 0; i < d->count; i++) {
        if (strcmp(d->entries[i].id, out->id) == 0) {
            return problem_refuse(m->p, m->at,
                                  "the id \"%s\" is taken by one of the %s (accepted: an id of its "
                                  "own)",
                                  out->id, sections[d->entries[i].role].array);
        }
    }
    return 0;
}

/* The ids of the authorities known so far, for an error text. */
static void authority_ids(const description *d, char *out, size_t size)
{
    size_t n = 0;
    snprintf(out, size, "none stands before it");
    for (size_t i = 0; i < d->count && n < size; i++) {
        if (d->entries[i].role == PKI_AUTHORITY) {
            n += (size_t)snprintf(out + n, size - n, "%s%s", n == 0 ? "" : ", ", d->entries[i].id);
        }
    }
}

/* Sets *out to the authority that a member names, or to the entry itself where it is absent. */
static int read_authority(const description *d, const members *m, const char *name, bool required,
                          size_t *out)
{
    const char *id = NULL;
    *out = d->count;
    if (members_string(m, name, required, &id) != 0) {
        return -1;
    }
    if (id == NULL) {
        return 0;
    }
    for (size_t i = 0; i < d->count; i++) {
        if (d->entries[i].role == PKI_AUTHORITY && strcmp(d->entries[i].id, id) == 0) {
            *out = i;
            return 0;
        }
    }
    char where[200];
    char accepted[240];
    snprintf(where, sizeof(where), "%s/%s", m->at, name);
    authority_ids(d, accepted, sizeof(accepted));
    return problem_refuse(m->p, where,
                          "\"%.100s\" is no authority that stands before it "
                          "(accepted: %s)",
                          id, accepted);
}

static int read_key(const description *d, const members *m, const section *s, pki_entry *out)
{
    int key = (int)s->key;
    if (members_choice(m, "key", pki_key_words, &key) != 0 ||
        read_authority(d, m, "key_of", false, &out->key_of) != 0) {
        return -1;
    }
    out->key = (pki_key_type)key;
    if (out->key_of == d->count) {
        return 0;
    }
    if (json_object_get(m->object, "key") != NULL) {
        return problem_refuse(m->p, m->at,
                              "key and key_of are both there (accepted: a key of its own, or "
                              "another authority's)");
    }
    out->key = d->entries[out->key_of].key;
    return 0;
}

static int read_names(const members *m, pki_entry *out)
{
    if (members_strings(m, "names", true, &out->names) != 0) {
        return -1;
    }
    for (size_t i = 0; i < json_array_size(out->names); i++) {
        const char *name = json_string_value(json_array_get(out->names, i));
        if (!values_dns_name_is_valid(name)) {
            return members_refuse(m, "names", (int)i, name, VALUES_DNS_NAME);
        }
    }
    out->subject = json_string_value(json_array_get(out->names, 0));
    if (!values_common_name_is_valid(out->subject)) {
        return members_refuse(
            m, "names", 0, out->subject,
            "as the first name, which becomes the common name, " VALUES_COMMON_NAME);
    }
    return 0;
}

static int read_subject(const members *m, pki_entry *out)
{
    if (out->role == PKI_LEAF) {
        return read_names(m, out);
    }
    if (members_string(m, "subject", true, &out->subject) != 0) {
        return -1;
    }
    if (!values_common_name_is_valid(out->subject)) {
        return members_refuse(m, "subject", -1, out->subject, VALUES_COMMON_NAME);
    }
    return 0;
}

/* A serial that nobody chose must still be the same in every run: it comes from the names. */
static int derive_serial(const description *d, const members *m, pki_entry *out)
{
    char text[200];
    unsigned char digest[EVP_MAX_MD_SIZE];
    int n = snprintf(text, sizeof(text), "%s/%s", d->name, out->id);
    if (EVP_Digest(text, (size_t)n, digest, NULL, EVP_sha256(), NULL) != 1) {
        return crypto_problem_fail(m->p, "SHA-256");
    }
    digest[0] = (unsigned char)((digest[0] & 0x3f) | 0x40); /* positive, and all of one length */
    for (size_t i = 0; i < 8; i++) {
        snprintf(out->serial + 2 * i, 3, "%02x", digest[i]);
    }
    return 0;
}

static int read_serial(const description *d, const members *m, pki_entry *out)
{
    const char *serial = NULL;
    if (members_string(m, "serial", false, &serial) != 0) {
        return -1;
    }
    if (serial == NULL) {
        return derive_serial(d, m, out);
    }
    if (!values_serial_normalise(serial, out->serial)) {
        return members_refuse(m, "serial", -1, serial, VALUES_SERIAL);
    }
    for (size_t i = 0; i < d->count; i++) {
        const pki_entry *other = &d->entries[i];
        if (other->issuer == out->issuer && strcmp(other->serial, out->serial) == 0) {
            return problem_refuse(m->p, m->at,
                                  "the serial \"%s\" is taken by \"%s\" (accepted: one that its "
                                  "issuer has given to no other)",
                                  out->serial, other->id);
        }
    }
    return 0;
}

static int read_time(const members *m, const char *name, const char *fallback, int64_t now,
                     int64_t *out)
{
    const char *text = fallback;
    int64_t seconds;
    if (members_string(m, name, false, &text) != 0) {
        return -1;
    }
    if (!values_time_parse(text, &seconds)) {
        return members_refuse(m, name, -1, text, VALUES_TIME);
    }
    *out = now + seconds;
    if (*out < TIME_MIN || *out > TIME_MAX) {
        return members_refuse(m, name, -1, text, "what falls into the years 1950 to 9999");
    }
    return 0;
}

static int read_validity(const members *m, const section *s, int64_t now, pki_entry *out)
{
    if (read_time(m, "not_before", s->not_before, now, &out->not_before) != 0 ||
        read_time(m, "not_after", s->not_after, now, &out->not_after) != 0) {
        return -1;
    }
    if (out->not_after < out->not_before) {
        return problem_refuse(m->p, m->at,
                              "not_after lies %lld s before not_before (accepted: a not_after that "
                              "is not earlier)",
                              (long long)(out->not_before - out->not_after));
    }
    return 0;
}

static int read_urls(const members *m, const char *name, const json_t **out)
{
    if (members_strings(m, name, false, out) != 0) {
        return -1;
    }
    for (size_t i = 0; i < json_array_size(*out); i++) {
        const char *url = json_string_value(json_array_get(*out, i));
        if (!values_url_is_valid(url)) {
            return members_refuse(m, name, (int)i, url, VALUES_URL);
        }
    }
    return 0;
}

static int read_entry(const description *d, const members *m, pki_role role, pki_entry *out)
{
    const section *s = &sections[role];
    int eku = (int)s->eku;
    *out = (pki_entry){.role = role};

    if (members_check_known(m, s->members) != 0 || read_id(d, m, out) != 0 ||
        read_authority(d, m, "issuer", role != PKI_AUTHORITY, &out->issuer) != 0 ||
        read_subject(m, out) != 0 || read_serial(d, m, out) != 0 ||
        read_validity(m, s, d->now, out) != 0 || read_key(d, m, s, out) != 0 ||
        read_urls(m, "ocsp_urls", &out->ocsp_urls) != 0 ||
        read_urls(m, "ca_issuers_urls", &out->ca_issuers_urls) != 0) {
        return -1;
    }
    /* Where these are not known members they are absent, and the defaults hold. */
    if (members_choice(m, "eku", pki_eku_words, &eku) != 0 ||
        members_boolean(m, "ocsp_nocheck", &out->ocsp_nocheck) != 0 ||
        members_boolean(m, "must_staple", &out->must_staple) != 0) {
        return -1;
    }
    out->eku = (pki_eku)eku;
    return 0;
}

static int read_section(description *d, pki_role role, problem *p)
{
    const char *name = sections[role].array;
    const json_t *array = json_object_get(d->json, name);
    size_t size = json_array_size(array);
    if (array != NULL && !json_is_array(array)) {
        char where[32];
        snprintf(where, sizeof(where), "/%s", name);
        return problem_refuse(p, where, "this is not an array (accepted: an array of objects)");
    }
    if (role == PKI_AUTHORITY && size == 0) {
        return problem_refuse(p, "",
                              "there is no authority (accepted: \"authorities\" with one or "
                              "more objects)");
    }
    if (size == 0) {
        return 0;
    }

    d->entries = memory_resize(d->entries, d->count + size, sizeof(*d->entries));
    for (size_t i = 0; i < size; i++) {
        char where[64];
        snprintf(where, sizeof(where), "/%s/%zu", name, i);
        members m = {.object = json_array_get(array, i), .at = where, .p = p};
        if (!json_is_object(m.object)) {
            return problem_refuse(p, where, "this is not an object (accepted: an object)");
        }
        if (read_entry(d, &m, role, &d->entries[d->count]) != 0) {
            return -1;
        }
        d->count++;
    }
    return 0;
}

static int read_whole(description *d, problem *p)
{
    static const char *const known[] = {"name", "authorities", "signers", "leaves", NULL};
    members m = {.object = d->json, .at = "", .p = p};
    if (!json_is_object(d->json)) {
        return problem_refuse(p, "",
                              "the description is not an object (accepted: an object with "
                              "name, authorities, signers, leaves)");
    }
    if (members_check_known(&m, known) != 0 || members_string(&m, "name", true, &d->name) != 0) {
        return -1;
    }
    if (!values_id_is_valid(d->name)) {
        return members_refuse(&m, "name", -1, d->name, VALUES_ID);
    }
    for (pki_role role = PKI_AUTHORITY; role <= PKI_LEAF; role++) {
        if (read_section(d, role, p) != 0) {
            return -1;
        }
    }
    return 0;
}

int description_new(const json_t *json, const json_t *settings, int64_t now, description **out,
                    problem *p)
{
    description *d = memory_new(sizeof(*d));
    d->now = now;
    if (placeholders_replace(json, settings, &d->json, p) != 0 || read_whole(d, p) != 0) {
        description_free(d);
        return -1;
    }
    *out = d;
    return 0;
}

void description_free(description *d)
{
    if (d == NULL) {
        return;
    }
    free(d->entries);
    json_decref(d->json);
    free(d);
}
