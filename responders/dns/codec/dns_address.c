/* See dns_address.h. */
#include "responders/dns/codec/dns_address.h"

#include "responders/dns/codec/dns_type.h"

bool dns_address_from_text(const char *text, dns_address *out)
{
    if (inet_pton(AF_INET, text, out->octets) == 1) {
        out->length = 4;
        return true;
    }
    out->length = 16;
    return inet_pton(AF_INET6, text, out->octets) == 1;
}

void dns_address_to_text(const dns_address *address, char out[DNS_ADDRESS_TEXT_SIZE])
{
    inet_ntop(address->length == 4 ? AF_INET : AF_INET6, address->octets, out,
              DNS_ADDRESS_TEXT_SIZE);
}

uint16_t dns_address_type(const dns_address *address)
{
    return address->length == 4 ? DNS_TYPE_A : DNS_TYPE_AAAA;
}
