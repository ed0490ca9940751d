/*
 * The TCP side of a listener and its connections (RFC 1035 4.2.2, RFC 7766).
 */
#ifndef STAPLELAB_DNS_TCP_H
#define STAPLELAB_DNS_TCP_H

#include "responders/dns/responder.h"

/* Starts to accept on l->tcp.  0, or -1 with errno. */
int tcp_start(listener *l);
void tcp_stop(listener *l);

/* Queues one message with its length before it and sends what the peer takes now. */
void tcp_send(connection *c, const uint8_t *octets, size_t length);

/* Has the connection reset once its reading is done; takes over `event`, the fields that its
 * "close" is to carry besides. */
void tcp_doom(connection *c, json_t *event);

/* Closes the connection if it is doomed or dead. */
void tcp_settle(connection *c);

uint64_t tcp_number(const connection *c);

/* Closes every connection without a word, for a reset and the end. */
void tcp_close_all(server *s);

/* How many connections wait for something that we could do now. */
size_t tcp_owed(const server *s);

#endif
