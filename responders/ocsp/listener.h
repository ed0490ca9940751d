/*
 * The listening sockets, and the faults that change them: nothing listens (RST to SYN), or
 * the accept queue is full (SYN is dropped).
 */
#ifndef STAPLELAB_OCSP_LISTENER_H
#define STAPLELAB_OCSP_LISTENER_H

#include <jansson.h>

#include "harness/base/problem.h"
#include "responders/ocsp/responder.h"
#include "responders/program/program.h"

/* Binds and listens; *e gets the port that the kernel chose. 0, or -1 with *p. */
int listener_open(service *s, endpoint *e, problem *p);
void listeners_free(service *s);

/* Puts the listener faults of the rules in force and takes back those that are gone, with
 * an event "listener" for each change. 0, or -1 with *p. */
int listeners_follow_rules(service *s, problem *p);

/* Accepts again after descriptors had run out. */
void listeners_resume(service *s);

/* [{"name", "address", "port", "state"}], a new array. */
json_t *listeners_to_json(const service *s);

#endif
