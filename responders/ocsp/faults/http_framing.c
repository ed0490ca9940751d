/* Headers and framing that lie or overdo it (RFC 9110, 8; RFC 9112, 6 and 7). */
#include <stdio.h>

#include "responders/ocsp/faults/fault.h"

static void garbage(http_answer *h, const json_t *params, const fault_context *context)
{
    (void)context;
    octets_cut(&h->body, 0);
    octets_append_seeded(&h->body, 1, (size_t)param_integer(params, "bytes"));
    /* No HTTP message starts with NUL. */
    h->body.data[0] = 0;
    h->raw = true;
}

static void content_type(http_answer *h, const json_t *params, const fault_context *context)
{
    (void)context;
    http_answer_set_header(h, "Content-Type", param_string(params, "value"));
}

static void content_type_missing(http_answer *h, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    http_answer_remove_header(h, "Content-Type");
}

static void set_length(http_answer *h, size_t length)
{
    char text[32];
    snprintf(text, sizeof(text), "%zu", length);
    http_answer_set_header(h, "Content-Length", text);
}

static void length_too_long(http_answer *h, const json_t *params, const fault_context *context)
{
    (void)context;
    set_length(h, h->body.length + (size_t)param_integer(params, "n"));
}

static void length_too_short(http_answer *h, const json_t *params, const fault_context *context)
{
    (void)context;
    size_t less = (size_t)param_integer(params, "n");
    set_length(h, less < h->body.length ? h->body.length - less : 0);
}

static void chunked(http_answer *h, const json_t *params, const fault_context *context)
{
    (void)context;
    http_answer_remove_header(h, "Content-Length");
    http_answer_set_header(h, "Transfer-Encoding", "chunked");
    h->chunks = (size_t)param_integer(params, "chunks");
}

static void header_oversized(http_answer *h, const json_t *params, const fault_context *context)
{
    (void)context;
    static const char name[] = "X-Padding";
    octets value = {0};
    /* The whole header line has that many octets: name, colon, space, value, CRLF. */
    size_t around = sizeof(name) - 1 + 4, whole = (size_t)param_integer(params, "bytes");
    octets_append_fill(&value, 'x', whole > around ? whole - around : 0);
    octets_append(&value, "", 1);
    http_answer_set_header(h, name, (const char *)value.data);
    octets_free(&value);
}

static void body_oversized(http_answer *h, const json_t *params, const fault_context *context)
{
    (void)context;
    size_t whole = (size_t)param_integer(params, "bytes");
    if (h->body.length < whole) {
        octets_append_fill(&h->body, 0, whole - h->body.length);
    }
    set_length(h, h->body.length);
}

static const fault_impl do_garbage = {.http = garbage};
static const fault_impl do_content_type = {.http = content_type};
static const fault_impl do_content_type_missing = {.http = content_type_missing};
static const fault_impl do_length_too_long = {.http = length_too_long};
static const fault_impl do_length_too_short = {.http = length_too_short};
static const fault_impl do_chunked = {.http = chunked};
static const fault_impl do_header_oversized = {.http = header_oversized};
static const fault_impl do_body_oversized = {.http = body_oversized};

static const fault_param garbage_params[] = {
    {"bytes", PARAM_INTEGER, "octets", "how many octets are sent", "64", 1, 1048576, NULL},
    {0},
};

static const fault_param type_wrong_params[] = {
    {"value", PARAM_STRING, NULL, "the Content-Type", "\"text/html\"", 0, 0, NULL},
    {0},
};

static const fault_param type_params_params[] = {
    {"value", PARAM_STRING, NULL, "the Content-Type",
     "\"application/ocsp-response; charset=utf-8\"", 0, 0, NULL},
    {0},
};

static const fault_param length_params[] = {
    {"n", PARAM_INTEGER, "octets", "by how much it differs from the body", "100", 1, 1048576, NULL},
    {0},
};

static const fault_param chunked_params[] = {
    {"chunks", PARAM_INTEGER, NULL, "in how many chunks the body is sent", "4", 1, 1000, NULL},
    {0},
};

static const fault_param header_oversized_params[] = {
    {"bytes", PARAM_INTEGER, "octets", "the length of the header line", "17000", 16, 16777216,
     NULL},
    {0},
};

static const fault_param body_oversized_params[] = {
    {"bytes", PARAM_INTEGER, "octets", "the response is filled up with zero octets to that length",
     "20000", 1, 268435456, NULL},
    {0},
};

const fault_spec http_framing_faults[] = {
    {"garbage-then-close", "B40", "http", "octets that are not HTTP, then FIN", FAULT_AT_REQUEST,
     garbage_params, &do_garbage},
    {"content-type-wrong", "B42", "http", "a Content-Type of something else", FAULT_AT_REQUEST,
     type_wrong_params, &do_content_type},
    {"content-type-missing", "B43", "http", "no Content-Type", FAULT_AT_REQUEST, NULL,
     &do_content_type_missing},
    {"content-type-params", "B44", "http", "the right Content-Type with parameters behind it",
     FAULT_AT_REQUEST, type_params_params, &do_content_type},
    {"content-length-too-long", "B46", "http", "Content-Length larger than the body",
     FAULT_AT_REQUEST, length_params, &do_length_too_long},
    {"content-length-too-short", "B47", "http", "Content-Length smaller than the body",
     FAULT_AT_REQUEST, length_params, &do_length_too_short},
    {"chunked-to-http10", "B49", "http",
     "chunked transfer coding whatever HTTP version the client speaks", FAULT_AT_REQUEST,
     chunked_params, &do_chunked},
    {"header-oversized", "B53", "http", "one header of many octets", FAULT_AT_REQUEST,
     header_oversized_params, &do_header_oversized},
    {"body-oversized", "B58", "http", "a body of many octets", FAULT_AT_REQUEST,
     body_oversized_params, &do_body_oversized},
    {0},
};
