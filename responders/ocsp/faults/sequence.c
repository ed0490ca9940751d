/* Answers that change from request to request of one rule, counted by its ordinal. */
#include "responders/ocsp/faults/fault.h"

static void good_then_revoked(answer *a, const json_t *params, const fault_context *context)
{
    if (context->ordinal < (uint64_t)param_integer(params, "n")) {
        return;
    }
    for (size_t i = 0; i < a->nsingles; i++) {
        a->singles[i].status = CERT_REVOKED;
        a->singles[i].reason = -1;
        a->singles[i].revocation_time = context->now;
    }
}

static void good_then_error(answer *a, const json_t *params, const fault_context *context)
{
    uint64_t n = (uint64_t)param_integer(params, "n"), m = (uint64_t)param_integer(params, "m");
    if (context->ordinal < n || (m > 0 && context->ordinal >= n + m)) {
        return;
    }
    answer_set_error(a, (int)param_integer(params, "status"));
}

static const fault_impl do_good_then_revoked = {.content = good_then_revoked};
static const fault_impl do_good_then_error = {.content = good_then_error};

static const fault_param good_then_revoked_params[] = {
    {"n", PARAM_INTEGER, NULL, "how many good answers come first", "1", 0, 1000000, NULL},
    {0},
};

static const fault_param good_then_error_params[] = {
    {"n", PARAM_INTEGER, NULL, "how many good answers come first", "1", 0, 1000000, NULL},
    {"m", PARAM_INTEGER, NULL, "how many errors follow before it is good again; 0: for ever", "1",
     0, 1000000, NULL},
    {"status", PARAM_INTEGER, NULL, "the OCSPResponseStatus of the errors", "3", 1, 6, NULL},
    {0},
};

const fault_spec sequence_faults[] = {
    {"good-then-revoked", "A90", "ocsp", "good for n requests, revoked from then on",
     FAULT_AT_REQUEST, good_then_revoked_params, &do_good_then_revoked},
    {"good-then-error", "A92", "ocsp", "good for n requests, then m errors, then good",
     FAULT_AT_REQUEST, good_then_error_params, &do_good_then_error},
    {0},
};
