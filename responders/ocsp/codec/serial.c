/* See serial.h. */
#include "responders/ocsp/codec/serial.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

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
