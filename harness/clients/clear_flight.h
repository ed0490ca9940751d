/*
 * What a TLS 1.2 server says in the clear, up to its ServerHelloDone, read beside libssl: that one
 * takes no CertificateStatus of more than 16,384 octets, and a server may send up to 16 MiB.
 */
#ifndef STAPLELAB_CLEAR_FLIGHT_H
#define STAPLELAB_CLEAR_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/base/octets.h"

/* What libssl takes of one CertificateStatus message without its header. */
#define CLEAR_FLIGHT_LIBSSL_MAX 16384

typedef struct {
    octets record;       /* the beginning of a record */
    octets messages;     /* handshake messages, from one that is not whole yet */
    bool over;           /* nothing more is to be had from what follows */
    bool large;          /* a CertificateStatus has begun that libssl does not take */
    octets status;       /* its body, when it is whole */
    octets key_exchange; /* the body of the ServerKeyExchange after it */
} clear_flight;

/* Takes octets as they come from the server; a clear_flight begins as {0}. */
void clear_flight_feed(clear_flight *f, span in);

void clear_flight_free(clear_flight *f);

#endif
