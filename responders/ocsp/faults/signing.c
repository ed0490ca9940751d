/* The signature, who made it, and whom the response names as its signer (RFC 6960, 4.2.2.2). */
#include "responders/ocsp/faults/faults.h"

#include "responders/ocsp/codec/der.h"
#include "responders/ocsp/faults/params.h"
#include "responders/ocsp/model.h"

static const char *const forms[] = {
    [OCSP_BY_KEY] = "byKey", [OCSP_BY_NAME] = "byName", [OCSP_BY_NAME + 1] = NULL};

typedef struct {
    char *signer;
    bool embedded;
    int form; /* an ocsp_responder_form */
} signer_params;

static effect sign_by(primitive_call *call)
{
    const signer_params *p = call->params;
    const ocsp_fault_context *context = call->context;
    ocsp_response *r = call->subject;
    const ocsp_certificate *signer = ocsp_store_by_id(context->store, p->signer, r->signer);

    if (!r->has_bytes) {
        call->why = "there is nothing in it that is signed";
        return EFFECT_IMPOSSIBLE;
    }
    if (signer == NULL) {
        call->why = "no manifest has a certificate of that id";
        return EFFECT_IMPOSSIBLE;
    }
    if (signer == r->signer && p->embedded == (r->embedded != NULL) &&
        (ocsp_responder_form)p->form == r->responder_form) {
        call->why = "that certificate signs it anyway";
        return EFFECT_IMPOSSIBLE;
    }
    ocsp_response_set_signer(r, signer, p->embedded);
    ocsp_response_set_responder(r, (ocsp_responder_form)p->form, signer);
    return EFFECT_DONE;
}

const primitive ocsp_fault_signer = {
    .name = "signer",
    .summary = "another signer, whom the ResponderID names",
    .stage = STAGE_MODEL,
    .things = {"http/body/response/signer", "http/body/response/responder-id"},
    .size = sizeof(signer_params),
    .params =
        (const param[]){
            {.name = "signer",
             .type = &ocsp_param_signer,
             .offset = offsetof(signer_params, signer),
             .summary = "who signs: the id of a certificate in a manifest",
             .fallback = "\"delegate\""},
            {.name = "embedded",
             .type = &param_boolean,
             .offset = offsetof(signer_params, embedded),
             .summary = "whether its certificate is in certs",
             .fallback = "true"},
            {.name = "form",
             .type = &param_choice,
             .offset = offsetof(signer_params, form),
             .summary = "how the ResponderID names it",
             .fallback = "\"byKey\"",
             .choices = forms},
            {0},
        },
    .act = sign_by,
};

typedef struct {
    int form; /* an ocsp_responder_form */
} responder_id_params;

static effect responder_id(primitive_call *call)
{
    /* CN=nobody: a Name that no certificate of a mint has. */
    static const uint8_t nobody[] = {0x30, 0x11, 0x31, 0x0f, 0x30, 0x0d, 0x06, 0x03, 0x55, 0x04,
                                     0x03, 0x0c, 0x06, 'n',  'o',  'b',  'o',  'd',  'y'};
    const responder_id_params *p = call->params;
    ocsp_response *r = call->subject;

    if (!r->has_bytes) {
        call->why = "there is no ResponderID in it";
        return EFFECT_IMPOSSIBLE;
    }
    r->responder_form = (ocsp_responder_form)p->form;
    if (p->form == OCSP_BY_NAME) {
        octets_cut(&r->responder_id, 0);
        octets_append(&r->responder_id, nobody, sizeof(nobody));
        return EFFECT_DONE;
    }
    for (size_t i = 0; i < r->responder_id.length; i++) {
        r->responder_id.data[i] ^= 0xff;
    }
    return EFFECT_DONE;
}

const primitive ocsp_fault_responder_id = {
    .name = "responder-id",
    .summary = "the ResponderID names somebody who is not there",
    .stage = STAGE_MODEL,
    .things = {"http/body/response/responder-id"},
    .size = sizeof(responder_id_params),
    .params =
        (const param[]){
            {.name = "form",
             .type = &param_choice,
             .offset = offsetof(responder_id_params, form),
             .summary = "the form of the wrong ResponderID",
             .fallback = "\"byKey\"",
             .choices = forms},
            {0},
        },
    .act = responder_id,
};

/* The value of the BIT STRING in it, or false where there is none. */
static bool find_signature(span der, span *out)
{
    span response, status, field, bytes, oid, inner, basic, tbs, algorithm;

    return der_take_tag(&der, DER_SEQUENCE, &response) &&
           der_take_tag(&response, DER_ENUMERATED, &status) &&
           der_take_tag(&response, DER_CONSTRUCTED(0), &field) &&
           der_take_tag(&field, DER_SEQUENCE, &bytes) && der_take_tag(&bytes, DER_OID, &oid) &&
           der_take_tag(&bytes, DER_OCTET_STRING, &inner) &&
           der_take_tag(&inner, DER_SEQUENCE, &basic) && der_take_tag(&basic, DER_SEQUENCE, &tbs) &&
           der_take_tag(&basic, DER_SEQUENCE, &algorithm) &&
           der_take_tag(&basic, DER_BIT_STRING, out);
}

typedef struct {
    int64_t octet;
} signature_params;

static effect signature(primitive_call *call)
{
    const signature_params *p = call->params;
    octets *der = call->subject;
    span value;

    if (!find_signature(octets_span(der), &value)) {
        call->why = "there is no signature in it";
        return EFFECT_IMPOSSIBLE;
    }
    /* The first octet of a BIT STRING's value counts unused bits: it is not the signature. */
    const int64_t length = (int64_t)value.length;
    const int64_t index = p->octet < 0 ? length + p->octet : p->octet + 1;
    if (index < 1 || index >= length) {
        call->why = "the signature has no such octet";
        return EFFECT_IMPOSSIBLE;
    }
    der->data[(value.data - der->data) + index] ^= 0xff;
    return EFFECT_DONE;
}

const primitive ocsp_fault_signature = {
    .name = "signature",
    .summary = "one octet of the signature, inverted",
    .stage = STAGE_ENCODED,
    .things = {"http/body/response/signature"},
    .size = sizeof(signature_params),
    .params =
        (const param[]){
            {.name = "octet",
             .type = &param_integer,
             .offset = offsetof(signature_params, octet),
             .summary = "which octet is inverted; negative: from the end",
             .fallback = "-1",
             .min = -1024,
             .max = 1023},
            {0},
        },
    .act = signature,
};
