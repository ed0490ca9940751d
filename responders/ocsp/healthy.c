/* See healthy.h. */
#include "responders/ocsp/healthy.h"

static void fill_single(const certificates *c, const cert_id *id, const certificate *found,
                        const certificate *issuer, int64_t now, single_response *s)
{
    *s = (single_response){.issuer = issuer, .status = CERT_UNKNOWN, .reason = -1};
    octets_append_span(&s->algorithm, id->algorithm);
    octets_append_span(&s->issuer_name_hash, id->issuer_name_hash);
    octets_append_span(&s->issuer_key_hash, id->issuer_key_hash);
    octets_append_span(&s->serial, id->serial);
    s->this_update = now;
    s->has_next_update = true;
    s->next_update = now + c->validity;
    if (found != NULL) {
        const certificate_state *state = &found->state;
        s->status = state->status;
        s->reason = state->reason;
        s->revocation_time = state->revocation_time;
        s->this_update = now + state->this_update;
        s->has_next_update = state->has_validity;
        s->next_update = now + state->validity;
    }
}

void healthy_answer(const certificates *c, const ocsp_request *request, int64_t now, answer *out)
{
    *out = (answer){.response_status = RESPONSE_MALFORMED_REQUEST, .produced_at = now};
    if (request == NULL) {
        return;
    }
    out->response_status = RESPONSE_UNAUTHORIZED;
    for (size_t i = 0; i < request->ncerts; i++) {
        const certificate *issuer;
        const certificate *found = certificates_find(c, &request->certs[i], &issuer);
        fill_single(c, &request->certs[i], found, issuer, now, &out->singles[out->nsingles++]);
        if (issuer == NULL || out->signer != NULL) {
            continue;
        }
        out->response_status = RESPONSE_SUCCESSFUL;
        out->has_response_bytes = true;
        if (found != NULL && found->state.signer != NULL) {
            answer_set_signer(out, found->state.signer, found->state.signer != issuer);
        } else {
            answer_set_signer(out, issuer, false);
        }
    }
    octets_append_span(&out->nonce, request->nonce);
}
