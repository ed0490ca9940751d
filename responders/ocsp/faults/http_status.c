/* Status codes other than 200, and a 200 that is not ours (RFC 9110, 15). */
#include "responders/ocsp/faults/fault.h"

static void status(http_answer *h, const json_t *params, const fault_context *context)
{
    (void)context;
    const char *type = param_string(params, "content_type");
    http_answer_set_plain(h, (int)param_integer(params, "code"));
    if (type != NULL) {
        http_answer_set_header(h, "Content-Type", type);
    }
}

static void redirect(http_answer *h, const json_t *params, const fault_context *context)
{
    (void)context;
    http_answer_set_plain(h, (int)param_integer(params, "code"));
    http_answer_set_header(h, "Location", param_string(params, "target"));
}

static void captive_portal(http_answer *h, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    static const char page[] = "<!DOCTYPE html><html><head><title>Sign in</title></head>"
                               "<body>Please sign in to use this network.</body></html>\n";
    http_answer_set_header(h, "Content-Type", "text/html");
    http_answer_set_body(h, page, sizeof(page) - 1);
}

static void fail_first_n(http_answer *h, const json_t *params, const fault_context *context)
{
    if (context->ordinal < (uint64_t)param_integer(params, "n")) {
        http_answer_set_plain(h, (int)param_integer(params, "code"));
    }
}

static const fault_impl do_status = {.http = status};
static const fault_impl do_redirect = {.http = redirect};
static const fault_impl do_captive_portal = {.http = captive_portal};
static const fault_impl do_fail_first_n = {.http = fail_first_n};

static const fault_param http_4xx_params[] = {
    {"code", PARAM_INTEGER, NULL, "the status code", "404", 400, 499, NULL},
    {"content_type", PARAM_STRING, NULL, "Content-Type; null: none", "null", 0, 0, NULL},
    {0},
};

static const fault_param http_5xx_params[] = {
    {"code", PARAM_INTEGER, NULL, "the status code", "503", 500, 599, NULL},
    {"content_type", PARAM_STRING, NULL, "Content-Type; null: none", "null", 0, 0, NULL},
    {0},
};

static const fault_param redirect_params[] = {
    {"code", PARAM_INTEGER, NULL, "the status code", "302", 300, 399, NULL},
    {"target", PARAM_STRING, NULL, "the Location", "\"/moved\"", 0, 0, NULL},
    {0},
};

static const fault_param fail_first_n_params[] = {
    {"n", PARAM_INTEGER, NULL, "how many requests fail before it is good", "1", 0, 1000000, NULL},
    {"code", PARAM_INTEGER, NULL, "the status code of the failures", "503", 400, 599, NULL},
    {0},
};

const fault_spec http_status_faults[] = {
    {"http-4xx", "B30", "http", "a 4xx status without a body", FAULT_AT_REQUEST, http_4xx_params,
     &do_status},
    {"http-5xx", "B31", "http", "a 5xx status without a body", FAULT_AT_REQUEST, http_5xx_params,
     &do_status},
    {"http-redirect", "B33", "http", "a 3xx status with a Location", FAULT_AT_REQUEST,
     redirect_params, &do_redirect},
    {"captive-portal", "B37", "http", "200 with a page of HTML", FAULT_AT_REQUEST, NULL,
     &do_captive_portal},
    {"fail-first-n", "B71", "http", "n requests fail, then it is good", FAULT_AT_REQUEST,
     fail_first_n_params, &do_fail_first_n},
    {0},
};
