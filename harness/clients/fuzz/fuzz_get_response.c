/*
 * The reader of HTTP responses. The first octet says whether the server has closed; what is read of
 * a beginning must not be taken back by what follows.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "harness/clients/get_response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    bool ended = data[0] != 0;
    span all = {data + 1, size - 1};
    get_response whole, part;
    problem p;
    int rc = get_response_read(all, ended, &whole, &p);
    must(rc == 1 || rc == -1 || (rc == 0 && !ended));
    must(whole.status == 0 || (whole.status >= 200 && whole.status <= 999));
    must(rc != 1 || whole.status != 0);
    must(whole.body.length == 0 || (whole.body.data > all.data &&
                                    whole.body.data + whole.body.length <= all.data + all.length));
    for (size_t i = 0; i < all.length && i < 256; i++) {
        int early = get_response_read((span){all.data, i}, false, &part, &p);
        must(early != 1 ||
             (rc == 1 && part.status == whole.status && part.body.length == whole.body.length));
        must(early != -1 || rc == -1);
    }
    return 0;
}
