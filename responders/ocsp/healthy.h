/*
 * The response of a responder that has no fault: what RFC 6960 and RFC 9654 ask for, from the
 * state of the certificates.  Faults start from it.
 */
#ifndef STAPLELAB_OCSP_HEALTHY_H
#define STAPLELAB_OCSP_HEALTHY_H

#include <stdint.h>

#include "responders/ocsp/codec/ocsp_request.h"
#include "responders/ocsp/model.h"
#include "responders/ocsp/store.h"

/*
 * Fills in *out (to be freed with ocsp_response_free); `now` is in Unix seconds:
 *   request NULL            malformedRequest
 *   no known issuer in it   unauthorized
 *   two known issuers in it unauthorized: one signature cannot speak for both (RFC 6960, 4.2.2.2)
 *   else successful, signed by the issuer or the signer that the state names, one
 *   SingleResponse for each CertID as it was asked; a serial that was never issued is "unknown".
 */
void ocsp_healthy_response(const ocsp_store *store, const ocsp_request *request, int64_t now,
                           ocsp_response *out);

#endif
