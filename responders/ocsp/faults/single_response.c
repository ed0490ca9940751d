/* The SingleResponse: what it says and of which certificate (RFC 6960, 4.2.1 and 4.1.1). */
#include <stdlib.h>

#include "responders/ocsp/faults/fault.h"

static void set_status(answer *a, cert_status status, int reason, int64_t revocation_time)
{
    for (size_t i = 0; i < a->nsingles; i++) {
        a->singles[i].status = status;
        a->singles[i].reason = reason;
        a->singles[i].revocation_time = revocation_time;
    }
}

static void revoked(answer *a, const json_t *params, const fault_context *context)
{
    set_status(a, CERT_REVOKED, -1, context->now + param_integer(params, "revocation_time"));
}

static void revoked_with_reason(answer *a, const json_t *params, const fault_context *context)
{
    set_status(a, CERT_REVOKED, (int)param_integer(params, "reason"),
               context->now + param_integer(params, "revocation_time"));
}

static void unknown(answer *a, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    set_status(a, CERT_UNKNOWN, -1, 0);
}

static void wrong_serial(answer *a, const json_t *params, const fault_context *context)
{
    (void)context;
    char *serial = serial_normalise(param_string(params, "serial"));
    if (serial == NULL) {
        a->impossible = "the parameter \"serial\" is not hex";
        return;
    }
    for (size_t i = 0; i < a->nsingles; i++) {
        octets_cut(&a->singles[i].serial, 0);
        serial_from_hex(&a->singles[i].serial, serial);
    }
    free(serial);
}

static void invert(octets *o)
{
    for (size_t i = 0; i < o->length; i++) {
        o->data[i] ^= 0xff;
    }
}

static void wrong_issuer_name_hash(answer *a, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    for (size_t i = 0; i < a->nsingles; i++) {
        invert(&a->singles[i].issuer_name_hash);
    }
}

static void wrong_issuer_key_hash(answer *a, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    for (size_t i = 0; i < a->nsingles; i++) {
        invert(&a->singles[i].issuer_key_hash);
    }
}

static void set_octets(octets *o, span s)
{
    octets_cut(o, 0);
    octets_append_span(o, s);
}

static void hash_other(answer *a, const json_t *params, const fault_context *context)
{
    (void)context;
    hash_kind kind = hash_kind_by_name(param_string(params, "alg"));
    for (size_t i = 0; i < a->nsingles; i++) {
        single_response *s = &a->singles[i];
        if (s->issuer == NULL) {
            continue;
        }
        set_octets(&s->issuer_name_hash, certificate_name_hash(s->issuer, kind));
        set_octets(&s->issuer_key_hash, certificate_key_hash(s->issuer, kind));
        octets_cut(&s->algorithm, 0);
        hash_put_algorithm(&s->algorithm, kind);
    }
}

static const fault_impl do_revoked = {.content = revoked};
static const fault_impl do_revoked_with_reason = {.content = revoked_with_reason};
static const fault_impl do_unknown = {.content = unknown};
static const fault_impl do_wrong_serial = {.content = wrong_serial};
static const fault_impl do_wrong_name_hash = {.content = wrong_issuer_name_hash};
static const fault_impl do_wrong_key_hash = {.content = wrong_issuer_key_hash};
static const fault_impl do_hash_other = {.content = hash_other};

static const char *const hash_names[] = {"sha1", "sha256", "sha384", "sha512", NULL};

/* Both tables start with when the certificate was revoked. */
static const fault_param revoked_params[] = {
    {"revocation_time", PARAM_INTEGER, "s", "revocationTime, from now", "-3600", -3153600000,
     3153600000, NULL},
    {0},
};

static const fault_param revoked_with_reason_params[] = {
    {"reason", PARAM_INTEGER, NULL, "CRLReason (RFC 5280, 5.3.1)", "1", 0, 10, NULL},
    {"revocation_time", PARAM_INTEGER, "s", "revocationTime, from now", "-3600", -3153600000,
     3153600000, NULL},
    {0},
};

static const fault_param wrong_serial_params[] = {
    {"serial", PARAM_STRING, NULL, "the serial number in the answer, hex", "\"7fffffff\"", 0, 0,
     NULL},
    {0},
};

static const fault_param hash_other_params[] = {
    {"alg", PARAM_CHOICE, NULL, "the hash function of the CertID in the answer", "\"sha256\"", 0, 0,
     hash_names},
    {0},
};

const fault_spec single_response_faults[] = {
    {"cert-status-revoked", "A26", "ocsp", "certStatus revoked, without a reason", FAULT_AT_REQUEST,
     revoked_params, &do_revoked},
    {"cert-status-revoked-with-reason", "A27", "ocsp", "certStatus revoked with a revocationReason",
     FAULT_AT_REQUEST, revoked_with_reason_params, &do_revoked_with_reason},
    {"cert-status-unknown", "A30", "ocsp", "certStatus unknown", FAULT_AT_REQUEST, NULL,
     &do_unknown},
    {"wrong-serial", "A32", "ocsp", "the only SingleResponse is for another serial number",
     FAULT_AT_REQUEST, wrong_serial_params, &do_wrong_serial},
    {"wrong-issuer-name-hash", "A33", "ocsp", "issuerNameHash of the CertID, inverted",
     FAULT_AT_REQUEST, NULL, &do_wrong_name_hash},
    {"wrong-issuer-key-hash", "A34", "ocsp", "issuerKeyHash of the CertID, inverted",
     FAULT_AT_REQUEST, NULL, &do_wrong_key_hash},
    {"cert-id-hash-other", "A35", "ocsp",
     "a CertID of the same certificate in another hash function than asked", FAULT_AT_REQUEST,
     hash_other_params, &do_hash_other},
    {0},
};
