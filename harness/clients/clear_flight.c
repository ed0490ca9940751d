/*
 * Records to messages (RFC 5246 6.2.1 and 7.4). What is encrypted or is no handshake ends it: so
 * does a TLS 1.3 server's second record.
 */
#include <string.h>

#include "harness/clients/clear_flight.h"

enum {
    RECORD_HEADER = 5,
    RECORD_HANDSHAKE = 22,
    RECORD_MAX = 16384,
    MESSAGE_HEADER = 4,
    MESSAGE_SERVER_KEY_EXCHANGE = 12,
    MESSAGE_SERVER_HELLO_DONE = 14,
    MESSAGE_CERTIFICATE_STATUS = 22,
    OTHER_MAX = 1024 * 1024 /* of a message that is not a CertificateStatus */
};

static void take_message(clear_flight *f, unsigned type, span body)
{
    if (type == MESSAGE_CERTIFICATE_STATUS && f->large && f->status.length == 0) {
        octets_append_span(&f->status, body);
    } else if (type == MESSAGE_SERVER_KEY_EXCHANGE && f->key_exchange.length == 0) {
        octets_append_span(&f->key_exchange, body);
    } else if (type == MESSAGE_SERVER_HELLO_DONE) {
        f->over = true;
    }
}

/* Takes all messages that are whole. */
static void take_messages(clear_flight *f)
{
    size_t at = 0;
    while (!f->over && f->messages.length - at >= MESSAGE_HEADER) {
        const uint8_t *m = f->messages.data + at;
        size_t length = (size_t)m[1] << 16 | (size_t)m[2] << 8 | m[3];
        if (m[0] == MESSAGE_CERTIFICATE_STATUS) {
            f->large = f->large || length > CLEAR_FLIGHT_LIBSSL_MAX;
        } else if (length > OTHER_MAX) {
            f->over = true;
        }
        if (f->messages.length - at - MESSAGE_HEADER < length) {
            break;
        }
        take_message(f, m[0], (span){m + MESSAGE_HEADER, length});
        at += MESSAGE_HEADER + length;
    }
    if (at > 0) {
        memmove(f->messages.data, f->messages.data + at, f->messages.length - at);
        octets_cut(&f->messages, f->messages.length - at);
    }
}

void clear_flight_feed(clear_flight *f, span in)
{
    while (!f->over && in.length > 0) {
        size_t header = f->record.length < RECORD_HEADER ? RECORD_HEADER - f->record.length : 0;
        if (header > 0) {
            size_t n = header < in.length ? header : in.length;
            octets_append(&f->record, in.data, n);
            in.data += n;
            in.length -= n;
        }
        if (f->record.length < RECORD_HEADER) {
            return;
        }
        size_t length = (size_t)f->record.data[3] << 8 | f->record.data[4];
        if (f->record.data[0] != RECORD_HANDSHAKE || length > RECORD_MAX) {
            f->over = true;
            return;
        }
        size_t missing = length - (f->record.length - RECORD_HEADER);
        size_t n = missing < in.length ? missing : in.length;
        octets_append(&f->record, in.data, n);
        in.data += n;
        in.length -= n;
        if (n == missing) {
            octets_append(&f->messages, f->record.data + RECORD_HEADER, length);
            octets_cut(&f->record, 0);
            take_messages(f);
        }
    }
}

void clear_flight_free(clear_flight *f)
{
    octets_free(&f->record);
    octets_free(&f->messages);
    octets_free(&f->status);
    octets_free(&f->key_exchange);
    *f = (clear_flight){.over = true};
}
