/* See request_path.h. */
#include "responders/ocsp/codec/request_path.h"

#include <ctype.h>
#include <string.h>

#include "responders/ocsp/codec/der.h"

/* A path of nothing but "/M" must not cost a decoding for each of them. */
#define CANDIDATES_MAX 32

static int hex_digit(char c)
{
    if (isdigit((unsigned char)c)) {
        return c - '0';
    }
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int base64_digit(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c == '\0' ? NULL : strchr(alphabet, c);
    return found == NULL ? -1 : (int)(found - alphabet);
}

/* The character at *text, its percent-encoding undone; moves *text behind it. NUL when the
 * encoding is wrong: that is no base64 either. */
static char take_character(const char **text)
{
    const char *p = *text;
    if (*p != '%') {
        *text = p + 1;
        return *p;
    }
    int high = hex_digit(p[1]);
    int low = high < 0 ? -1 : hex_digit(p[2]);
    *text = low < 0 ? p + 1 : p + 3;
    return low < 0 ? '\0' : (char)(high << 4 | low);
}

static bool decode_base64(const char *text, octets *out)
{
    uint32_t bits = 0;
    size_t digits = 0, padding = 0;
    while (*text != '\0') {
        char c = take_character(&text);
        int digit = base64_digit(c);
        if (c == '=') {
            padding++;
            continue;
        }
        if (digit < 0 || padding > 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)digit;
        digits++;
        if (digits % 4 == 0) {
            uint8_t three[3] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits};
            octets_append(out, three, sizeof(three));
            bits = 0;
        }
    }
    size_t rest = digits % 4;
    if (rest == 1 || padding != (4 - rest) % 4) {
        return false;
    }
    bits <<= 6 * (4 - rest) % 24;
    uint8_t last[2] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8)};
    octets_append(out, last, rest == 0 ? 0 : rest - 1);
    return true;
}

/* Whether the text may start base64 of a SEQUENCE: its tag 0x30 always makes an "M". */
static bool may_start(const char *text)
{
    return take_character(&text) == 'M';
}

bool request_path_decode(const char *path, octets *der, size_t *prefix)
{
    int candidates = 0;
    for (const char *slash = strchr(path, '/'); slash != NULL && candidates < CANDIDATES_MAX;
         slash = strchr(slash + 1, '/')) {
        if (!may_start(slash + 1)) {
            continue;
        }
        candidates++;
        octets_cut(der, 0);
        if (!decode_base64(slash + 1, der)) {
            continue;
        }
        uint8_t tag;
        span rest = octets_span(der), value;
        if (der_take(&rest, &tag, &value) && tag == DER_SEQUENCE && rest.length == 0) {
            *prefix = (size_t)(slash + 1 - path);
            return true;
        }
    }
    octets_cut(der, 0);
    return false;
}
