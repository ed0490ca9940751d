/*
 * What the primitives of DNS work on and look at.
 *
 * The subject of STAGE_MODEL is a dns_response, of STAGE_WIRE the octets of the message, of
 * STAGE_PACE and STAGE_END a delivery; the context is a dns_fault_context.
 */
#ifndef STAPLELAB_DNS_FAULTS_H
#define STAPLELAB_DNS_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/base/octets.h"
#include "responders/dns/codec/dns_query.h"
#include "responders/dns/faults/params.h"
#include "responders/dns/model.h"
#include "responders/dns/store.h"
#include "responders/engine/fault_state.h"
#include "responders/engine/primitive.h"

typedef struct {
    const dns_query *query;
    span message; /* the query as it came */
    bool tcp;
    const char *rule;     /* its id */
    const char *question; /* name and type as text */
    int64_t now;          /* Unix seconds */
    const dns_store *store;
    fault_state *state;
    bool *refuse; /* to be set: the TCP listener refuses connections until the rules change */
} dns_fault_context;

/*
 * Has `change` work on call->subject, a dns_response, and returns what that was worth: EFFECT_DONE
 * when the response is another one then, EFFECT_IMPOSSIBLE when call->why was set (and nothing
 * else), else EFFECT_NONE.
 */
effect dns_fault_change(primitive_call *call, void (*change)(primitive_call *call));

/* Makes the response an error: that code, no records (but an SOA with NXDOMAIN, RFC 2308 2.1). */
void dns_fault_set_error(dns_response *r, uint16_t rcode);

/* Puts the addresses that are of the asked family in the place of the response's own, or before
 * them if `keep`, with their TTL; without any it says that there is no data (RFC 2308 2.2).
 * Responses to queries for other types are left alone. */
void dns_fault_set_addresses(dns_response *r, const dns_addresses *addresses, bool keep);

/* rcode.c */
extern const primitive dns_fault_rcode;      /* "rcode" value, question, type */
extern const primitive dns_fault_error;      /* "error" type, rcode */
extern const primitive dns_fault_rcode_only; /* "rcode-only" rcode */
extern const primitive dns_fault_no_data;    /* "no-data" */
/* addresses.c */
extern const primitive dns_fault_other_addresses; /* "other-addresses" values */
extern const primitive dns_fault_dead_addresses;  /* "dead-addresses" dead */
/* ttl.c */
extern const primitive dns_fault_ttl;        /* "ttl" seconds */
extern const primitive dns_fault_ttl_window; /* "ttl-window" ttl, values */
/* alias.c */
extern const primitive dns_fault_alias;       /* "alias" target, in_message */
extern const primitive dns_fault_alias_chain; /* "alias-chain" n, in_message */
extern const primitive dns_fault_alias_loop;  /* "alias-loop" length, in_message */
/* header.c */
extern const primitive dns_fault_id;       /* "id" delta */
extern const primitive dns_fault_echo;     /* "echo" */
extern const primitive dns_fault_truncate; /* "truncate" */
/* malformed.c */
extern const primitive dns_fault_cut;          /* "cut" at */
extern const primitive dns_fault_message;      /* "message" octets, id */
extern const primitive dns_fault_pointer_loop; /* "pointer-loop" where, form */
/* loss.c */
extern const primitive dns_fault_drop;      /* "drop" */
extern const primitive dns_fault_tcp_fails; /* "tcp-fails" mode */

#endif
