/* faulty-ocspd: an OCSP responder (RFC 6960) that misbehaves on demand. */
#include "harness/base/memory_libcrypto.h"
#include "responders/ocsp/faults/catalogue.h"
#include "responders/ocsp/match.h"
#include "responders/ocsp/responder.h"
#include "responders/program/program.h"

#define VALIDITY_DEFAULT 86400
#define VALIDITY_MAX     3153600000 /* a hundred years */

static int take_pki(void *arg, const char *value, problem *p)
{
    ocsp_responder *r = arg;
    return ocsp_store_load(&r->store, value, p);
}

static int take_validity(void *arg, const char *value, problem *p)
{
    ocsp_responder *r = arg;
    uint64_t validity;
    if (options_number("--validity", value, 0, VALIDITY_MAX, &validity, p) != 0) {
        return -1;
    }
    r->store.validity = (int64_t)validity;
    return 0;
}

static const options_row options[] = {
    {"pki", "DIR", "a folder that pki-mint made; may be given several times", take_pki},
    {"validity", "SECONDS", "nextUpdate of a healthy response is that far ahead (default 86400)",
     take_validity},
    {0},
};

static int start(void *arg, struct event_base *base, const program_options *o, rule_set *rules,
                 event_log *events, control_ops *ops, problem *p)
{
    ocsp_responder *r = arg;
    if (r->store.count == 0) {
        return problem_refuse(p, "",
                              "no certificates to respond for: give --pki DIR, a folder that "
                              "pki-mint made");
    }
    /* --validity may have come after --pki. */
    ocsp_store_reset(&r->store);
    return ocsp_responder_start(r, base, o->listeners, o->nlisteners, rules, events, ops, p);
}

static void started(void *arg, control *c)
{
    ocsp_responder *r = arg;
    r->control = c;
}

static void stop(void *arg)
{
    ocsp_responder_stop(arg);
}

int main(int argc, char **argv)
{
    ocsp_responder r = {.store.validity = VALIDITY_DEFAULT};
    const program faulty_ocspd = {
        .name = "faulty-ocspd",
        .summary = "an OCSP responder that misbehaves on demand",
        .faults = ocsp_fault_lines,
        .primitives = ocsp_fault_primitives,
        .keys = ocsp_match_keys,
        .options = options,
        .store = &r.store,
        .start = start,
        .started = started,
        .stop = stop,
        .arg = &r,
    };
    memory_begin_libcrypto();
    int status = program_run(&faulty_ocspd, argc, argv);
    ocsp_store_free(&r.store);
    return status;
}
