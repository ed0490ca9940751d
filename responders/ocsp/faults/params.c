/* See param_types.h. */
#include "responders/ocsp/faults/params.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/base/memory.h"
#include "harness/base/octets.h"
#include "responders/ocsp/codec/serial.h"
#include "responders/ocsp/instant.h"
#include "responders/ocsp/store.h"

static void serial_accepts(const param *p, char *out, size_t size)
{
    (void)p;
    snprintf(out, size, "a serial number: a string of up to %d digits of hex", SERIAL_HEX_MAX);
}

static bool serial_read(const param *p, const json_t *value, const void *store, void *member)
{
    (void)p, (void)store;
    const char *text = json_string_value(value);
    char *hex = text == NULL ? NULL : serial_normalise(text);
    if (hex == NULL) {
        return false;
    }
    serial_from_hex(member, hex);
    free(hex);
    return true;
}

static void serial_clear(void *member)
{
    octets_free(member);
}

static void signer_accepts(const param *p, char *out, size_t size)
{
    (void)p;
    snprintf(
        out, size,
        "the id of a certificate in a manifest or of a --ca (GET /v1/certificates lists them)");
}

static bool signer_read(const param *p, const json_t *value, const void *store, void *member)
{
    (void)p;
    const char *id = json_string_value(value);
    if (id == NULL || (store != NULL && ocsp_store_by_id(store, id, NULL) == NULL)) {
        return false;
    }
    *(char **)member = memory_text(id);
    return true;
}

static void signer_clear(void *member)
{
    free(*(char **)member);
}

static void instant_accepts(const param *p, char *out, size_t size)
{
    (void)p;
    snprintf(out, size, "%s", INSTANT_FORM);
}

static bool instant_read_param(const param *p, const json_t *value, const void *store, void *member)
{
    (void)p, (void)store;
    return instant_read(value, member);
}

const param_type ocsp_param_instant = {
    .name = "time", .accepts = instant_accepts, .read = instant_read_param};
const param_type ocsp_param_serial = {
    .name = "serial", .accepts = serial_accepts, .read = serial_read, .clear = serial_clear};
const param_type ocsp_param_signer = {
    .name = "certificate", .accepts = signer_accepts, .read = signer_read, .clear = signer_clear};
