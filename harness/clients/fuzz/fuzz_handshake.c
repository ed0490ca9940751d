/*
 * The reader of a server's handshake messages. The first octet says TLS 1.2 (0) or 1.3.
 */
#include <stdint.h>
#include <stdlib.h>

#include "harness/clients/wire_status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wire_status status = {0};
    if (size > 0) {
        wire_status_observe(&status, data[0] != 0, data + 1, size - 1);
    }
    if (status.length > size || (!status.seen && status.length > 0)) {
        abort();
    }
    return 0;
}
