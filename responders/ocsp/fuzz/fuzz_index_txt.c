/*
 * OpenSSL's index.txt: no input may break its reader, what it accepts is whole, and what it refuses
 * is explained.
 */
#include <stdlib.h>
#include <string.h>

#include "responders/ocsp/codec/serial.h"
#include "responders/ocsp/index_txt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    index_txt index;
    problem p = {0};
    if (index_txt_read("index.txt", (span){data, size}, &index, &p) != 0 &&
        (p.status != 400 || strncmp(p.detail, "index.txt: line ", 16) != 0)) {
        abort();
    }
    for (size_t i = 0; i < index.count; i++) {
        const index_entry *one = &index.all[i];
        char *serial = serial_normalise(one->serial);
        if (serial == NULL || strcmp(serial, one->serial) != 0 || one->line == 0 ||
            one->standing.status == OCSP_UNKNOWN || one->standing.reason > 8) {
            abort();
        }
        free(serial);
    }
    index_txt_free(&index);
    return 0;
}
