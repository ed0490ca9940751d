/* See model.h. */
#include "responders/ocsp/model.h"

#include <stdlib.h>

#include "harness/base/memory.h"

const char *ocsp_response_status_name(int status)
{
    switch (status) {
    case OCSP_SUCCESSFUL:
        return "successful";
    case OCSP_MALFORMED_REQUEST:
        return "malformedRequest";
    case OCSP_INTERNAL_ERROR:
        return "internalError";
    case OCSP_TRY_LATER:
        return "tryLater";
    case OCSP_SIG_REQUIRED:
        return "sigRequired";
    case OCSP_UNAUTHORIZED:
        return "unauthorized";
    default:
        return "unassigned";
    }
}

void ocsp_response_free(ocsp_response *r)
{
    for (size_t i = 0; i < r->nsingles; i++) {
        octets_free(&r->singles[i].algorithm);
        octets_free(&r->singles[i].issuer_name_hash);
        octets_free(&r->singles[i].issuer_key_hash);
        octets_free(&r->singles[i].serial);
    }
    free(r->singles);
    octets_free(&r->responder_id);
    octets_free(&r->nonce);
    *r = (ocsp_response){0};
}

ocsp_single *ocsp_response_add_single(ocsp_response *r)
{
    r->singles = memory_resize(r->singles, r->nsingles + 1, sizeof(r->singles[0]));
    r->singles[r->nsingles] = (ocsp_single){0};
    return &r->singles[r->nsingles++];
}

void ocsp_response_set_responder(ocsp_response *r, ocsp_responder_form form,
                                 const ocsp_certificate *c)
{
    octets_cut(&r->responder_id, 0);
    r->responder_form = form;
    if (form == OCSP_BY_NAME) {
        octets_append_span(&r->responder_id, octets_span(&c->subject));
    } else {
        octets_append_span(&r->responder_id, ocsp_certificate_key_hash(c, HASH_SHA1));
    }
}

void ocsp_response_set_signer(ocsp_response *r, const ocsp_certificate *c, bool embed)
{
    r->signer = c;
    r->embedded = embed ? c : NULL;
    ocsp_response_set_responder(r, OCSP_BY_KEY, c);
}
