/* faulty-ocspd: an OCSP responder (RFC 6960) that misbehaves on demand. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "responders/ocsp/connection.h"
#include "responders/ocsp/faults/fault.h"
#include "responders/ocsp/listener.h"
#include "responders/ocsp/match.h"
#include "responders/ocsp/responder.h"

#define VALIDITY_DEFAULT 86400
#define VALIDITY_MAX     3153600000 /* a hundred years */

enum { OPTION_PKI = 1000, OPTION_VALIDITY };

static const struct option options[] = {
    {"pki", required_argument, NULL, OPTION_PKI},
    {"validity", required_argument, NULL, OPTION_VALIDITY},
    {0},
};

static const char options_help[] =
    "  --pki DIR             a folder that pki-mint made; may be given several times\n"
    "  --validity SECONDS    nextUpdate of a healthy answer is that far ahead (default 86400)\n";

static int take_option(void *arg, int val, const char *value, problem *p)
{
    service *s = arg;
    if (val == OPTION_PKI) {
        return certificates_load(&s->certificates, value, p);
    }
    char *rest;
    errno = 0;
    long long validity = strtoll(value, &rest, 10);
    if (errno != 0 || *value == '\0' || *rest != '\0' || validity < 0 || validity > VALIDITY_MAX) {
        problem_set(p, 400, "", "--validity %s: not a number of seconds from 0 to %lld", value,
                    (long long)VALIDITY_MAX);
        return -1;
    }
    s->certificates.validity = validity;
    return 0;
}

static int start(void *arg, struct event_base *base, program_options *o, rule_set *rules,
                 event_log *events, control_ops *ops, problem *p)
{
    service *s = arg;
    s->base = base;
    s->rules = rules;
    s->events = events;
    service_fill_ops(s, ops);
    if (s->certificates.count == 0) {
        problem_set(p, 400, "",
                    "no certificates to answer for: give --pki DIR, a folder that "
                    "pki-mint made");
        return -1;
    }
    /* --validity may have come behind --pki. */
    certificates_reset(&s->certificates);
    for (size_t i = 0; i < o->nlisteners; i++) {
        if (listener_open(s, &o->listeners[i], p) != 0) {
            listeners_free(s);
            return -1;
        }
    }
    return 0;
}

static void started(void *arg, control *c)
{
    ((service *)arg)->control = c;
}

static void stop(void *arg)
{
    service *s = arg;
    s->control = NULL;
    connections_close_all(s);
    listeners_free(s);
}

int main(int argc, char **argv)
{
    service s = {.certificates.validity = VALIDITY_DEFAULT};
    program faulty_ocspd = {
        .name = "faulty-ocspd",
        .summary = "an OCSP responder that misbehaves on demand",
        .faults = ocsp_faults(),
        .keys = ocsp_match_keys,
        .options = options,
        .options_help = options_help,
        .option = take_option,
        .start = start,
        .started = started,
        .stop = stop,
        .arg = &s,
    };
    int status = program_run(&faulty_ocspd, argc, argv);
    certificates_free(&s.certificates);
    return status;
}
