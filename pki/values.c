/* The grammars are narrower than C's own parsers, which skip blanks and take signs, so they are
 * written out; character classes are ASCII's, not the locale's. */
#include "pki/values.h"

#include <stddef.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool values_id_is_valid(const char *text)
{
    if (!is_alphanumeric(text[0])) {
        return false;
    }
    size_t n = 0;
    while (is_alphanumeric(text[n]) || text[n] == '_' || text[n] == '-') {
        n++;
    }
    return text[n] == '\0' && n <= 64;
}

bool values_serial_normalise(const char *text, char out[VALUES_SERIAL_SIZE])
{
    while (*text == '0') {
        text++;
    }
    size_t n = strlen(text);
    if (n == 0 || n >= VALUES_SERIAL_SIZE) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (c >= 'A' && c <= 'F') {
            c = (char)(c - 'A' + 'a');
        }
        if (!is_digit(c) && (c < 'a' || c > 'f')) {
            return false;
        }
        out[i] = c;
    }
    out[n] = '\0';
    /* A first bit of 1 costs DER one more octet, to keep the number positive. */
    return n < VALUES_SERIAL_SIZE - 1 || out[0] < '8';
}

bool values_time_parse(const char *text, int64_t *seconds)
{
    int64_t sign = text[0] == '-' ? -1 : 1;
    if (text[0] != '-' && text[0] != '+') {
        return false;
    }
    text++;

    int64_t number = 0;
    size_t n = 0;
    for (; is_digit(text[n]); n++) {
        if (n == 9) {
            return false;
        }
        number = number * 10 + (text[n] - '0');
    }
    if (n == 0) {
        return false;
    }

    int64_t unit;
    switch (text[n]) {
    case 's':
        unit = 1;
        break;
    case 'm':
        unit = 60;
        break;
    case 'h':
        unit = 3600;
        break;
    case 'd':
        unit = 86400;
        break;
    default:
        return false;
    }
    if (text[n + 1] != '\0') {
        return false;
    }
    *seconds = sign * number * unit;
    return true;
}

bool values_dns_name_is_valid(const char *text)
{
    if (strlen(text) > 253) {
        return false;
    }
    if (text[0] == '*' && text[1] == '.') {
        text += 2;
    }
    for (;;) {
        size_t n = 0;
        while (is_alphanumeric(text[n]) || text[n] == '-' || text[n] == '_') {
            n++;
        }
        if (n == 0 || n > 63 || text[0] == '-' || text[n - 1] == '-') {
            return false;
        }
        if (text[n] == '\0') {
            return true;
        }
        if (text[n] != '.') {
            return false;
        }
        text += n + 1;
    }
}

bool values_common_name_is_valid(const char *text)
{
    size_t characters = 0;
    for (; *text != '\0'; text++) {
        unsigned char octet = (unsigned char)*text;
        if (octet < 0x20 || octet == 0x7f) {
            return false;
        }
        if ((octet & 0xc0) != 0x80) { /* not the continuation of a character */
            characters++;
        }
    }
    return characters >= 1 && characters <= 64;
}

bool values_url_is_valid(const char *text)
{
    size_t n = 0;
    while (text[n] != '\0' && (unsigned char)text[n] < 0x80) {
        n++;
    }
    return text[n] == '\0' && n >= 1 && n <= 8192;
}
