/*
 * faulty-dnsd: a DNS stub that responds with a few records, and misbehaves on demand.
 */
#include "harness/base/memory.h"
#include "responders/dns/faults/catalogue.h"
#include "responders/dns/match.h"
#include "responders/dns/responder.h"
#include "responders/program/program.h"

static int take_record(void *arg, const char *value, problem *p)
{
    return dns_store_option(dns_responder_store(arg), value, p);
}

static const options_row options[] = {
    {"record", "NAME/TYPE=VALUE[,VALUE...][@TTL]",
     "a record set: TYPE is A, AAAA or CNAME, the TTL 300 unless given; may be repeated",
     take_record},
    {0},
};

int main(int argc, char **argv)
{
    dns_responder *r;
    int status;

    memory_begin();
    r = dns_responder_new();
    status = program_run(
        &(const program){
            .name = "faulty-dnsd",
            .summary = "A DNS stub that responds over UDP and TCP, and misbehaves on demand.",
            .faults = dns_fault_lines,
            .primitives = dns_fault_primitives,
            .keys = dns_match_keys,
            .options = options,
            .store = dns_responder_store(r),
            .start = dns_responder_start,
            .started = dns_responder_started,
            .stop = dns_responder_stop,
            .arg = r,
        },
        argc, argv);
    dns_responder_free(r);
    return status;
}
