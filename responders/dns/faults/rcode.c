/*
 * Response codes: what a resolver must make of an error, of no data, and of an error that
 * comes with data all the same.
 */
#include "responders/dns/faults/faults.h"

#include <string.h>

#include "responders/dns/codec/dns_type.h"

static void servfail(const fault_context *c, const json_t *params)
{
    (void)params;
    fault_set_rcode(c, DNS_RCODE_SERVFAIL);
}

static void nxdomain(const fault_context *c, const json_t *params)
{
    (void)params;
    fault_set_rcode(c, DNS_RCODE_NXDOMAIN);
}

static void refused(const fault_context *c, const json_t *params)
{
    (void)params;
    fault_set_rcode(c, DNS_RCODE_REFUSED);
}

static void notimp(const fault_context *c, const json_t *params)
{
    (void)params;
    fault_set_rcode(c, DNS_RCODE_NOTIMP);
}

static void formerr(const fault_context *c, const json_t *params)
{
    fault_set_rcode(c, DNS_RCODE_FORMERR);
    c->reply->question = param_boolean(params, "question");
}

static void rcode_unassigned(const fault_context *c, const json_t *params)
{
    fault_set_rcode(c, (uint16_t)param_integer(params, "value"));
}

static void nodata(const fault_context *c, const json_t *params)
{
    (void)params;
    fault_set_nodata(c);
}

static void rcode_with_answers(const fault_context *c, const json_t *params)
{
    c->reply->rcode = (uint16_t)param_integer(params, "rcode");
}

static void per_type_divergence(const fault_context *c, const json_t *params)
{
    uint16_t type;

    if (dns_type_from_text(param_string(params, "type"), &type) && c->query->type == type) {
        fault_set_rcode(c, (uint16_t)param_integer(params, "rcode"));
    }
}

static const char *const families[] = {"A", "AAAA", NULL};

static const fault_param formerr_params[] = {
    {.name = "question",
     .type = PARAM_BOOLEAN,
     .summary = "whether the question is repeated in the answer",
     .fallback = "true"},
    {.name = NULL},
};

static const fault_param unassigned_params[] = {
    {.name = "value",
     .type = PARAM_INTEGER,
     .summary = "the response code",
     .fallback = "6",
     .min = 6,
     .max = 15},
    {.name = NULL},
};

static const fault_param rcode_params[] = {
    FAULT_RCODE_PARAM,
    {.name = NULL},
};

static const fault_param divergence_params[] = {
    {.name = "type",
     .type = PARAM_CHOICE,
     .summary = "the type whose queries get the error",
     .fallback = "\"AAAA\"",
     .choices = families},
    FAULT_RCODE_PARAM,
    {.name = NULL},
};

const fault_spec fault_servfail = {
    .name = "servfail",
    .id = "C01",
    .layer = "dns",
    .summary = "response code 2, no records",
    .impl = &(const dns_fault){.edit = servfail},
};

const fault_spec fault_nxdomain = {
    .name = "nxdomain",
    .id = "C02",
    .layer = "dns",
    .summary = "response code 3 with an SOA record: the name does not exist",
    .impl = &(const dns_fault){.edit = nxdomain},
};

const fault_spec fault_refused = {
    .name = "refused",
    .id = "C03",
    .layer = "dns",
    .summary = "response code 5, no records",
    .impl = &(const dns_fault){.edit = refused},
};

const fault_spec fault_notimp = {
    .name = "notimp",
    .id = "C04",
    .layer = "dns",
    .summary = "response code 4, no records",
    .impl = &(const dns_fault){.edit = notimp},
};

const fault_spec fault_formerr = {
    .name = "formerr",
    .id = "C05",
    .layer = "dns",
    .summary = "response code 1, with or without the question",
    .params = formerr_params,
    .impl = &(const dns_fault){.edit = formerr},
};

const fault_spec fault_rcode_unassigned = {
    .name = "rcode-unassigned",
    .id = "C06",
    .layer = "dns",
    .summary = "a response code from 6 to 15, no records",
    .params = unassigned_params,
    .impl = &(const dns_fault){.edit = rcode_unassigned},
};

const fault_spec fault_nodata = {
    .name = "nodata",
    .id = "C08",
    .layer = "dns",
    .summary = "no error, no record of the type, an SOA record",
    .impl = &(const dns_fault){.edit = nodata},
};

const fault_spec fault_rcode_with_answers = {
    .name = "rcode-with-answers",
    .id = "C10",
    .layer = "dns",
    .summary = "an error code together with the records",
    .params = rcode_params,
    .impl = &(const dns_fault){.edit = rcode_with_answers},
};

const fault_spec fault_per_type_divergence = {
    .name = "per-type-divergence",
    .id = "C11",
    .layer = "dns",
    .summary = "queries of one address family get an error, the other is answered",
    .params = divergence_params,
    .impl = &(const dns_fault){.edit = per_type_divergence},
};
