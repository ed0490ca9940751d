/* The OCSPResponse around the answer: its status, its octets as a whole (RFC 6960, 4.2.1). */
#include "responders/ocsp/faults/fault.h"

static void malformed_request(answer *a, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    answer_set_error(a, RESPONSE_MALFORMED_REQUEST);
}

static void internal_error(answer *a, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    answer_set_error(a, RESPONSE_INTERNAL_ERROR);
}

static void try_later(answer *a, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    answer_set_error(a, RESPONSE_TRY_LATER);
}

static void sig_required(answer *a, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    answer_set_error(a, RESPONSE_SIG_REQUIRED);
}

static void unauthorized(answer *a, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    answer_set_error(a, RESPONSE_UNAUTHORIZED);
}

static void success_without_bytes(answer *a, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    answer_set_error(a, RESPONSE_SUCCESSFUL);
}

static void empty_response(answer *a, const json_t *params, const fault_context *context)
{
    (void)params, (void)context;
    a->replaced = true;
}

static void not_der(answer *a, const json_t *params, const fault_context *context)
{
    (void)context;
    a->replaced = true;
    octets_append_seeded(&a->replacement, (uint64_t)param_integer(params, "seed"),
                         (size_t)param_integer(params, "length"));
    /* A SEQUENCE by chance would be DER of a kind: tag number 31 with its octets unfinished
     * never is. */
    a->replacement.data[0] = 0xff;
}

static void der_truncated(answer *a, const json_t *params, const fault_context *context)
{
    (void)context;
    a->cut = true;
    a->cut_at = (long)param_integer(params, "at");
}

static void der_trailing_garbage(answer *a, const json_t *params, const fault_context *context)
{
    (void)context;
    octets_append_fill(&a->trailing, (uint8_t)param_integer(params, "fill"),
                       (size_t)param_integer(params, "bytes"));
}

static const fault_impl do_malformed_request = {.content = malformed_request};
static const fault_impl do_internal_error = {.content = internal_error};
static const fault_impl do_try_later = {.content = try_later};
static const fault_impl do_sig_required = {.content = sig_required};
static const fault_impl do_unauthorized = {.content = unauthorized};
static const fault_impl do_success_without_bytes = {.content = success_without_bytes};
static const fault_impl do_empty_response = {.content = empty_response};
static const fault_impl do_not_der = {.content = not_der};
static const fault_impl do_der_truncated = {.content = der_truncated};
static const fault_impl do_der_trailing_garbage = {.content = der_trailing_garbage};

static const fault_param not_der_params[] = {
    {"length", PARAM_INTEGER, "octets", "how many octets are sent", "64", 1, 1048576, NULL},
    {"seed", PARAM_INTEGER, NULL, "what the octets are made from", "1", 0, INT32_MAX, NULL},
    {0},
};

static const fault_param der_truncated_params[] = {
    {"at", PARAM_INTEGER, "octets", "how many octets are kept; -1: the first half", "-1", -1,
     1048576, NULL},
    {0},
};

static const fault_param trailing_params[] = {
    {"bytes", PARAM_INTEGER, "octets", "how many octets follow the response", "70", 1, 1048576,
     NULL},
    {"fill", PARAM_INTEGER, NULL, "the value of each of them", "170", 0, 255, NULL},
    {0},
};

const fault_spec envelope_faults[] = {
    {"status-malformed-request", "A01", "ocsp", "OCSPResponseStatus malformedRequest (1)",
     FAULT_AT_REQUEST, NULL, &do_malformed_request},
    {"status-internal-error", "A02", "ocsp", "OCSPResponseStatus internalError (2)",
     FAULT_AT_REQUEST, NULL, &do_internal_error},
    {"status-try-later", "A03", "ocsp", "OCSPResponseStatus tryLater (3)", FAULT_AT_REQUEST, NULL,
     &do_try_later},
    {"status-sig-required", "A04", "ocsp", "OCSPResponseStatus sigRequired (5)", FAULT_AT_REQUEST,
     NULL, &do_sig_required},
    {"status-unauthorized", "A05", "ocsp", "OCSPResponseStatus unauthorized (6)", FAULT_AT_REQUEST,
     NULL, &do_unauthorized},
    {"success-without-response-bytes", "A09", "ocsp",
     "OCSPResponseStatus successful (0) but no responseBytes", FAULT_AT_REQUEST, NULL,
     &do_success_without_bytes},
    {"empty-response", "A11", "ocsp", "a body of no octets", FAULT_AT_REQUEST, NULL,
     &do_empty_response},
    {"not-der", "A12", "ocsp", "a body that is not ASN.1 at all", FAULT_AT_REQUEST, not_der_params,
     &do_not_der},
    {"der-truncated", "A13", "ocsp", "the response, cut", FAULT_AT_REQUEST, der_truncated_params,
     &do_der_truncated},
    {"der-trailing-garbage", "A14", "ocsp", "octets behind the OCSPResponse", FAULT_AT_REQUEST,
     trailing_params, &do_der_trailing_garbage},
    {0},
};
