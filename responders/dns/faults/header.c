/*
 * The header: answers that a resolver must not take for the answer to its query.
 */
#include "responders/dns/faults/faults.h"

#include <string.h>

static void wrong_id(const fault_context *c, const json_t *params)
{
    c->reply->id = (uint16_t)(c->reply->id + param_integer(params, "delta"));
}

/* The plainest way to have the QR bit clear is the one seen in the wild: an echo. */
static void echo_edit(const fault_context *c, const json_t *params)
{
    (void)params;
    dns_section_empty(&c->reply->answer);
    dns_section_empty(&c->reply->authority);
    c->reply->rcode = 0;
    c->reply->tc = false;
}

static void echo(const fault_context *c, const json_t *params, dns_octets *octets)
{
    (void)params;
    memcpy(octets->data, c->octets, c->length);
    octets->length = c->length;
}

static const fault_param id_params[] = {
    {.name = "delta",
     .type = PARAM_INTEGER,
     .summary = "what is added to the query's ID, modulo 65536",
     .fallback = "1",
     .min = 1,
     .max = 65535},
    {.name = NULL},
};

const fault_spec fault_wrong_id = {
    .name = "wrong-id",
    .id = "C25",
    .layer = "dns",
    .summary = "the answer carries another ID",
    .params = id_params,
    .impl = &(const dns_fault){.edit = wrong_id},
};

const fault_spec fault_qr_bit_clear = {
    .name = "qr-bit-clear",
    .id = "C32",
    .layer = "dns",
    .summary = "the query is echoed, its QR bit clear",
    .impl = &(const dns_fault){.edit = echo_edit, .mangle = echo},
};
