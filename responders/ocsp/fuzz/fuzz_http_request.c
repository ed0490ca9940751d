/*
 * An HTTP request in one piece and octet by octet: no input may break the reader, and where
 * the pieces are cut must not change what is read.
 */
#include <stdlib.h>
#include <string.h>

#include "responders/ocsp/codec/http_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const char *a, const char *b)
{
    if ((a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    http_request whole = {0}, drops = {0};
    http_request_feed(&whole, data, size);
    for (size_t i = 0; i < size; i++) {
        http_request_feed(&drops, data + i, 1);
    }
    /* How much of a head that is too long was taken may differ; that it is too long may not. */
    if (whole.state != drops.state || whole.wrong.status != drops.wrong.status) {
        abort();
    }
    if (whole.head_complete) {
        check_same(whole.method, drops.method);
        check_same(whole.path, drops.path);
        check_same(whole.version, drops.version);
        check_same(whole.host, drops.host);
        if (whole.nheaders != drops.nheaders || whole.body.length != drops.body.length) {
            abort();
        }
    }
    http_request_free(&whole);
    http_request_free(&drops);
    return 0;
}
