/*
 * The stub's beginning and end, in the form that program.h asks for; `arg` is a server whose
 * records and memory are there and whose rest is zero.
 */
#ifndef STAPLELAB_DNS_START_H
#define STAPLELAB_DNS_START_H

#include "responders/dns/responder.h"

int server_start(void *arg, struct event_base *base, program_options *o, rule_set *rules,
                 event_log *events, control_ops *ops, problem *p);
void server_started(void *arg, control *c);
void server_stop(void *arg);

#endif
