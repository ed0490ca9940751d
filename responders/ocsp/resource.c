/* See resource.h. */
#include "responders/ocsp/resource.h"

#include <stdlib.h>
#include <string.h>

#include "responders/ocsp/codec/serial.h"
#include "responders/ocsp/instant.h"

/* Times stay far inside what an int64_t of seconds can add up to. */
#define SECONDS_MAX INT64_C(100000000000)

static const char *const member_names[] = {
    "status", "reason", "revocation_time", "validity", "this_update", "signer", NULL,
};

static json_t *to_json(const ocsp_certificate *c)
{
    const ocsp_certificate_state *s = &c->state;
    bool revoked = s->status == OCSP_REVOKED;
    char time[INSTANT_TEXT_SIZE];

    instant_to_text(s->revocation_time, time);
    return json_pack("{s:s, s:s?, s:s, s:s, s:o, s:o, s:o, s:I, s:o}", "serial", c->serial_hex,
                     "certificate", c->id, "issuer", c->issuer->id, "status",
                     ocsp_cert_status_names[s->status], "reason",
                     revoked && s->reason >= 0 ? json_integer(s->reason) : json_null(),
                     "revocation_time", revoked ? json_string(time) : json_null(), "validity",
                     s->has_validity ? json_integer(s->validity) : json_null(), "this_update",
                     (json_int_t)s->this_update, "signer",
                     s->signer != NULL ? json_string(s->signer->id) : json_null());
}

/* The next certificate of that serial from index *i on, which moves past it. */
static ocsp_certificate *next_of(const ocsp_store *c, const char *serial, size_t *i)
{
    while (*i < c->count) {
        ocsp_certificate *one = c->all[(*i)++];
        if (one->issuer != NULL && strcmp(one->serial_hex, serial) == 0) {
            return one;
        }
    }
    return NULL;
}

/* What is said of a serial: of the first certificate that has it, else by the first CA that speaks
 * of any.  Its text is `serial` itself or lives as long as the store. */
static int look_up(const ocsp_store *c, char *serial, ocsp_certificate *out, problem *p)
{
    size_t i = 0;
    const ocsp_certificate *one = next_of(c, serial, &i);
    if (one != NULL) {
        *out = *one;
        return 0;
    }
    for (i = 0; i < c->count; i++) {
        one = c->all[i];
        if (one->serves_any) {
            *out = (ocsp_certificate){.serial_hex = serial,
                                      .issuer = one,
                                      .pki = one->pki,
                                      .standing = one->others,
                                      .state = ocsp_store_default_state(c, one->others)};
            return 0;
        }
    }
    problem_set(p, 404, "", "no certificate has the serial \"%s\"; GET /v1/certificates lists them",
                serial);
    return -1;
}

static int get(const ocsp_store *c, char *serial, json_t **out, problem *p)
{
    ocsp_certificate one;
    if (look_up(c, serial, &one, p) != 0) {
        return -1;
    }
    *out = to_json(&one);
    return 0;
}

static json_t *list(const ocsp_store *c)
{
    json_t *all = json_array();
    for (size_t i = 0; i < c->count; i++) {
        if (c->all[i]->issuer != NULL) {
            json_array_append_new(all, to_json(c->all[i]));
        }
    }
    return all;
}

static int take_seconds(json_t *value, const char *pointer, int64_t *out, problem *p)
{
    if (!json_is_integer(value) || json_integer_value(value) > SECONDS_MAX ||
        json_integer_value(value) < -SECONDS_MAX) {
        return problem_refuse(p, pointer, "not a whole number of seconds");
    }
    *out = json_integer_value(value);
    return 0;
}

/* An instant, as in the rules.  It is worked out now: the time of a revocation does not move on. */
static int take_revocation_time(json_t *value, int64_t now, ocsp_certificate_state *s, problem *p)
{
    instant time;

    if (json_is_null(value)) {
        return 0;
    }
    if (!instant_read(value, &time)) {
        return problem_refuse(p, "/revocation_time", "not a time: " INSTANT_FORM);
    }
    s->revocation_time = instant_at(&time, now);
    return 0;
}

static int take_status(json_t *value, ocsp_certificate_state *s, problem *p)
{
    for (int i = 0; json_is_string(value) && ocsp_cert_status_names[i] != NULL; i++) {
        if (strcmp(ocsp_cert_status_names[i], json_string_value(value)) == 0) {
            s->status = (ocsp_cert_status)i;
            return 0;
        }
    }
    return problem_refuse(p, "/status", "not a status: \"good\", \"revoked\" or \"unknown\"");
}

/* CRLReason (RFC 5280, 5.3.1): 7 is not used there, and taken here for clients to refuse. */
static int take_reason(json_t *value, ocsp_certificate_state *s, problem *p)
{
    json_int_t reason = json_integer_value(value);
    if (json_is_null(value)) {
        s->reason = OCSP_NO_REASON;
        return 0;
    }
    if (!json_is_integer(value) || reason < 0 || reason > 10) {
        return problem_refuse(p, "/reason", "not a CRLReason: 0 to 10, or null for none");
    }
    s->reason = (int)reason;
    return 0;
}

