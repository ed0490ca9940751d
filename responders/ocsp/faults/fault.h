/*
 * What a fault of faulty-ocspd is: small functions, one for each thing on the way of an
 * answer that it changes.  A family of faults is one file with one table.
 *
 * To add a fault: write its function, add its row to the table of its family.  Rules,
 * GET /v1/faults, --list-faults and the documentation follow by themselves.
 */
#ifndef STAPLELAB_OCSP_FAULT_H
#define STAPLELAB_OCSP_FAULT_H

#include <jansson.h>
#include <stdint.h>

#include "responders/engine/catalogue.h"
#include "responders/net/delivery.h"
#include "responders/ocsp/codec/http_response.h"
#include "responders/ocsp/model.h"
#include "responders/ocsp/store.h"

/* What a fault may look at besides its parameters. */
typedef struct {
    int64_t now;      /* Unix seconds on the program's clock */
    uint64_t ordinal; /* how many requests its rule has served before this one */
    const certificates *certificates;
} fault_context;

/* How a listening socket is while a fault of phase FAULT_ON_LISTENER is in force. */
typedef enum {
    LISTENER_OPEN,
    LISTENER_CLOSED,       /* nothing listens: SYN is answered by RST */
    LISTENER_BACKLOG_FULL, /* the accept queue is full: SYN is dropped */
} listener_mode;

/* The impl of a fault_spec. What a fault does not change is NULL; they run in this order. */
typedef struct {
    void (*content)(answer *, const json_t *params, const fault_context *);
    void (*http)(http_answer *, const json_t *params, const fault_context *);
    void (*transport)(delivery *, const json_t *params, const fault_context *);
    listener_mode listener;
} fault_impl;

/* The families; each table ends with a name of NULL. */
extern const fault_spec envelope_faults[];
extern const fault_spec single_response_faults[];
extern const fault_spec time_faults[];
extern const fault_spec signature_faults[];
extern const fault_spec sequence_faults[];
extern const fault_spec connect_close_faults[];
extern const fault_spec latency_faults[];
extern const fault_spec http_status_faults[];
extern const fault_spec http_framing_faults[];

/* The catalogue of the program: all families. */
const catalogue *ocsp_faults(void);

/* Checks the parameters of the rules (an array as rules_to_json returns it) that only the
 * loaded certificates can judge: "signer" and "serial". 0, or -1 with *p. */
int ocsp_faults_check_rules(const certificates *c, json_t *rules, problem *p);

#endif
