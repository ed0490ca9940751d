/*
 * Responses that never come, and TCP that fails (RFC 7766).
 */
#include "responders/dns/faults/faults.h"

#include "responders/net/delivery.h"

static effect drop(primitive_call *call)
{
    delivery *d = call->subject;

    d->cut = 0;
    return EFFECT_DONE;
}

const primitive dns_fault_drop = {
    .name = "drop",
    .summary = "no response at all",
    .stage = STAGE_END,
    .things = {"end"},
    .act = drop,
};

enum { MODE_REFUSED, MODE_RESET, MODE_SILENT };

static const char *const modes[] = {"refused", "reset", "silent", NULL};

typedef struct {
    int mode;
} tcp_fails_params;

static effect tcp_fails(primitive_call *call)
{
    const dns_fault_context *c = call->context;
    const tcp_fails_params *p = call->params;
    delivery *d = call->subject;

    if (c->tcp) {
        /* "refused", too, resets what was connected before the first query over UDP */
        d->cut = 0;
        d->end = p->mode == MODE_SILENT ? DELIVERY_HOLD : DELIVERY_RST;
        return EFFECT_DONE;
    }
    if (p->mode != MODE_REFUSED) {
        return EFFECT_LATER;
    }
    *c->refuse = true;
    return EFFECT_DONE;
}

const primitive dns_fault_tcp_fails = {
    .name = "tcp-fails",
    .summary = "TCP connections are refused or reset, or there is no response over them",
    .stage = STAGE_END,
    .things = {"end"},
    .size = sizeof(tcp_fails_params),
    .params =
        (const param[]){
            {.name = "mode",
             .type = &param_choice,
             .offset = offsetof(tcp_fails_params, mode),
             .summary = "over TCP: connections are refused from the first truncated response until "
                        "the rules change, queries are met by a reset, or there is no response",
             .fallback = "\"refused\"",
             .choices = modes},
            {0},
        },
    .act = tcp_fails,
};
