/*
 * The query parser on any octets: whatever it accepts must come out of the encoder in a form
 * that holds the same question.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "responders/dns/codec/dns_query.h"
#include "responders/dns/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[DNS_NAME_TEXT_SIZE];
    dns_response r = {0};
    octets out = {0};
    dns_name again;
    dns_query query;
    problem p;

    p.detail[0] = '\0';
    if (dns_query_parse((span){data, size}, &query, &p) != 0) {
        if (p.detail[0] == '\0') {
            abort();
        }
        return 0;
    }

    dns_name_to_text(&query.name, text);
    if (dns_name_from_text(text, &again, &p) != 0 || again.length != query.name.length ||
        memcmp(again.octets, query.name.octets, again.length) != 0) {
        abort();
    }

    r.id = query.id;
    r.question = true;
    r.name = query.name;
    r.type = query.type;
    r.class = query.class;
    r.rd = query.rd;
    dns_section_add_soa(&r.authority, &query.name);
    dns_encode(&r, query.udp_size, &out);
    if (out.length > query.udp_size ||
        memcmp(out.data + DNS_HEADER_SIZE, data + DNS_HEADER_SIZE, query.name.length + 4u) != 0) {
        abort();
    }
    dns_response_clear(&r);
    octets_free(&out);
    return 0;
}
