/*
 * Just enough of the handshake's messages to find a CertificateStatus.
 */
#include "harness/clients/wire_status.h"
#include "harness/base/octets.h"

enum {
    MESSAGE_CERTIFICATE = 11,
    MESSAGE_CERTIFICATE_STATUS = 22,
    EXTENSION_STATUS_REQUEST = 5,
    STATUS_TYPE_OCSP = 1
};

/* Takes a number of `size` octets. */
static bool take_number(span *in, size_t size, size_t *value)
{
    if (in->length < size) {
        return false;
    }
    *value = 0;
    for (size_t i = 0; i < size; i++) {
        *value = *value << 8 | in->data[i];
    }
    in->data += size;
    in->length -= size;
    return true;
}

/* Takes a vector whose length is given in `size` octets. */
static bool take_vector(span *in, size_t size, span *out)
{
    size_t length;
    if (!take_number(in, size, &length) || in->length < length) {
        return false;
    }
    *out = (span){in->data, length};
    in->data += length;
    in->length -= length;
    return true;
}

static void certificate_status(wire_status *status, span body)
{
    size_t type;
    span response;
    if (take_number(&body, 1, &type) && type == STATUS_TYPE_OCSP &&
        take_vector(&body, 3, &response) && body.length == 0) {
        status->seen = true;
        status->length = response.length;
    } else {
        status->malformed = true;
    }
}

static void first_entry(wire_status *status, span body)
{
    span context, list, certificate, extensions;
    if (!take_vector(&body, 1, &context) || !take_vector(&body, 3, &list) ||
        !take_vector(&list, 3, &certificate) || !take_vector(&list, 2, &extensions)) {
        return;
    }
    size_t type;
    span extension;
    while (take_number(&extensions, 2, &type) && take_vector(&extensions, 2, &extension)) {
        if (type == EXTENSION_STATUS_REQUEST) {
            certificate_status(status, extension);
        }
    }
}

void wire_status_observe(wire_status *status, bool tls13, const unsigned char *message,
                         size_t length)
{
    span in = {message, length};
    size_t type;
    span body;
    if (!take_number(&in, 1, &type) || !take_vector(&in, 3, &body)) {
        return;
    }
    if (type == MESSAGE_CERTIFICATE_STATUS && !tls13) {
        certificate_status(status, body);
    } else if (type == MESSAGE_CERTIFICATE && tls13) {
        first_entry(status, body);
    }
}
