/* The state of a certificate as JSON: the resource /v1/certificates; see certificates.h. */
#include "responders/ocsp/store.h"

#include <stdlib.h>
#include <string.h>

/* Times stay far inside what an int64_t of seconds can add up to. */
#define SECONDS_MAX INT64_C(100000000000)

static const char *const status_names[] = {"good", "revoked", "unknown", NULL};
static const char *const member_names[] = {
    "status", "reason", "revocation_time", "validity", "this_update", "signer", NULL,
};

const char *cert_status_name(cert_status status)
{
    return status_names[status];
}

static certificate_state default_state(const certificates *c)
{
    return (certificate_state){
        .status = CERT_GOOD, .reason = -1, .has_validity = true, .validity = c->validity};
}

void certificates_reset(certificates *c)
{
    for (size_t i = 0; i < c->count; i++) {
        c->all[i]->state = default_state(c);
    }
}

static json_t *to_json(const certificate *c)
{
    const certificate_state *s = &c->state;
    bool revoked = s->status == CERT_REVOKED;
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:o}", "serial", c->serial_hex,
                     "certificate", c->id, "issuer", c->issuer_id, "status",
                     cert_status_name(s->status), "reason",
                     revoked && s->reason >= 0 ? json_integer(s->reason) : json_null(),
                     "revocation_time", revoked ? json_integer(s->revocation_time) : json_null(),
                     "validity", s->has_validity ? json_integer(s->validity) : json_null(),
                     "this_update", (json_int_t)s->this_update, "signer",
                     s->signer != NULL ? json_string(s->signer->id) : json_null());
}

/* The next certificate of that serial from index *i on, which moves behind it. */
static certificate *next_of(const certificates *c, const char *serial, size_t *i)
{
    while (*i < c->count) {
        certificate *one = c->all[(*i)++];
        if (strcmp(one->serial_hex, serial) == 0) {
            return one;
        }
    }
    return NULL;
}

static certificate *first_of(const certificates *c, const char *serial, problem *p)
{
    size_t i = 0;
    certificate *one = next_of(c, serial, &i);
    if (one == NULL) {
        problem_set(p, 404, "",
                    "no certificate has the serial \"%s\"; GET /v1/certificates lists them",
                    serial);
    }
    return one;
}

json_t *certificates_get(const certificates *c, const char *serial, problem *p)
{
    certificate *one = first_of(c, serial, p);
    return one == NULL ? NULL : to_json(one);
}

json_t *certificates_list(const certificates *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->count; i++) {
        json_array_append_new(list, to_json(c->all[i]));
    }
    return list;
}

static bool take_seconds(json_t *value, const char *pointer, int64_t *out, problem *p)
{
    if (!json_is_integer(value) || json_integer_value(value) > SECONDS_MAX ||
        json_integer_value(value) < -SECONDS_MAX) {
        problem_set(p, 400, pointer, "not a whole number of seconds");
        return false;
    }
    *out = json_integer_value(value);
    return true;
}

static bool take_status(json_t *value, certificate_state *s, problem *p)
{
    for (int i = 0; json_is_string(value) && status_names[i] != NULL; i++) {
        if (strcmp(status_names[i], json_string_value(value)) == 0) {
            s->status = (cert_status)i;
            return true;
        }
    }
    problem_set(p, 400, "/status", "not a status: \"good\", \"revoked\" or \"unknown\"");
    return false;
}

/* CRLReason (RFC 5280, 5.3.1) has 0..10 without 7. */
static bool take_reason(json_t *value, certificate_state *s, problem *p)
{
    json_int_t reason = json_integer_value(value);
    if (json_is_null(value)) {
        s->reason = -1;
        return true;
    }
    if (!json_is_integer(value) || reason < 0 || reason > 10) {
        problem_set(p, 400, "/reason", "not a CRLReason: 0 to 10, or null for none");
        return false;
    }
    s->reason = (int)reason;
    return true;
}

static bool take_signer(const certificates *c, json_t *value, const certificate *near,
                        certificate_state *s, problem *p)
{
    if (json_is_null(value)) {
        s->signer = NULL;
        return true;
    }
    const char *id = json_string_value(value);
    s->signer = id == NULL ? NULL : certificates_by_id(c, id, near);
    if (s->signer == NULL) {
        problem_set(p, 400, "/signer",
                    "not the id of a certificate in a manifest (\"delegate\"), nor null for the "
                    "issuer");
        return false;
    }
    return true;
}

static bool take_member(const certificates *c, const char *name, json_t *value,
                        const certificate *near, certificate_state *s, problem *p)
{
    if (strcmp(name, "status") == 0) {
        return take_status(value, s, p);
    }
    if (strcmp(name, "reason") == 0) {
        return take_reason(value, s, p);
    }
    if (strcmp(name, "revocation_time") == 0) {
        return json_is_null(value) ||
               take_seconds(value, "/revocation_time", &s->revocation_time, p);
    }
    if (strcmp(name, "validity") == 0) {
        s->has_validity = !json_is_null(value);
        return !s->has_validity || take_seconds(value, "/validity", &s->validity, p);
    }
    if (strcmp(name, "this_update") == 0) {
        return take_seconds(value, "/this_update", &s->this_update, p);
    }
    if (strcmp(name, "signer") == 0) {
        return take_signer(c, value, near, s, p);
    }
    char near_names[96], pointer[96];
    problem_nearest(name, member_names, near_names, sizeof(near_names));
    problem_pointer(pointer, sizeof(pointer), "", name);
    problem_set(p, 400, pointer,
                "unknown member \"%.80s\"; known are status, reason, revocation_time, validity, "
                "this_update and signer%s%s",
                name, near_names[0] != '\0' ? "; nearest: " : "", near_names);
    return false;
}

json_t *certificates_put(certificates *c, const char *serial, json_t *body, int64_t now, problem *p)
{
    certificate *one = first_of(c, serial, p);
    if (one == NULL) {
        return NULL;
    }
    if (!json_is_object(body)) {
        problem_set(p, 400, "", "the body is not an object like {\"status\": \"revoked\"}");
        return NULL;
    }
    certificate_state state = default_state(c);
    state.revocation_time = now;
    const char *name;
    json_t *value;
    json_object_foreach(body, name, value)
    {
        if (!take_member(c, name, value, one, &state, p)) {
            return NULL;
        }
    }
    /* Several manifests may have given out the serial: they share what is said about it. */
    for (size_t i = 0; (one = next_of(c, serial, &i)) != NULL;) {
        one->state = state;
    }
    return certificates_get(c, serial, p);
}

json_t *certificates_delete(certificates *c, const char *serial, problem *p)
{
    certificate *one = first_of(c, serial, p);
    if (one == NULL) {
        return NULL;
    }
    for (size_t i = 0; (one = next_of(c, serial, &i)) != NULL;) {
        one->state = default_state(c);
    }
    return certificates_get(c, serial, p);
}
