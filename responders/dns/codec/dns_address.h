/* Addresses as records hold them (RFC 1035 section 3.4.1, RFC 3596 section 2.2), and as text. */
#ifndef STAPLELAB_DNS_ADDRESS_H
#define STAPLELAB_DNS_ADDRESS_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>

#define DNS_ADDRESS_TEXT_SIZE INET6_ADDRSTRLEN

typedef struct {
    uint8_t length; /* 4 or 16 */
    uint8_t octets[16];
} dns_address;

/* Reads "127.0.0.1" or "::1"; returns whether it was one. */
bool dns_address_from_text(const char *text, dns_address *out);

void dns_address_to_text(const dns_address *address, char out[DNS_ADDRESS_TEXT_SIZE]);

/* DNS_TYPE_A or DNS_TYPE_AAAA: the type of a record that holds it. */
uint16_t dns_address_type(const dns_address *address);

#endif
