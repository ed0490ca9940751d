/* The inside of the control API: what its files know of each other. */
#ifndef STAPLELAB_CONTROL_INTERNAL_H
#define STAPLELAB_CONTROL_INTERNAL_H

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "responders/control/control.h"

#define CONTROL_BODY_MAX      (1024 * 1024)
#define CONTROL_TOKEN_MIN     16
#define CONTROL_BOUND_DEFAULT 5000
#define CONTROL_BOUND_MAX     600000

typedef struct control_wait control_wait;

/* The listening socket. */
typedef struct {
    int fd;
    char where[160];   /* as control_where gives it */
    char path[108];    /* "" for TCP */
    struct stat inode; /* of `path`, so that only our own socket is removed */
} control_socket;

struct control {
    const control_ops *ops;
    struct event_base *base;
    struct evhttp *http;
    char *token; /* NULL: none needed */
    control_socket socket;
    control_wait *waits;
    struct event *appended; /* something was appended to the event log */
    struct event *settled;  /* nothing else was left to do in this pass of the loop */
};

/* One request on its way through the routes. */
typedef struct {
    struct evhttp_request *http;
    const char *method; /* "GET" for HEAD too */
    char *path;         /* decoded */
    struct evkeyvalq query;
    json_t *body; /* NULL when there is none */
} exchange;

typedef enum {
    OUTCOME_ANSWER,  /* *answer is the body of a 200 */
    OUTCOME_PROBLEM, /* *p is to be answered */
    OUTCOME_TAKEN,   /* answered otherwise, or to be answered later */
} outcome;

/* control_socket.c: opens what `where` says and listens. 0, or -1 with *p. */
int control_socket_open(control_socket *s, const char *where, problem *p);
void control_socket_close(control_socket *s); /* all but the descriptor, which evhttp owns */

/* control_http.c */
void control_http_handle(struct evhttp_request *request, void *arg);
void control_http_send(struct evhttp_request *request, int status, const char *type,
                       struct evbuffer *body); /* frees the body */
void control_http_answer(struct evhttp_request *request, int status, json_t *body); /* steals */
/* `more`, when not NULL, is taken over: its members are added to the problem. */
void control_http_problem(struct evhttp_request *request, const problem *p, json_t *more);

/* control_routes.c */
outcome control_route(control *c, const exchange *x, json_t **answer, problem *p);
json_t *control_ready(const control_ops *ops, const char *where); /* the body of /v1/ready */

/* control_metrics.c: takes the exchange. */
outcome control_metrics(control *c, const exchange *x, json_t **answer, problem *p);

/* control_wait.c: the long polls. */
outcome control_wait_events(control *c, const exchange *x, json_t **answer, problem *p);
outcome control_wait_quiet(control *c, const exchange *x, json_t **answer, problem *p);
void control_waits_appended(control *c); /* judges those that wait for events */
void control_waits_settled(control *c);  /* judges all of them */
void control_waits_free(control *c);     /* leaves their requests to evhttp_free */

#endif
