/*
 * Record sets from any text, as an option, and from any JSON, as a body: what is accepted is as it
 * was given, and what is refused is explained.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "responders/dns/codec/dns_type.h"
#include "responders/dns/record_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_set(record_input *in)
{
    const size_t count = json_array_size(in->values);
    record_input copy;

    check(count > 0 && in->ttl <= RECORD_INPUT_TTL_MAX);
    check(in->type != DNS_TYPE_CNAME || (count == 1 && in->target.length > 0));
    record_input_copy(in, &copy);
    record_input_clear(in);
    for (size_t i = 0; i < count; i++) {
        check(json_is_string(json_array_get(copy.values, i)));
        check(copy.type == DNS_TYPE_CNAME || dns_address_type(&copy.addresses[i]) == copy.type);
    }
    record_input_clear(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"A", "aaaa", "CNAME"};
    json_t *body = json_loadb((const char *)data, size, 0, NULL);
    char *text = memory_text_of(data, size);
    record_input in;
    problem p;

    p.detail[0] = '\0';
    if (record_input_option(text, &in, &p) == 0) {
        check_set(&in);
    } else {
        check(p.detail[0] != '\0');
    }
    for (size_t i = 0; body != NULL && i < sizeof(types) / sizeof(types[0]); i++) {
        p.detail[0] = '\0';
        if (record_input_body("a.test", types[i], body, &in, &p) == 0) {
            check_set(&in);
        } else {
            check(p.detail[0] != '\0');
        }
    }
    json_decref(body);
    free(text);
    return 0;
}
