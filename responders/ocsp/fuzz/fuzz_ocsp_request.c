/*
 * An OCSPRequest, as the body of a POST and as the path of a GET: no input may break the
 * parser, and what it accepts points into the input and nowhere else.
 */
#include <stdlib.h>
#include <string.h>

#include "responders/ocsp/codec/ocsp_request.h"
#include "responders/ocsp/codec/request_path.h"
#include "responders/ocsp/codec/serial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(span part, span whole)
{
    if (part.length > 0 &&
        (part.data < whole.data || part.data + part.length > whole.data + whole.length)) {
        abort();
    }
}

static void parse(span der)
{
    static ocsp_request r;
    problem p = {0};
    if (ocsp_request_parse(der, &r, &p) != 0) {
        if (p.status != 400 || p.detail[0] == '\0') {
            abort();
        }
        return;
    }
    if (r.ncerts == 0 || r.ncerts > OCSP_REQUEST_CERTS_MAX) {
        abort();
    }
    for (size_t i = 0; i < r.ncerts; i++) {
        check_inside(r.certs[i].algorithm, der);
        check_inside(r.certs[i].issuer_name_hash, der);
        check_inside(r.certs[i].issuer_key_hash, der);
        check_inside(r.certs[i].serial, der);
        free(serial_to_hex(r.certs[i].serial));
    }
    check_inside(r.nonce, der);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse((span){data, size});

    octets der = {0};
    char *path = strndup((const char *)data, size);
    size_t prefix;
    if (request_path_decode(path, &der, &prefix)) {
        if (prefix > strlen(path) || path[prefix - 1] != '/') {
            abort();
        }
        parse(octets_span(&der));
    }
    octets_free(&der);
    free(path);
    return 0;
}
