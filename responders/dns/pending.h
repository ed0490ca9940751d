/*
 * Answers that wait for the (lab) clock before they are sent.
 */
#ifndef STAPLELAB_DNS_PENDING_H
#define STAPLELAB_DNS_PENDING_H

#include "responders/dns/responder.h"

/* Makes the timer; frees it and all that waits.  0, or -1 when memory is short. */
int pending_start(server *s);
void pending_stop(server *s);

/* Keeps a copy of the octets and takes over `event`, the "answer" to be logged when they are
 * sent in `ms`.  0, or -1 when there are too many (then the event is still the caller's). */
int pending_add(server *s, const origin *o, const dns_octets *octets, int64_t ms, json_t *event);

/* Forgets what was to be sent on that connection (NULL: everything); each is logged as dropped. */
void pending_forget(server *s, const connection *c, const char *why);

#endif
