/* CertID (RFC 6960, 4.1.1): how a request names a certificate. */
#ifndef STAPLELAB_OCSP_CODEC_CERT_ID_H
#define STAPLELAB_OCSP_CODEC_CERT_ID_H

#include "responders/ocsp/codec/hash.h"

/* All spans point into the request that the CertID was read from. */
typedef struct {
    hash_kind hash;
    span algorithm; /* the whole AlgorithmIdentifier, so that it can be echoed as asked */
    span issuer_name_hash;
    span issuer_key_hash;
    span serial; /* the value of the INTEGER: big-endian, two's complement */
} cert_id;

#endif
