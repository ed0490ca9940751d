/*
 * The response to a GET as far as a client needs it: its status, and where it ends. No octet of it
 * is trusted.
 */
#ifndef STAPLELAB_GET_RESPONSE_H
#define STAPLELAB_GET_RESPONSE_H

#include <stdbool.h>

#include "harness/base/problem.h"
#include "harness/base/span.h"

typedef struct {
    int status; /* 0 while it is not known */
    span body;  /* as far as it came; it points into the octets that were read */
    bool coded; /* it has a Transfer-Encoding: the body is not what was sent */
} get_response;

/* Reads what has come of a response; `ended`: no more will. 1 when it is whole, 0 when more has to
 * come, or -1 with *p when it is none or was cut short; *out is as far as it goes in any case.
 * Interim responses (status 1xx) before it are passed over. */
int get_response_read(span data, bool ended, get_response *out, problem *p);

#endif
