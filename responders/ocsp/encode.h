/*
 * The DER of an OCSP response (RFC 6960, 4.2.1).  Nothing is checked: what a fault has put into the
 * response is written.
 */
#ifndef STAPLELAB_OCSP_ENCODE_H
#define STAPLELAB_OCSP_ENCODE_H

#include "harness/base/octets.h"
#include "harness/base/problem.h"
#include "responders/ocsp/model.h"

/* Encodes and signs the response (which has a signer if it has responseBytes) and appends it to
 * *der. 0, or -1 with *p, and nothing appended, when it cannot be signed. */
int ocsp_response_encode(const ocsp_response *r, octets *der, problem *p);

#endif
