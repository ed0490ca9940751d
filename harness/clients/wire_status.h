/*
 * Whether a CertificateStatus stood in a server's messages, and how long it was. libssl reports
 * a zero-length one as a failure of its own, not as what it is: there, and empty.
 */
#ifndef STAPLELAB_WIRE_STATUS_H
#define STAPLELAB_WIRE_STATUS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    bool seen;
    bool malformed; /* it is no CertificateStatus with an OCSP response; then `seen` is not set */
    size_t length;  /* of the OCSP response in it */
} wire_status;

/* Looks into one handshake message from the server, header included: a CertificateStatus
 * (RFC 6066 8), or in TLS 1.3 the first entry of a Certificate (RFC 8446 4.4.2.1). Other
 * messages, and malformed ones around it, leave *status as it is. */
void wire_status_observe(wire_status *status, bool tls13, const unsigned char *message,
                         size_t length);

#endif
