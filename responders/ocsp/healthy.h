/*
 * The answer of a responder that has no fault: what RFC 6960 and RFC 9654 ask for, from the
 * state of the certificates.  Faults start from it.
 */
#ifndef STAPLELAB_OCSP_HEALTHY_H
#define STAPLELAB_OCSP_HEALTHY_H

#include <stdint.h>

#include "responders/ocsp/codec/ocsp_request.h"
#include "responders/ocsp/model.h"
#include "responders/ocsp/store.h"

/*
 * Fills in *out (to be freed with answer_free):
 *   request NULL            malformedRequest
 *   no known issuer in it   unauthorized
 *   else successful, signed by the (first known) issuer or the signer that the state names, one
 *   SingleResponse for each CertID as it was asked; a serial that was never issued is "unknown".
 */
void healthy_answer(const certificates *c, const ocsp_request *request, int64_t now, answer *out);

#endif
