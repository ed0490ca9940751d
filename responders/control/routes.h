/* What the control API can be asked: one function a resource and method. */
#ifndef STAPLELAB_CONTROL_ROUTES_H
#define STAPLELAB_CONTROL_ROUTES_H

#include <jansson.h>

#include "harness/base/problem.h"
#include "responders/control/http.h"
#include "responders/control/ops.h"
#include "responders/control/waits.h"

/* What the routes work with. */
typedef struct {
    const control_ops *ops;
    control_waits *waits;
    const char *where; /* the address served */
} control_routes;

/* Responds to the request: 0 and *body is a new object for a 200, or NULL when the response was
 * sent already or comes later; or -1 with *p, which is to be sent. */
int control_route(const control_routes *r, const control_request *x, json_t **body, problem *p);

/* The body of /v1/ready; `where` is NULL where no API is served. */
json_t *control_ready(const control_ops *ops, const char *where);

#endif
