/*
 * The UDP side of a listener.
 */
#ifndef STAPLELAB_DNS_UDP_H
#define STAPLELAB_DNS_UDP_H

#include "responders/dns/responder.h"

/* Starts to read from l->udp.  0, or -1 with errno. */
int udp_start(listener *l);
void udp_stop(listener *l);

/* Sends one datagram back to where the query came from.  0, or -1 with errno. */
int udp_send(const origin *o, const uint8_t *octets, size_t length);

#endif
