/*
 * What the parts of a running responder share.
 */
#ifndef STAPLELAB_OCSP_SERVICE_H
#define STAPLELAB_OCSP_SERVICE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "responders/control/control.h"
#include "responders/engine/event_log.h"
#include "responders/engine/rule_set.h"
#include "responders/ocsp/store.h"
#include "responders/program/program.h"

typedef struct connection connection;
typedef struct listener listener;

typedef struct {
    struct event_base *base;
    rule_set *rules;
    event_log *events;
    control *control; /* NULL when none was asked for */
    certificates certificates;
    listener *listeners[PROGRAM_LISTENERS_MAX];
    size_t nlisteners;
    connection *connections; /* all open ones, a doubly linked list */
    uint64_t accepted;       /* also the number of the newest connection */
    uint64_t requests;
    uint64_t answers;
    size_t open;
} service;

/* The functions of control.h for faulty-ocspd; `arg` is the service. */
void service_fill_ops(service *s, control_ops *ops);

/* Tells the control API that what it waits for may have come. */
void service_poke(service *s);

#endif
