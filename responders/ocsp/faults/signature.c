/* The signature, who made it, and whom the answer names as its signer (RFC 6960, 4.2.2.2). */
#include <string.h>

#include "responders/ocsp/faults/fault.h"

static void bad_signature(answer *a, const json_t *params, const fault_context *context)
{
    (void)context;
    a->corrupt = true;
    a->corrupt_octet = (long)param_integer(params, "octet");
}

/* Lets the certificate of parameter "signer" sign, where there is anything to sign. */
static void sign_by(answer *a, const json_t *params, const fault_context *context, bool embed)
{
    if (a->signer == NULL) {
        return;
    }
    const certificate *signer =
        certificates_by_id(context->certificates, param_string(params, "signer"), a->signer);
    if (signer == NULL) {
        a->impossible = "no manifest has the certificate of the parameter \"signer\"";
        return;
    }
    answer_set_signer(a, signer, embed);
}

static void other_ca(answer *a, const json_t *params, const fault_context *context)
{
    sign_by(a, params, context, param_boolean(params, "embedded"));
}

static void delegate_missing(answer *a, const json_t *params, const fault_context *context)
{
    sign_by(a, params, context, false);
    if (a->signer != NULL && strcmp(param_string(params, "form"), "byName") == 0) {
        answer_set_responder(a, RESPONDER_BY_NAME, a->signer);
    }
}

static void delegate_embedded(answer *a, const json_t *params, const fault_context *context)
{
    sign_by(a, params, context, true);
}

static void responder_id_wrong(answer *a, const json_t *params, const fault_context *context)
{
    (void)context;
    /* CN=nobody: a Name that no certificate of a mint has. */
    static const uint8_t nobody[] = {0x30, 0x11, 0x31, 0x0f, 0x30, 0x0d, 0x06, 0x03, 0x55, 0x04,
                                     0x03, 0x0c, 0x06, 'n',  'o',  'b',  'o',  'd',  'y'};
    if (strcmp(param_string(params, "form"), "byName") == 0) {
        a->responder_form = RESPONDER_BY_NAME;
        octets_cut(&a->responder_id, 0);
        octets_append(&a->responder_id, nobody, sizeof(nobody));
        return;
    }
    for (size_t i = 0; i < a->responder_id.length; i++) {
        a->responder_id.data[i] ^= 0xff;
    }
}

static const fault_impl do_bad_signature = {.content = bad_signature};
static const fault_impl do_other_ca = {.content = other_ca};
static const fault_impl do_delegate_missing = {.content = delegate_missing};
static const fault_impl do_delegate_embedded = {.content = delegate_embedded};
static const fault_impl do_responder_id_wrong = {.content = responder_id_wrong};

static const char *const forms[] = {"byKey", "byName", NULL};

static const fault_param bad_signature_params[] = {
    {"octet", PARAM_INTEGER, NULL, "which octet is inverted; negative: from the end", "-1", -1024,
     1023, NULL},
    {0},
};

static const fault_param other_ca_params[] = {
    {"signer", PARAM_STRING, NULL, "who signs: the id of a certificate in a manifest", "\"rogue\"",
     0, 0, NULL},
    {"embedded", PARAM_BOOLEAN, NULL, "whether its certificate is in certs", "true", 0, 0, NULL},
    {0},
};

static const fault_param delegate_missing_params[] = {
    {"signer", PARAM_STRING, NULL, "who signs: the id of a certificate in a manifest",
     "\"delegate\"", 0, 0, NULL},
    {"form", PARAM_CHOICE, NULL, "how the ResponderID names it", "\"byKey\"", 0, 0, forms},
    {0},
};

static const fault_param delegate_no_eku_params[] = {
    {"signer", PARAM_STRING, NULL, "who signs: the id of a certificate in a manifest",
     "\"delegate-no-eku\"", 0, 0, NULL},
    {0},
};

static const fault_param delegate_expired_params[] = {
    {"signer", PARAM_STRING, NULL, "who signs: the id of a certificate in a manifest",
     "\"delegate-expired\"", 0, 0, NULL},
    {0},
};

static const fault_param responder_id_params[] = {
    {"form", PARAM_CHOICE, NULL, "the form of the wrong ResponderID", "\"byKey\"", 0, 0, forms},
    {0},
};

const fault_spec signature_faults[] = {
    {"bad-signature", "A58", "ocsp", "one octet of the signature, inverted", FAULT_AT_REQUEST,
     bad_signature_params, &do_bad_signature},
    {"signed-by-other-ca", "A62", "ocsp", "signed by an unrelated authority", FAULT_AT_REQUEST,
     other_ca_params, &do_other_ca},
    {"delegated-signer-missing", "A64", "ocsp",
     "signed by a delegate whose certificate is not in certs", FAULT_AT_REQUEST,
     delegate_missing_params, &do_delegate_missing},
    {"delegated-signer-no-eku", "A66", "ocsp",
     "signed by a delegate without id-kp-OCSPSigning, its certificate in certs", FAULT_AT_REQUEST,
     delegate_no_eku_params, &do_delegate_embedded},
    {"delegated-signer-expired", "A69", "ocsp",
     "signed by a delegate past its notAfter, its certificate in certs", FAULT_AT_REQUEST,
     delegate_expired_params, &do_delegate_embedded},
    {"responder-id-wrong", "A77", "ocsp", "the ResponderID names another key", FAULT_AT_REQUEST,
     responder_id_params, &do_responder_id_wrong},
    {0},
};
