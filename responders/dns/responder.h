/*
 * The name server as a whole: the store, the sockets, what the control API may ask of it.
 */
#ifndef STAPLELAB_DNS_RESPONDER_H
#define STAPLELAB_DNS_RESPONDER_H

#include "responders/dns/store.h"
#include "responders/program/program.h"

typedef struct dns_responder dns_responder;

dns_responder *dns_responder_new(void);
void dns_responder_free(dns_responder *r);

dns_store *dns_responder_store(const dns_responder *r);

/* As program.h asks for them; `arg` is the dns_responder. */
int dns_responder_start(void *arg, struct event_base *base, const program_options *o,
                        rule_set *rules, event_log *events, control_ops *ops, problem *p);
void dns_responder_started(void *arg, control *c);
void dns_responder_stop(void *arg);

#endif
