/*
 * From a query's octets to what goes back, and the events that tell of it.
 */
#ifndef STAPLELAB_DNS_ANSWER_H
#define STAPLELAB_DNS_ANSWER_H

#include "responders/dns/responder.h"

/* Handles one message from a client.  Over TCP the connection may be doomed afterwards. */
void answer_message(server *s, const origin *o, const uint8_t *octets, size_t length);

/* Sends and logs an answer; takes over `event`. */
void answer_send(server *s, const origin *o, const uint8_t *octets, size_t length, json_t *event);

/* To be called after answer_send outside of the connection's own reading: a connection that
 * turned out to be dead is closed. */
void answer_sent(const origin *o);

/* Logs as dropped, and why, what was to be the "answer" `event`; takes it over. */
void answer_dropped(server *s, json_t *event, const char *why);

#endif
