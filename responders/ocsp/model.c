/* See answer.h. The encoder is answer_encode.c. */
#include "responders/ocsp/model.h"

const char *response_status_name(int status)
{
    switch (status) {
    case RESPONSE_SUCCESSFUL:
        return "successful";
    case RESPONSE_MALFORMED_REQUEST:
        return "malformedRequest";
    case RESPONSE_INTERNAL_ERROR:
        return "internalError";
    case RESPONSE_TRY_LATER:
        return "tryLater";
    case RESPONSE_SIG_REQUIRED:
        return "sigRequired";
    case RESPONSE_UNAUTHORIZED:
        return "unauthorized";
    default:
        return "unassigned";
    }
}

void answer_free(answer *a)
{
    for (size_t i = 0; i < a->nsingles; i++) {
        octets_free(&a->singles[i].algorithm);
        octets_free(&a->singles[i].issuer_name_hash);
        octets_free(&a->singles[i].issuer_key_hash);
        octets_free(&a->singles[i].serial);
    }
    a->nsingles = 0;
    octets_free(&a->responder_id);
    octets_free(&a->nonce);
    octets_free(&a->replacement);
    octets_free(&a->trailing);
}

void answer_set_responder(answer *a, responder_id_form form, const certificate *c)
{
    octets_cut(&a->responder_id, 0);
    a->responder_form = form;
    if (form == RESPONDER_BY_NAME) {
        octets_append_span(&a->responder_id, octets_span(&c->subject));
    } else {
        octets_append_span(&a->responder_id, certificate_key_hash(c, HASH_SHA1));
    }
}

void answer_set_signer(answer *a, const certificate *c, bool embed)
{
    a->signer = c;
    a->embedded = embed ? c : NULL;
    answer_set_responder(a, RESPONDER_BY_KEY, c);
}

void answer_set_error(answer *a, int response_status)
{
    a->response_status = response_status;
    a->has_response_bytes = false;
}
