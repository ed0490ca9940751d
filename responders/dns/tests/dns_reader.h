/*
 * A small reader of DNS messages that shares no code with the programs: a message as one line of
 * text, so that a test can say what is to be on the wire.
 *
 *   "1234 qr aa rd ra 0; ocsp.test A; ocsp.test 300 A 127.0.0.5 / test 60 SOA ns.invalid + opt"
 *
 * The ID, the flags, the code; the question; the answer section, then the authority section if
 * there is one; "-" stands for nothing.  "(loop)" is a name whose pointers never end, "(cut)" where
 * octets are missing, "+ N octets" what is left over.
 */
#ifndef STAPLELAB_DNS_READER_H
#define STAPLELAB_DNS_READER_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define READER_TEXT 32768

typedef struct {
    const uint8_t *data;
    size_t length, at;
    bool cut;
    char text[READER_TEXT];
    size_t used;
} reader;

/* Where octets are missing nothing more is said. */
static inline void reader_say(reader *r, const char *word)
{
    if (r->cut) {
        return;
    }
    r->used += (size_t)snprintf(r->text + r->used, sizeof(r->text) - r->used, "%s", word);
}

static inline void reader_number(reader *r, unsigned long number, const char *after)
{
    char word[24];

    snprintf(word, sizeof(word), "%lu", number);
    reader_say(r, word);
    reader_say(r, after);
}

static inline unsigned reader_octet(reader *r)
{
    if (r->at >= r->length) {
        r->cut = true;
        return 0;
    }
    return r->data[r->at++];
}

static inline unsigned reader_16(reader *r)
{
    const unsigned high = reader_octet(r);

    return high << 8 | reader_octet(r);
}

static inline void reader_name(reader *r)
{
    size_t back = 0;
    unsigned length, jumps = 0;
    bool first = true;

    while ((length = reader_octet(r)) != 0 && !r->cut) {
        if (length >= 192) {
            const size_t target = (length & 63) << 8 | reader_octet(r);

            back = back == 0 ? r->at : back;
            r->at = target;
            if (++jumps > 200) {
                reader_say(r, "(loop)");
                break;
            }
            continue;
        }
        reader_say(r, first ? "" : ".");
        first = false;
        for (; length > 0 && !r->cut; length--) {
            const char letter[2] = {(char)reader_octet(r), '\0'};

            reader_say(r, letter);
        }
    }
    if (first && jumps == 0) {
        reader_say(r, ".");
    }
    r->at = back == 0 ? r->at : back;
}

static inline void reader_type(reader *r, unsigned type)
{
    static const struct {
        unsigned type;
        const char *name;
    } names[] = {{1, "A"}, {5, "CNAME"}, {6, "SOA"}, {16, "TXT"}, {28, "AAAA"}, {41, "OPT"}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].type == type) {
            reader_say(r, names[i].name);
            return;
        }
    }
    reader_number(r, type, "");
}

static inline void reader_data(reader *r, unsigned type, size_t length)
{
    const size_t end = r->at + length;
    char address[INET6_ADDRSTRLEN];

    if (end > r->length) {
        r->cut = true;
        return;
    }
    if ((type == 1 && length == 4) || (type == 28 && length == 16)) {
        inet_ntop(type == 1 ? AF_INET : AF_INET6, r->data + r->at, address, sizeof(address));
        reader_say(r, address);
    } else if (type == 5 || type == 6) {
        reader_name(r);
    }
    r->cut = r->cut || (type == 5 && r->at != end);
    r->at = end;
}

static inline void reader_record(reader *r)
{
    unsigned type;
    unsigned long ttl;

    reader_name(r);
    type = reader_16(r);
    reader_16(r);
    ttl = (unsigned long)reader_16(r) << 16;
    ttl |= reader_16(r);
    reader_say(r, " ");
    reader_number(r, ttl, " ");
    reader_type(r, type);
    reader_say(r, " ");
    reader_data(r, type, reader_16(r));
}

static inline void reader_section(reader *r, unsigned count)
{
    for (unsigned i = 0; i < count && !r->cut; i++) {
        reader_say(r, i == 0 ? "" : ", ");
        reader_record(r);
    }
}

static inline void reader_question(reader *r, unsigned count)
{
    for (unsigned i = 0; i < count && !r->cut; i++) {
        reader_name(r);
        reader_say(r, " ");
        reader_type(r, reader_16(r));
        reader_16(r);
    }
    reader_say(r, count == 0 ? "-" : "");
}

/* The OPT record, and the upper bits of the code that it holds. */
static inline void reader_opt(reader *r)
{
    unsigned upper;

    reader_octet(r);
    if (reader_16(r) == 41) {
        reader_16(r);
        upper = reader_octet(r);
        reader_octet(r);
        reader_16(r);
        reader_16(r);
        reader_say(r, " + opt");
        if (upper > 0) {
            reader_say(r, " ");
            reader_number(r, upper, "");
        }
    }
}

/* The message as a line of text, which lives as long as *r. */
static inline const char *reader_read(reader *r, const uint8_t *data, size_t length)
{
    static const struct {
        unsigned bit;
        const char *name;
    } flags[] = {
        {0x8000, "qr "}, {0x0400, "aa "}, {0x0200, "tc "}, {0x0100, "rd "}, {0x0080, "ra "}};
    unsigned id, bits, counts[4];
    char word[32];

    *r = (reader){.data = data, .length = length};
    id = reader_16(r);
    bits = reader_16(r);
    for (size_t i = 0; i < 4; i++) {
        counts[i] = reader_16(r);
    }
    snprintf(word, sizeof(word), "%04x ", id);
    reader_say(r, word);
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        reader_say(r, (bits & flags[i].bit) != 0 ? flags[i].name : "");
    }
    if ((bits >> 11 & 15) != 0) {
        snprintf(word, sizeof(word), "opcode %u ", bits >> 11 & 15);
        reader_say(r, word);
    }
    reader_number(r, bits & 15, "; ");
    reader_question(r, counts[0]);
    reader_say(r, "; ");
    reader_section(r, counts[1]);
    reader_say(r, counts[1] == 0 ? "-" : "");
    reader_say(r, counts[2] == 0 ? "" : " / ");
    reader_section(r, counts[2]);
    if (counts[3] > 0 && !r->cut) {
        reader_opt(r);
    }
    if (r->cut) {
        r->cut = false;
        reader_say(r, " (cut)");
    } else if (r->at < r->length) {
        reader_say(r, " + ");
        reader_number(r, r->length - r->at, " octets");
    }
    return r->text;
}

#endif
