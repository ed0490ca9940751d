/*
 * What a DNS fault is to the program: a change of the answer before it is encoded, of its
 * octets afterwards, or of how it is delivered.
 */
#ifndef STAPLELAB_DNS_FAULTS_H
#define STAPLELAB_DNS_FAULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "harness/base/problem.h"
#include "responders/dns/codec/dns_query.h"
#include "responders/dns/model.h"
#include "responders/dns/store.h"
#include "responders/engine/catalogue.h"
#include "responders/engine/fault_state.h"

/* How the answer is to be delivered; all zero: at once. */
typedef struct {
    bool drop;   /* send nothing */
    bool stall;  /* send nothing and leave the connection to the peer */
    bool reset;  /* reset the connection */
    bool refuse; /* have the listener refuse connections from now on */
    int64_t delay_ms;
} delivery;

typedef struct {
    const dns_query *query;
    const uint8_t *octets; /* the query as it came */
    size_t length;
    bool tcp;
    const char *rule;
    uint64_t ordinal; /* of the query within the rule and its scope, from 0 */
    time_t now;
    const records *records;
    memory *memory;
    dns_reply *reply; /* the healthy answer, then what faults made of it */
    delivery *delivery;
} fault_context;

typedef struct {
    void (*edit)(const fault_context *c, const json_t *params); /* before encoding; may be NULL */
    void (*mangle)(const fault_context *c, const json_t *params,
                   dns_octets *octets); /* after encoding; may be NULL */
} dns_fault;

/* The catalogue of the program. */
extern const catalogue dns_faults;

/* Looks into rules (as rules_to_json gives them) for addresses and names that the catalogue
 * takes as plain strings.  0, or -1 with *p naming the first that is none. */
int faults_check_rules(const json_t *rules, problem *p);

/* Makes the answer an error: that code, no records (but an SOA with NXDOMAIN). */
void fault_set_rcode(const fault_context *c, uint16_t rcode);

/* Makes the answer say that the name has no record of the type (RFC 2308 2.2). */
void fault_set_nodata(const fault_context *c);

/* Puts the addresses of the asked family (of a list of texts) where the answer's own are, or
 * before them if `keep`; without any it becomes a nodata answer.  `ttl` below 0 keeps the
 * answer's own.  Queries for other types are left alone. */
void fault_set_addresses(const fault_context *c, const json_t *list, bool keep, int64_t ttl);

/* The address of a host that is up and has nothing listening, as a parameter's default. */
#define FAULT_DEAD_ADDRESS "[\"127.255.255.254\"]"

/* The parameter of every fault that answers with an error of the caller's choice. */
#define FAULT_RCODE_PARAM                                                                          \
    {                                                                                              \
        .name = "rcode", .type = PARAM_INTEGER, .summary = "the response code", .fallback = "2",   \
        .min = 1, .max = 15                                                                        \
    }

/* rcode.c */
extern const fault_spec fault_servfail, fault_nxdomain, fault_refused, fault_notimp, fault_formerr,
    fault_rcode_unassigned, fault_nodata, fault_rcode_with_answers, fault_per_type_divergence;
/* loss_timing.c */
extern const fault_spec fault_drop_query, fault_drop_first_n, fault_answer_delay;
/* header.c */
extern const fault_spec fault_wrong_id, fault_qr_bit_clear;
/* truncation.c */
extern const fault_spec fault_truncated_udp, fault_tc_then_tcp_fails;
/* wire.c */
extern const fault_spec fault_message_cut, fault_compression_loop;
/* content.c */
extern const fault_spec fault_wrong_address, fault_mixed_addresses;
/* alias.c */
extern const fault_spec fault_cname_single, fault_cname_chain, fault_cname_loop;
/* sequence.c */
extern const fault_spec fault_ttl_zero, fault_ttl_short_then_change, fault_answer_change,
    fault_error_then_address, fault_address_then_error;

#endif
