/* Types of parameters that DNS has besides those of the engine. */
#ifndef STAPLELAB_DNS_PARAMS_H
#define STAPLELAB_DNS_PARAMS_H

#include <stddef.h>

#include "harness/base/octets.h"
#include "responders/dns/codec/dns_address.h"
#include "responders/engine/param.h"

typedef struct {
    dns_address *list;
    size_t count;
} dns_addresses;

extern const param_type dns_param_addresses; /* dns_addresses: a list of IPv4 and IPv6 texts */
extern const param_type dns_param_name;      /* dns_name; its length is 0 for null */
extern const param_type dns_param_type;      /* uint16_t: the type's number, 0 for null */
extern const param_type dns_param_octets;    /* octets: pairs of hexadecimal digits */

#endif
