/* faulty-ocspd: an OCSP responder (RFC 6960) that misbehaves on demand. */
#include <time.h>

#include "harness/base/memory_libcrypto.h"
#include "responders/ocsp/faults/catalogue.h"
#include "responders/ocsp/match.h"
#include "responders/ocsp/own_ca.h"
#include "responders/ocsp/responder.h"
#include "responders/program/program.h"

#define VALIDITY_DEFAULT 86400
#define VALIDITY_MAX     3153600000 /* a hundred years */

typedef struct {
    ocsp_responder responder;
    const char *certificate; /* of the --ca that is being taken, until its key comes */
} ocspd;

static int take_pki(void *arg, const char *value, problem *p)
{
    ocspd *o = arg;
    return ocsp_store_load(&o->responder.store, value, p);
}

static int take_ca(void *arg, const char *value, problem *p)
{
    ocspd *o = arg;
    const char *certificate = o->certificate;

    o->certificate = certificate == NULL ? value : NULL;
    return certificate == NULL ? 0 : ocsp_store_add_ca(&o->responder.store, certificate, value, p);
}

static int take_default(void *arg, const char *value, problem *p)
{
    ocspd *o = arg;
    return ocsp_store_set_default(&o->responder.store, value, time(NULL), p);
}

static int take_index(void *arg, const char *value, problem *p)
{
    ocspd *o = arg;
    return ocsp_store_read_index(&o->responder.store, value, p);
}

static int take_validity(void *arg, const char *value, problem *p)
{
    ocspd *o = arg;
    uint64_t validity;
    if (options_number("--validity", value, 0, VALIDITY_MAX, &validity, p) != 0) {
        return -1;
    }
    o->responder.store.validity = (int64_t)validity;
    return 0;
}

static const options_row options[] = {
    {"pki", "DIR", "a folder that pki-mint made; may be given several times", take_pki},
    {"ca", "CERT KEY",
     "a CA of your own, in PEM: responds for every serial number it may have issued; may be given "
     "several times, also beside --pki",
     take_ca},
    {"default", "STATUS",
     "what the --ca before it says of a serial that nothing else is said of: good (the default), "
     "revoked or unknown",
     take_default},
    {"index", "FILE",
     "the index.txt of the --ca before it, as \"openssl ca\" keeps it: V and E are good, R is "
     "revoked",
     take_index},
    {"validity", "SECONDS", "nextUpdate of a healthy response is that far ahead (default 86400)",
     take_validity},
    {0},
};

static int start(void *arg, struct event_base *base, const program_options *o, rule_set *rules,
                 event_log *events, control_ops *ops, problem *p)
{
    ocsp_responder *r = &((ocspd *)arg)->responder;
    if (r->store.count == 0) {
        return problem_refuse(p, "",
                              "no certificates to respond for: give --pki DIR, a folder that "
                              "pki-mint made, or --ca CERT KEY, a CA of your own");
    }
    /* --validity may have come after --pki or --ca. */
    ocsp_store_reset(&r->store);
    return ocsp_responder_start(r, base, o->listeners, o->nlisteners, rules, events, ops, p);
}

static void started(void *arg, control *c)
{
    ocsp_responder *r = &((ocspd *)arg)->responder;
    r->control = c;
}

static void stop(void *arg)
{
    ocsp_responder_stop(&((ocspd *)arg)->responder);
}

int main(int argc, char **argv)
{
    ocspd o = {.responder.store.validity = VALIDITY_DEFAULT};
    const program faulty_ocspd = {
        .name = "faulty-ocspd",
        .summary = "an OCSP responder that misbehaves on demand",
        .faults = ocsp_fault_lines,
        .primitives = ocsp_fault_primitives,
        .keys = ocsp_match_keys,
        .options = options,
        .store = &o.responder.store,
        .start = start,
        .started = started,
        .stop = stop,
        .arg = &o,
    };
    memory_begin_libcrypto();
    int status = program_run(&faulty_ocspd, argc, argv);
    ocsp_store_free(&o.responder.store);
    return status;
}
