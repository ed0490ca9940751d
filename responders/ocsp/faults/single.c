/* The SingleResponse: what it says and of which certificate (RFC 6960, 4.2.1 and 4.1.1). */
#include "responders/ocsp/faults/faults.h"

#include <string.h>

#include "responders/ocsp/faults/params.h"
#include "responders/ocsp/instant.h"
#include "responders/ocsp/model.h"

/* What a primitive has done that went through all of them. */
static effect effect_of(primitive_call *call, bool changed, const char *otherwise)
{
    const ocsp_response *r = call->subject;

    if (changed) {
        return EFFECT_DONE;
    }
    call->why = r->has_bytes ? otherwise : "there is no single response in it";
    return EFFECT_IMPOSSIBLE;
}

/* How many there are that will be sent. */
static size_t count(const ocsp_response *r)
{
    return r->has_bytes ? r->nsingles : 0;
}

typedef struct {
    int status;
    int64_t reason;
    instant revocation_time;
} cert_status_params;

static effect cert_status(primitive_call *call)
{
    const cert_status_params *p = call->params;
    const ocsp_fault_context *context = call->context;
    ocsp_response *r = call->subject;
    bool changed = false;

    for (size_t i = 0; i < count(r); i++) {
        ocsp_single *s = &r->singles[i];
        const int64_t time = instant_at(&p->revocation_time, context->now);

        changed =
            changed || (int)s->status != p->status ||
            (s->status == OCSP_REVOKED && (s->reason != p->reason || s->revocation_time != time));
        s->status = (ocsp_cert_status)p->status;
        s->reason = (int)p->reason;
        s->revocation_time = time;
    }
    return effect_of(call, changed, "every single response says just that already");
}

const primitive ocsp_fault_single_status = {
    .name = "cert-status",
    .summary = "what is said of the certificate",
    .stage = STAGE_MODEL,
    .things = {"http/body/response/single/status"},
    .size = sizeof(cert_status_params),
    .params =
        (const param[]){
            {.name = "status",
             .type = &param_choice,
             .offset = offsetof(cert_status_params, status),
             .summary = "certStatus",
             .fallback = "\"revoked\"",
             .choices = ocsp_cert_status_names},
            {.name = "reason",
             .type = &param_integer,
             .offset = offsetof(cert_status_params, reason),
             .summary = "CRLReason (RFC 5280, 5.3.1) of a revoked one; -1: none",
             .fallback = "-1",
             .min = OCSP_NO_REASON,
             .max = 10},
            {.name = "revocation_time",
             .type = &ocsp_param_instant,
             .offset = offsetof(cert_status_params, revocation_time),
             .summary = "revocationTime: seconds from now, or a time in UTC",
             .fallback = "-3600"},
            {0},
        },
    .act = cert_status,
};

/* Gives *o other octets; whether they are others. */
static bool replace(octets *o, span by)
{
    if (o->length == by.length && memcmp(o->data, by.data, by.length) == 0) {
        return false;
    }
    octets_cut(o, 0);
    octets_append_span(o, by);
    return true;
}

typedef struct {
    octets serial;
} single_serial_params;

static effect single_serial(primitive_call *call)
{
    const single_serial_params *p = call->params;
    ocsp_response *r = call->subject;
    bool changed = false;

    for (size_t i = 0; i < count(r); i++) {
        changed = replace(&r->singles[i].serial, octets_span(&p->serial)) || changed;
    }
    return effect_of(call, changed, "the certificate has that serial number");
}

const primitive ocsp_fault_single_serial = {
    .name = "single-serial",
    .summary = "the CertID has another serial number",
    .stage = STAGE_MODEL,
    .things = {"http/body/response/single/id/serial"},
    .size = sizeof(single_serial_params),
    .params =
        (const param[]){
            {.name = "serial",
             .type = &ocsp_param_serial,
             .offset = offsetof(single_serial_params, serial),
             .summary = "the serial number in the response, hex",
             .fallback = "\"7fffffff\""},
            {0},
        },
    .act = single_serial,
};

/* A hash that it is not: every octet inverted. */
static bool invert(octets *o)
{
    for (size_t i = 0; i < o->length; i++) {
        o->data[i] ^= 0xff;
    }
    return o->length > 0;
}

static effect issuer_name_hash(primitive_call *call)
{
    ocsp_response *r = call->subject;
    bool changed = false;

    for (size_t i = 0; i < count(r); i++) {
        changed = invert(&r->singles[i].issuer_name_hash) || changed;
    }
    return effect_of(call, changed, "no CertID has an issuerNameHash");
}

const primitive ocsp_fault_issuer_name_hash = {
    .name = "issuer-name-hash",
    .summary = "issuerNameHash of the CertID, inverted",
    .stage = STAGE_MODEL,
    .things = {"http/body/response/single/id/name-hash"},
    .act = issuer_name_hash,
};

static effect issuer_key_hash(primitive_call *call)
{
    ocsp_response *r = call->subject;
    bool changed = false;

    for (size_t i = 0; i < count(r); i++) {
        changed = invert(&r->singles[i].issuer_key_hash) || changed;
    }
    return effect_of(call, changed, "no CertID has an issuerKeyHash");
}

const primitive ocsp_fault_issuer_key_hash = {
    .name = "issuer-key-hash",
    .summary = "issuerKeyHash of the CertID, inverted",
    .stage = STAGE_MODEL,
    .things = {"http/body/response/single/id/key-hash"},
    .act = issuer_key_hash,
};

typedef struct {
    int alg; /* a hash_kind */
} cert_id_hash_params;

static const char *const hash_names[] = {
    [HASH_SHA1] = "sha1",     [HASH_SHA256] = "sha256", [HASH_SHA384] = "sha384",
    [HASH_SHA512] = "sha512", [HASH_KINDS] = NULL,
};

static effect cert_id_hash(primitive_call *call)
{
    const cert_id_hash_params *p = call->params;
    ocsp_response *r = call->subject;
    const hash_kind kind = (hash_kind)p->alg;
    octets algorithm = {0};
    bool changed = false;

    hash_put_algorithm(&algorithm, kind);
    for (size_t i = 0; i < count(r); i++) {
        ocsp_single *s = &r->singles[i];

        if (s->issuer == NULL) {
            continue;
        }
        changed =
            replace(&s->issuer_name_hash, ocsp_certificate_name_hash(s->issuer, kind)) || changed;
        changed =
            replace(&s->issuer_key_hash, ocsp_certificate_key_hash(s->issuer, kind)) || changed;
        changed = replace(&s->algorithm, octets_span(&algorithm)) || changed;
    }
    octets_free(&algorithm);
    return effect_of(call, changed, "it was asked in that hash function");
}

const primitive ocsp_fault_cert_id_hash = {
    .name = "cert-id-hash",
    .summary = "the CertID of the same certificate in another hash function than asked",
    .stage = STAGE_MODEL,
    .things = {"http/body/response/single/id/name-hash", "http/body/response/single/id/key-hash",
               "http/body/response/single/id/algorithm"},
    .size = sizeof(cert_id_hash_params),
    .params =
        (const param[]){
            {.name = "alg",
             .type = &param_choice,
             .offset = offsetof(cert_id_hash_params, alg),
             .summary = "the hash function of the CertID in the response",
             .fallback = "\"sha256\"",
             .choices = hash_names},
            {0},
        },
    .act = cert_id_hash,
};
