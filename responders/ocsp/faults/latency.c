/* When the octets of an answer are written. All times run on the program's clock. */
#include <string.h>

#include "responders/ocsp/faults/fault.h"

static void fixed_latency(delivery *d, const json_t *params, const fault_context *context)
{
    (void)context;
    d->delay_ms = param_integer(params, "ms");
    d->pause_at = strcmp(param_string(params, "before"), "body") == 0 ? d->head : 0;
}

static void slow_headers(delivery *d, const json_t *params, const fault_context *context)
{
    (void)context;
    d->drip_from = 0;
    d->drip_to = d->head;
    d->chunk = (size_t)param_integer(params, "bytes");
    d->interval_ms = param_integer(params, "ms");
}

static void slow_body(delivery *d, const json_t *params, const fault_context *context)
{
    (void)context;
    d->drip_from = d->head;
    d->drip_to = d->wire.length;
    d->chunk = (size_t)param_integer(params, "chunk");
    d->interval_ms = param_integer(params, "ms");
}

static const fault_impl do_fixed_latency = {.transport = fixed_latency};
static const fault_impl do_slow_headers = {.transport = slow_headers};
static const fault_impl do_slow_body = {.transport = slow_body};

static const char *const befores[] = {"headers", "body", NULL};

static const fault_param fixed_latency_params[] = {
    {"ms", PARAM_INTEGER, "ms", "how long the answer waits", "2000", 1, 86400000, NULL},
    {"before", PARAM_CHOICE, NULL, "what waits: the whole answer or its body", "\"headers\"", 0, 0,
     befores},
    {0},
};

static const fault_param slow_headers_params[] = {
    {"bytes", PARAM_INTEGER, "octets", "how many octets are written at a time", "1", 1, 1048576,
     NULL},
    {"ms", PARAM_INTEGER, "ms", "the time from one write to the next", "1000", 1, 86400000, NULL},
    {0},
};

static const fault_param slow_body_params[] = {
    {"chunk", PARAM_INTEGER, "octets", "how many octets are written at a time", "1", 1, 1048576,
     NULL},
    {"ms", PARAM_INTEGER, "ms", "the time from one write to the next", "1000", 1, 86400000, NULL},
    {0},
};

const fault_spec latency_faults[] = {
    {"fixed-latency", "B18", "tcp", "the answer comes later", FAULT_AT_REQUEST,
     fixed_latency_params, &do_fixed_latency},
    {"slow-headers", "B21", "tcp", "status line and headers come drop by drop", FAULT_AT_REQUEST,
     slow_headers_params, &do_slow_headers},
    {"slow-body", "B22", "tcp", "the body comes drop by drop", FAULT_AT_REQUEST, slow_body_params,
     &do_slow_body},
    {0},
};
