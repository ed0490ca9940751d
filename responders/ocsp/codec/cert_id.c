/* See cert_id.h. */
#include "responders/ocsp/codec/cert_id.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "responders/ocsp/codec/der.h"

static const uint8_t oid_sha1[] = {0x2b, 0x0e, 0x03, 0x02, 0x1a};
static const uint8_t oid_sha256[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
static const uint8_t oid_sha384[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02};
static const uint8_t oid_sha512[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03};

static const hash_function functions[HASH_KINDS] = {
    [HASH_SHA1] = {"sha1", 20, {oid_sha1, sizeof(oid_sha1)}},
    [HASH_SHA256] = {"sha256", 32, {oid_sha256, sizeof(oid_sha256)}},
    [HASH_SHA384] = {"sha384", 48, {oid_sha384, sizeof(oid_sha384)}},
    [HASH_SHA512] = {"sha512", 64, {oid_sha512, sizeof(oid_sha512)}},
};

/* RFC 5280 allows serials of 20 octets; a rule may name longer ones to see them refused. */
#define SERIAL_HEX_MAX 128

const hash_function *hash_function_of(hash_kind kind)
{
    return &functions[kind];
}

hash_kind hash_kind_by_name(const char *name)
{
    for (int i = 0; i < HASH_KINDS; i++) {
        if (strcmp(functions[i].name, name) == 0) {
            return (hash_kind)i;
        }
    }
    return HASH_OTHER;
}

hash_kind hash_kind_by_oid(span oid)
{
    for (int i = 0; i < HASH_KINDS; i++) {
        span known = functions[i].oid;
        if (known.length == oid.length && memcmp(known.data, oid.data, oid.length) == 0) {
            return (hash_kind)i;
        }
    }
    return HASH_OTHER;
}

void hash_put_algorithm(octets *out, hash_kind kind)
{
    span oid = hash_function_of(kind)->oid;
    size_t algorithm = der_open(out, DER_SEQUENCE);
    der_put(out, DER_OID, oid.data, oid.length);
    der_put(out, DER_NULL, NULL, 0);
    der_close(out, algorithm);
}

char *serial_to_hex(span serial)
{
    static const char digits[] = "0123456789abcdef";
    octets text = {0};
    bool negative = serial.length > 0 && serial.data[0] & 0x80;
    if (negative) {
        octets_append_text(&text, "-");
    }
    bool started = false;
    for (size_t i = 0; i < serial.length; i++) {
        uint8_t octet = serial.data[i];
        if (negative) {
            /* Two's complement: invert, and add one where only zeros follow. */
            octet = (uint8_t)~octet;
            bool carry = true;
            for (size_t k = i + 1; k < serial.length; k++) {
                carry = carry && serial.data[k] == 0;
            }
            octet = (uint8_t)(octet + (carry ? 1 : 0));
        }
        for (int shift = 4; shift >= 0; shift -= 4) {
            unsigned digit = octet >> shift & 15;
            started = started || digit != 0;
            if (started) {
                octets_append(&text, &digits[digit], 1);
            }
        }
    }
    if (!started) {
        octets_append_text(&text, "0");
    }
    octets_append(&text, "", 1);
    return (char *)text.data;
}

char *serial_normalise(const char *text)
{
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        text += 2;
    }
    octets hex = {0};
    bool digits = false;
    for (; *text != '\0'; text++) {
        if (*text == ':') {
            continue;
        }
        if (!isxdigit((unsigned char)*text) || hex.length >= SERIAL_HEX_MAX) {
            octets_free(&hex);
            return NULL;
        }
        digits = true;
        char c = (char)tolower((unsigned char)*text);
        if (c != '0' || hex.length > 0) {
            octets_append(&hex, &c, 1);
        }
    }
    if (!digits) {
        octets_free(&hex);
        return NULL;
    }
    if (hex.length == 0) {
        octets_append_text(&hex, "0");
    }
    octets_append(&hex, "", 1);
    return (char *)hex.data;
}

static uint8_t hex_value(char c)
{
    return (uint8_t)(isdigit((unsigned char)c) ? c - '0' : c - 'a' + 10);
}

void serial_from_hex(octets *out, const char *hex)
{
    size_t start = out->length, digits = strlen(hex);
    if (digits % 2 == 1) {
        uint8_t first = hex_value(*hex++);
        octets_append(out, &first, 1);
    }
    for (; *hex != '\0'; hex += 2) {
        uint8_t octet = (uint8_t)(hex_value(hex[0]) << 4 | hex_value(hex[1]));
        octets_append(out, &octet, 1);
    }
    if (out->data[start] & 0x80) {
        /* The sign octet that keeps the INTEGER positive. */
        octets_append(out, "", 1);
        memmove(out->data + start + 1, out->data + start, out->length - start - 1);
        out->data[start] = 0;
    }
}
