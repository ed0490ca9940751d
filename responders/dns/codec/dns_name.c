/*
 * Domain names: parsing is bounded by the message, the 255 octets of a name and pointers that
 * must go backwards, because everything here may come from a stranger.
 */
#include "responders/dns/codec/dns_name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LABEL_TYPE    0xc0
#define LABEL_POINTER 0xc0

static int refuse(const char *what, problem *p)
{
    return problem_refuse(p, "", "%s", what);
}

int dns_name_parse(span message, size_t *at, bool compression, dns_name *out, problem *p)
{
    size_t here = *at, after = 0, lowest = *at, length = 0;
    bool jumped = false;
    uint8_t octet;

    do {
        if (here >= message.length) {
            return refuse("name runs past the end of the message", p);
        }
        octet = message.data[here];

        if ((octet & LABEL_TYPE) == LABEL_POINTER) {
            size_t target;

            if (!compression) {
                return refuse("compression pointer where none is allowed", p);
            }
            if (here + 1 >= message.length) {
                return refuse("compression pointer is cut", p);
            }
            target = (size_t)(octet & ~LABEL_TYPE) << 8 | message.data[here + 1];
            if (target >= lowest) {
                return refuse("compression pointer does not point backwards", p);
            }
            if (!jumped) {
                after = here + 2;
                jumped = true;
            }
            /* each pointer must go below all that was read before it: no loop can form */
            lowest = target;
            here = target;
            continue;
        }

        if ((octet & LABEL_TYPE) != 0) {
            return refuse("label of a reserved type", p);
        }
        if (here + 1 + octet > message.length) {
            return refuse("label runs past the end of the message", p);
        }
        if (length + 1 + octet > DNS_NAME_MAX) {
            return refuse("name is longer than 255 octets", p);
        }

        memcpy(out->octets + length, message.data + here, (size_t)1 + octet);
        length += (size_t)1 + octet;
        here += (size_t)1 + octet;
    } while (octet != 0);

    out->length = (uint8_t)length;
    *at = jumped ? after : here;
    return 0;
}

/* Reads one octet of a label, escaped or not; NULL when the escape is not one. */
static const char *text_octet(const char *text, uint8_t *octet)
{
    const unsigned char *p = (const unsigned char *)text;
    int value;

    if (p[0] != '\\') {
        *octet = p[0];
        return text + 1;
    }

    if (!isdigit(p[1])) {
        if (p[1] == '\0') {
            return NULL;
        }
        *octet = p[1];
        return text + 2;
    }

    if (!isdigit(p[2]) || !isdigit(p[3])) {
        return NULL;
    }
    value = (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
    if (value > 255) {
        return NULL;
    }
    *octet = (uint8_t)value;
    return text + 4;
}

int dns_name_from_text(const char *text, dns_name *out, problem *p)
{
    size_t start = 0, length = 1; /* of the label being read: its length octet, the next octet */
    uint8_t octet;

    if (text[0] == '\0') {
        return refuse("name is empty", p);
    }
    if (strcmp(text, ".") == 0) {
        out->octets[0] = 0;
        out->length = 1;
        return 0;
    }

    for (;;) {
        if (*text == '.' || *text == '\0') {
            if (length - start == 1) {
                return refuse("name has an empty label", p);
            }
            if (length >= DNS_NAME_MAX) {
                return refuse("name is longer than 255 octets", p);
            }
            out->octets[start] = (uint8_t)(length - start - 1);
            start = length++;
            if (*text == '\0' || *++text == '\0') {
                break;
            }
            continue;
        }

        text = text_octet(text, &octet);
        if (text == NULL) {
            return refuse("name has a bad escape", p);
        }
        if (length - start > DNS_LABEL_MAX) {
            return refuse("label is longer than 63 octets", p);
        }
        if (length >= DNS_NAME_MAX) {
            return refuse("name is longer than 255 octets", p);
        }
        out->octets[length++] = octet;
    }

    out->octets[start] = 0;
    out->length = (uint8_t)length;
    return 0;
}

void dns_name_to_text(const dns_name *name, char out[DNS_NAME_TEXT_SIZE])
{
    size_t at = 0, end;
    char *to = out;
    uint8_t octet;

    if (name->octets[0] == 0) {
        memcpy(out, ".", 2);
        return;
    }

    while (name->octets[at] != 0) {
        if (at > 0) {
            *to++ = '.';
        }
        end = at + 1 + name->octets[at];
        for (at++; at < end; at++) {
            octet = name->octets[at];
            if (octet == '.' || octet == '\\') {
                *to++ = '\\';
                *to++ = (char)octet;
            } else if (octet > ' ' && octet < 0x7f) {
                *to++ = (char)octet;
            } else {
                to += snprintf(to, 5, "\\%03u", (unsigned)octet);
            }
        }
    }

    *to = '\0';
}

static uint8_t lower(uint8_t octet)
{
    return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + ('a' - 'A')) : octet;
}

void dns_name_lower(dns_name *name)
{
    size_t i;

    /* a length octet is at most 63 and so never taken for a letter */
    for (i = 0; i < name->length; i++) {
        name->octets[i] = lower(name->octets[i]);
    }
}

bool dns_name_equal(const dns_name *a, const dns_name *b)
{
    size_t i;

    if (a->length != b->length) {
        return false;
    }
    for (i = 0; i < a->length; i++) {
        if (lower(a->octets[i]) != lower(b->octets[i])) {
            return false;
        }
    }

    return true;
}

bool dns_name_prepend(const char *label, const dns_name *name, dns_name *out)
{
    size_t length = strlen(label);

    if (length == 0 || length > DNS_LABEL_MAX || length + 1 + name->length > DNS_NAME_MAX) {
        return false;
    }

    memmove(out->octets + length + 1, name->octets, name->length);
    out->length = (uint8_t)(length + 1 + name->length);
    out->octets[0] = (uint8_t)length;
    memcpy(out->octets + 1, label, length);
    return true;
}

void dns_name_parent(const dns_name *name, dns_name *out)
{
    size_t skip = name->octets[0] == 0 ? 0 : (size_t)1 + name->octets[0];
    size_t length = name->length - skip;

    memmove(out->octets, name->octets + skip, length);
    out->length = (uint8_t)length;
}

bool dns_name_is_within(const dns_name *name, const dns_name *above)
{
    dns_name here = *name;

    while (here.length > above->length) {
        dns_name_parent(&here, &here);
    }
    return dns_name_equal(&here, above);
}
