/*
 * Truncation: the client is sent from UDP to TCP, where it may or may not find somebody.
 */
#include "responders/dns/faults/faults.h"

#include <string.h>

static void truncate_answer(const fault_context *c)
{
    dns_section_empty(&c->reply->answer);
    dns_section_empty(&c->reply->authority);
    c->reply->tc = true;
}

static void truncated_udp(const fault_context *c, const json_t *params)
{
    (void)params;
    if (!c->tcp) {
        truncate_answer(c);
    }
}

static void tc_then_tcp_fails(const fault_context *c, const json_t *params)
{
    const char *mode = param_string(params, "mode");

    if (!c->tcp) {
        truncate_answer(c);
        c->delivery->refuse = strcmp(mode, "refused") == 0;
        return;
    }

    /* "refused", too, resets what was connected before the first truncated answer */
    c->delivery->stall = strcmp(mode, "silent") == 0;
    c->delivery->reset = !c->delivery->stall;
}

static const char *const modes[] = {"refused", "reset", "silent", NULL};

static const fault_param fails_params[] = {
    {.name = "mode",
     .type = PARAM_CHOICE,
     .summary = "over TCP: connections are refused from the first truncated answer until the "
                "rules change, queries are answered by a reset, or never",
     .fallback = "\"refused\"",
     .choices = modes},
    {.name = NULL},
};

const fault_spec fault_truncated_udp = {
    .name = "truncated-udp",
    .id = "C35",
    .layer = "dns",
    .summary = "over UDP TC is set and nothing answered; over TCP all is well",
    .impl = &(const dns_fault){.edit = truncated_udp},
};

const fault_spec fault_tc_then_tcp_fails = {
    .name = "tc-then-tcp-fails",
    .id = "C38",
    .layer = "tcp",
    .summary = "over UDP TC is set and nothing answered; over TCP it fails",
    .params = fails_params,
    .impl = &(const dns_fault){.edit = tc_then_tcp_fails},
};
