/*
 * The query parser on any octets: whatever it accepts must come out of the encoder in a form
 * that holds the same question.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "responders/dns/codec/dns_query.h"
#include "responders/dns/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static dns_octets out;
    char text[DNS_NAME_TEXT_SIZE];
    dns_name again;
    dns_reply reply = {0};
    const char *why;
    dns_query query;
    uint8_t rcode;

    if (dns_query_parse(data, size, &query, &rcode, &why) != DNS_QUERY_OK) {
        if (why == NULL) {
            abort();
        }
        return 0;
    }

    dns_name_to_text(&query.name, text);
    if (dns_name_from_text(text, &again) != NULL || again.length != query.name.length ||
        memcmp(again.octets, query.name.octets, again.length) != 0) {
        abort();
    }

    reply.id = query.id;
    reply.question = true;
    reply.name = query.name;
    reply.type = query.type;
    reply.class = query.class;
    reply.rd = query.rd;
    dns_section_add_soa(&reply.authority, &query.name);
    dns_reply_encode(&reply, query.udp_size, &out);
    if (out.length > query.udp_size ||
        memcmp(out.data + DNS_HEADER_SIZE, data + DNS_HEADER_SIZE, query.name.length + 4u) != 0) {
        abort();
    }
    dns_reply_clear(&reply);
    return 0;
}
