/* How a connection comes to be and how it ends (RFC 9293). */
#include "responders/ocsp/faults/fault.h"

/* A position in the head or the body: the octets before it are written. */
static size_t position(json_int_t at, size_t length)
{
    if (at < 0) {
        return length / 2;
    }
    return (size_t)at < length ? (size_t)at : length;
}

static void silence(delivery *d, const json_t *params, const fault_context *context)
{
    (void)context;
    d->end = THEN_HOLD;
    d->hold_ms = param_integer(params, "ms");
}

static void fin_at_once(delivery *d, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    d->cut = 0;
    d->end = THEN_FIN;
}

static void rst_at_once(delivery *d, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    d->cut = 0;
    d->end = THEN_RST;
}

/* The client's kernel tells it of a reset at once, its send() or its recv(), whichever comes next:
 * that what it sends is waited for makes it the recv(), every time. */
static void rst_on_accept(delivery *d, const json_t *params, const fault_context *context)
{
    (void)context;
    d->cut = 0;
    d->end = param_boolean(params, "wait") ? THEN_RST_UNREAD : THEN_RST;
}

static void rst_mid_body(delivery *d, const json_t *params, const fault_context *context)
{
    (void)context;
    d->cut = d->head + position(param_integer(params, "at"), d->wire.length - d->head);
    d->end = THEN_RST;
}

static void fin_mid_headers(delivery *d, const json_t *params, const fault_context *context)
{
    (void)context;
    /* One octet short of the head at most: else it would be whole. */
    size_t at = position(param_integer(params, "at"), d->head);
    d->cut = at == d->head && at > 0 ? at - 1 : at;
}

static void truncated_body(delivery *d, const json_t *params, const fault_context *context)
{
    (void)context;
    d->cut = d->head + position(param_integer(params, "at"), d->wire.length - d->head);
}

static void keepalive_head(http_answer *h, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    http_answer_set_header(h, "Connection", "keep-alive");
}

static void keepalive_end(delivery *d, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    d->end = THEN_HOLD;
}

static const fault_impl do_refused = {.listener = LISTENER_CLOSED};
static const fault_impl do_connect_timeout = {.listener = LISTENER_BACKLOG_FULL};
static const fault_impl do_silence = {.transport = silence};
static const fault_impl do_fin_at_once = {.transport = fin_at_once};
static const fault_impl do_rst_on_accept = {.transport = rst_on_accept};
static const fault_impl do_rst_at_once = {.transport = rst_at_once};
static const fault_impl do_rst_mid_body = {.transport = rst_mid_body};
static const fault_impl do_fin_mid_headers = {.transport = fin_mid_headers};
static const fault_impl do_truncated_body = {.transport = truncated_body};
static const fault_impl do_keepalive = {.http = keepalive_head, .transport = keepalive_end};

static const fault_param silence_params[] = {
    {"ms", PARAM_INTEGER, "ms", "closed after that time; 0: never", "0", 0, 86400000, NULL},
    {0},
};

static const fault_param rst_on_accept_params[] = {
    {"wait", PARAM_BOOLEAN, NULL,
     "until the client has sent something; false: at once, which its send() may notice or its "
     "recv()",
     "true", 0, 0, NULL},
    {0},
};

static const fault_param body_at_params[] = {
    {"at", PARAM_INTEGER, "octets", "how many octets of the body are written; -1: half", "-1", -1,
     1073741824, NULL},
    {0},
};

static const fault_param head_at_params[] = {
    {"at", PARAM_INTEGER, "octets",
     "how many octets of status line and headers are written; -1: half, behind the status line",
     "-1", -1, 1048576, NULL},
    {0},
};

const fault_spec connect_close_faults[] = {
    {"connection-refused", "B01", "tcp", "nothing listens: RST in answer to SYN", FAULT_ON_LISTENER,
     NULL, &do_refused},
    {"connect-timeout", "B02", "tcp", "the accept queue is full: SYN is dropped", FAULT_ON_LISTENER,
     NULL, &do_connect_timeout},
    {"accept-then-silence", "B04", "tcp", "accepted, never answered", FAULT_AT_ACCEPT,
     silence_params, &do_silence},
    {"accept-then-fin", "B05", "tcp", "FIN before any octet", FAULT_AT_ACCEPT, NULL,
     &do_fin_at_once},
    {"rst-on-accept", "B06", "tcp", "accepted, then RST before anything is read", FAULT_AT_ACCEPT,
     rst_on_accept_params, &do_rst_on_accept},
    {"rst-after-request", "B07", "tcp", "RST once the request was read", FAULT_AT_REQUEST, NULL,
     &do_rst_at_once},
    {"rst-mid-body", "B08", "tcp", "RST inside the body", FAULT_AT_REQUEST, body_at_params,
     &do_rst_mid_body},
    {"fin-mid-headers", "B10", "tcp", "FIN inside the status line or the headers", FAULT_AT_REQUEST,
     head_at_params, &do_fin_mid_headers},
    {"truncated-body", "B11", "tcp", "fewer octets than Content-Length says, then FIN",
     FAULT_AT_REQUEST, body_at_params, &do_truncated_body},
    {"no-close-keepalive", "B13", "tcp", "a whole answer, then the connection is left open",
     FAULT_AT_REQUEST, NULL, &do_keepalive},
    {0},
};
