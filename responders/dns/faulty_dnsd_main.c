/*
 * faulty-dnsd: a DNS stub that answers from a few records, and misbehaves on demand.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "responders/dns/faults/faults.h"
#include "responders/dns/match.h"
#include "responders/dns/start.h"
#include "responders/program/program.h"

enum {
    OPTION_RECORD = 1000,
};

static const struct option options[] = {
    {"record", required_argument, NULL, OPTION_RECORD},
    {NULL, 0, NULL, 0},
};

static const char options_help[] =
    "  --record NAME/TYPE=VALUE[,VALUE...][@TTL]\n"
    "                                a record set: TYPE is A, AAAA or CNAME, the TTL 300 unless\n"
    "                                given; may be repeated\n";

static int option(void *arg, int val, const char *value, problem *p)
{
    server *s = arg;

    if (val != OPTION_RECORD) {
        problem_set(p, 400, "", "unknown option");
        return -1;
    }
    return records_option(s->records, value, p);
}

int main(int argc, char **argv)
{
    server *s = calloc(1, sizeof(*s));
    program self = {
        .name = "faulty-dnsd",
        .summary = "A DNS stub that answers over UDP and TCP, and misbehaves on demand.",
        .faults = &dns_faults,
        .keys = match_keys,
        .options = options,
        .options_help = options_help,
        .option = option,
        .start = server_start,
        .started = server_started,
        .stop = server_stop,
        .arg = s,
    };
    int status = 1;

    if (s != NULL) {
        s->records = records_new();
        s->memory = memory_new();
    }
    if (s == NULL || s->records == NULL || s->memory == NULL) {
        fprintf(stderr, "faulty-dnsd: out of memory\n");
    } else {
        status = program_run(&self, argc, argv);
    }

    if (s != NULL) {
        records_free(s->records);
        memory_free(s->memory);
    }
    free(s);
    return status;
}