static int take_signer(const ocsp_store *c, json_t *value, const ocsp_certificate *near,
                       ocsp_certificate_state *s, problem *p)
{
    if (json_is_null(value)) {
        s->signer = NULL;
        return 0;
    }
    const char *id = json_string_value(value);
    s->signer = id == NULL ? NULL : ocsp_store_by_id(c, id, near);
    if (s->signer == NULL) {
        return problem_refuse(
            p, "/signer",
            "not the id of a certificate in a manifest (\"delegate\") or of a --ca, nor null for "
            "the issuer");
    }
    return 0;
}

static int take_member(const ocsp_store *c, const char *name, json_t *value, int64_t now,
                       const ocsp_certificate *near, ocsp_certificate_state *s, problem *p)
{
    if (strcmp(name, "status") == 0) {
        return take_status(value, s, p);
    }
    if (strcmp(name, "reason") == 0) {
        return take_reason(value, s, p);
    }
    if (strcmp(name, "revocation_time") == 0) {
        return take_revocation_time(value, now, s, p);
    }
    if (strcmp(name, "validity") == 0) {
        s->has_validity = !json_is_null(value);
        return s->has_validity ? take_seconds(value, "/validity", &s->validity, p) : 0;
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
    return problem_refuse(p, pointer,
                          "unknown member \"%.80s\"; known are status, reason, revocation_time, "
                          "validity, this_update and signer%s%s",
                          name, near_names[0] != '\0' ? "; nearest: " : "", near_names);
}

/* Makes the serial known to each CA that speaks of any and has not heard of it. */
static int make_known(ocsp_store *c, const char *serial, problem *p)
{
    const size_t count = c->count;
    for (size_t i = 0; i < count; i++) {
        const ocsp_certificate *ca = c->all[i], *one;
        size_t k = 0;
        if (!ca->serves_any) {
            continue;
        }
        while ((one = next_of(c, serial, &k)) != NULL && one->issuer != ca) {
        }
        if (one != NULL) {
            continue;
        }
        if (c->nset >= OCSP_SERIALS_SET_MAX) {
            problem_set(p, 413, "",
                        "%d serials that no file tells of are set, and no more can be; DELETE "
                        "or POST /v1/reset forgets them",
                        OCSP_SERIALS_SET_MAX);
            return -1;
        }
        ocsp_store_add_serial(c, ca, serial)->is_set = true;
        c->nset++;
    }
    return 0;
}

static int put(ocsp_store *c, char *serial, json_t *body, int64_t now, json_t **out, problem *p)
{
    ocsp_certificate before;
    if (look_up(c, serial, &before, p) != 0) {
        return -1;
    }
    if (!json_is_object(body)) {
        return problem_refuse(p, "", "the body is not an object like {\"status\": \"revoked\"}");
    }
    ocsp_certificate_state state = ocsp_store_default_state(c, before.standing);
    if (state.status != OCSP_REVOKED) {
        state.revocation_time = now;
    }
    const char *name;
    json_t *value;
    json_object_foreach(body, name, value)
    {
        if (take_member(c, name, value, now, &before, &state, p) != 0) {
            return -1;
        }
    }
    if (make_known(c, serial, p) != 0) {
        return -1;
    }
    /* Several manifests may have given out the serial: they share what is said about it. */
    ocsp_certificate *one;
    for (size_t i = 0; (one = next_of(c, serial, &i)) != NULL;) {
        one->state = state;
    }
    return get(c, serial, out, p);
}

static int forget(ocsp_store *c, char *serial, json_t **out, problem *p)
{
    ocsp_certificate *one;
    ocsp_store_forget(c, serial);
    for (size_t i = 0; (one = next_of(c, serial, &i)) != NULL;) {
        one->state = ocsp_store_default_state(c, one->standing);
    }
    return get(c, serial, out, p);
}

int ocsp_resource_all(const ocsp_store *store, const char *method, json_t **out, problem *p)
{
    if (strcmp(method, "GET") != 0) {
        problem_set_method(p, method, "GET");
        return -1;
    }
    *out = json_pack("{s:o}", "certificates", list(store));
    return 0;
}

static int serve(ocsp_store *store, const char *method, char *serial, json_t *body, int64_t now,
                 json_t **out, problem *p)
{
    if (strcmp(method, "GET") == 0) {
        return get(store, serial, out, p);
    }
    if (strcmp(method, "PUT") == 0) {
        return put(store, serial, body, now, out, p);
    }
    if (strcmp(method, "DELETE") == 0) {
        return forget(store, serial, out, p);
    }
    problem_set_method(p, method, "GET, PUT, DELETE");
    return -1;
}

int ocsp_resource_one(ocsp_store *store, const char *method, const char *serial, json_t *body,
                      int64_t now, json_t **out, problem *p)
{
    char *normal = serial_normalise(serial);
    int rc;

    if (normal == NULL) {
        problem_set(p, 404, "", "\"%.80s\" is not a serial number in hex", serial);
        return -1;
    }
    rc = serve(store, method, normal, body, now, out, p);
    free(normal);
    return rc;
}
