/* See healthy.h. */
#include "responders/ocsp/healthy.h"

#include <string.h>

static void fill_single(const ocsp_store *store, const cert_id *id, const ocsp_certificate *found,
                        const ocsp_certificate *issuer, int64_t now, ocsp_single *s)
{
    s->issuer = issuer;
    octets_append_span(&s->algorithm, id->algorithm);
    octets_append_span(&s->issuer_name_hash, id->issuer_name_hash);
    octets_append_span(&s->issuer_key_hash, id->issuer_key_hash);
    octets_append_span(&s->serial, id->serial);
    const ocsp_certificate_state state = ocsp_store_state(store, found, issuer);
    s->status = state.status;
    s->reason = state.reason;
    s->revocation_time = state.revocation_time;
    s->this_update = now + state.this_update;
    s->has_next_update = state.has_validity;
    s->next_update = now + state.validity;
}

static bool same(const octets *a, const octets *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

/* Two manifests may hold the same authority. */
static bool is_same_authority(const ocsp_certificate *a, const ocsp_certificate *b)
{
    return same(&a->subject, &b->subject) && same(&a->key_bits, &b->key_bits);
}

static void refuse(ocsp_response *out, int status)
{
    out->status = status;
    out->has_bytes = false;
}

void ocsp_healthy_response(const ocsp_store *store, const ocsp_request *request, int64_t now,
                           ocsp_response *out)
{
    const ocsp_certificate *authority = NULL;

    *out = (ocsp_response){.status = OCSP_MALFORMED_REQUEST, .produced_at = now};
    if (request == NULL) {
        return;
    }
    out->status = OCSP_UNAUTHORIZED;
    for (size_t i = 0; i < request->ncerts; i++) {
        const ocsp_certificate *issuer;
        const ocsp_certificate *found = ocsp_store_find(store, &request->certs[i], &issuer);
        fill_single(store, &request->certs[i], found, issuer, now, ocsp_response_add_single(out));
        if (issuer == NULL) {
            continue;
        }
        if (authority != NULL) {
            if (!is_same_authority(authority, issuer)) {
                refuse(out, OCSP_UNAUTHORIZED);
            }
            continue;
        }
        authority = issuer;
        out->status = OCSP_SUCCESSFUL;
        out->has_bytes = true;
        if (found != NULL && found->state.signer != NULL) {
            ocsp_response_set_signer(out, found->state.signer, found->state.signer != issuer);
        } else {
            ocsp_response_set_signer(out, issuer, false);
        }
    }
    octets_append_span(&out->nonce, request->nonce);
}
