/* What the control API sends back: JSON, an RFC 9457 problem, or text. */
#ifndef STAPLELAB_CONTROL_REPLY_H
#define STAPLELAB_CONTROL_REPLY_H

#include <event2/buffer.h>
#include <event2/http.h>
#include <jansson.h>

#include "harness/base/problem.h"

/* Sends the body, which is freed. */
void control_reply(struct evhttp_request *request, int status, const char *type,
                   struct evbuffer *body);

/* Sends the JSON, whose reference is taken over. */
void control_reply_json(struct evhttp_request *request, int status, json_t *body);

/* Sends the problem. `more`, when not NULL, is taken over: its members are added to it. */
void control_reply_problem(struct evhttp_request *request, const problem *p, json_t *more);

#endif
