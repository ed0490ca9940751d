/* From a response to its octets (RFC 1035 section 4). */
#ifndef STAPLELAB_DNS_ENCODE_H
#define STAPLELAB_DNS_ENCODE_H

#include <stddef.h>

#include "harness/base/octets.h"
#include "responders/dns/model.h"

#define DNS_MESSAGE_MAX   65535
#define DNS_EDNS_UDP_SIZE 1232 /* what we take over UDP ourselves */

/*
 * Appends the message to *out, which is empty.  Where it would be longer than `limit` octets (at
 * least DNS_UDP_SIZE) it has no records but TC set (RFC 2181 section 9), and so has *r then.
 */
void dns_encode(dns_response *r, size_t limit, octets *out);

#endif
