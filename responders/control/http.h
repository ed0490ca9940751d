/* One request to the control API, read out of what evhttp has parsed. */
#ifndef STAPLELAB_CONTROL_HTTP_H
#define STAPLELAB_CONTROL_HTTP_H

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <jansson.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "harness/base/problem.h"

#define CONTROL_HEAD_MAX  (16 * 1024)
#define CONTROL_BODY_MAX  (1024 * 1024)
#define CONTROL_TOKEN_MIN 16

typedef struct {
    struct evhttp_request *http;
    const char *method; /* "GET" for HEAD too */
    char *path;         /* decoded */
    struct evkeyvalq query;
    json_t *body; /* NULL when there is none */
} control_request;

/* Whether the caller has sent the token (NULL: none is needed). */
bool control_http_authorised(const char *token, struct evhttp_request *request);

/* Whether the value of an Authorization header is "Bearer" and the token. */
bool control_http_is_token(const char *token, const char *value);

/* Whether a page in a browser may have sent the request, or had it sent here by its own name for
 * this address (DNS rebinding): it has an Origin, or a Host that is neither an IP address nor a
 * name without a dot.  Then *p says so. */
bool control_http_is_of_a_page(struct evhttp_request *request, problem *p);

/* Checks the form of a token (RFC 6750, 2.1). 0, or -1 with *p. */
int control_http_check_token(const char *token, problem *p);

/* Reads the request. 0, or -1 with *p; *out is to be cleared in any case. */
int control_request_read(struct evhttp_request *request, control_request *out, problem *p);
void control_request_clear(control_request *x);

#endif
