/*
 * Options are checked before the first packet: a run that starts can end with a verdict.
 */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "harness/base/options.h"
#include "harness/base/version.h"
#include "harness/clients/certificate.h"
#include "harness/clients/check_options.h"
#include "harness/clients/trusted.h"
#include "harness/clients/verdict.h"

#define SERVERNAME_MAX 255 /* RFC 6066 as libssl takes it */

static const char help_above[] =
    "Usage: staple-check [OPTIONS] HOST:PORT\n"
    "Makes TLS handshakes that ask for an OCSP staple, and says what a strict client concludes\n"
    "from each: one JSON object a handshake, one line each. [ADDRESS]:PORT for IPv6.\n"
    "\n";

static const char help_below[] =
    "\n"
    "The exit code is the last handshake's verdict: 0 for GOOD, from 10 on for the others;\n"
    "3 for a failed connection or handshake, 2 for wrong usage, 1 when output cannot be written.\n";

bool check_options_split(char *target, const char **host, const char **port)
{
    char *colon = strrchr(target, ':');
    if (colon == NULL || colon == target) {
        return false;
    }
    size_t digits = strspn(colon + 1, "0123456789");
    long number = digits > 0 && digits <= 5 ? strtol(colon + 1, NULL, 10) : 0;
    if (colon[1 + digits] != '\0' || number < 1 || number > 65535) {
        return false;
    }

    if (target[0] == '[') {
        if (colon[-1] != ']' || colon - target < 3) {
            return false;
        }
        colon[-1] = '\0';
        target++;
    } else if (memchr(target, ':', (size_t)(colon - target)) != NULL) {
        return false;
    }
    *colon = '\0';
    *host = target;
    *port = colon + 1;
    return true;
}

static bool is_address(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

static int take_servername(void *arg, const char *value, problem *p)
{
    check_options *o = arg;
    size_t length = strlen(value);
    if (length == 0 || length > SERVERNAME_MAX) {
        return problem_refuse(p, "", "--servername: a name of 1 to %d octets is accepted",
                              SERVERNAME_MAX);
    }
    o->handshake.servername = value;
    return 0;
}

static int take_tls(void *arg, const char *value, problem *p)
{
    check_options *o = arg;
    if (strcmp(value, "1.2") == 0) {
        o->handshake.version = TLS1_2_VERSION;
    } else if (strcmp(value, "1.3") == 0) {
        o->handshake.version = TLS1_3_VERSION;
    } else {
        return problem_refuse(p, "", "--tls '%s': 1.2 or 1.3 is accepted", value);
    }
    return 0;
}

static int take_sigalgs(void *arg, const char *value, problem *p)
{
    (void)p;
    ((check_options *)arg)->handshake.sigalgs = value;
    return 0;
}

static int take_no_status(void *arg, const char *value, problem *p)
{
    (void)value;
    (void)p;
    ((check_options *)arg)->handshake.status = false;
    return 0;
}

static int take_resume(void *arg, const char *value, problem *p)
{
    (void)value;
    (void)p;
    ((check_options *)arg)->resume = true;
    return 0;
}

static int take_tries(void *arg, const char *value, problem *p)
{
    check_options *o = arg;
    uint64_t number = (uint64_t)o->tries;
    int rc = options_number("--tries", value, 1, 1000000, &number, p);
    o->tries = (int)number;
    return rc;
}

static int take_trusted(void *arg, const char *value, problem *p)
{
    check_options *o = arg;
    problem why;
    if (o->trusted != NULL) {
        return problem_refuse(p, "",
                              "--trusted is accepted once; one file may hold many "
                              "certificates");
    }
    if (trusted_read(value, &o->trusted, &why) != 0) {
        return problem_refuse(p, "", "--trusted %s", why.detail);
    }
    return 0;
}

static int take_skew(void *arg, const char *value, problem *p)
{
    check_options *o = arg;
    uint64_t number = (uint64_t)o->skew;
    int rc = options_number("--skew", value, 0, 1000000000, &number, p);
    o->skew = (int64_t)number;
    return rc;
}

static int take_staple_out(void *arg, const char *value, problem *p)
{
    (void)p;
    ((check_options *)arg)->staple_out = value;
    return 0;
}

static int take_timeout(void *arg, const char *value, problem *p)
{
    check_options *o = arg;
    uint64_t number = (uint64_t)o->handshake.timeout_ms;
    int rc = options_number("--timeout-ms", value, 1, 3600000, &number, p);
    o->handshake.timeout_ms = (int)number;
    return rc;
}

/* By itself it never comes here. */
static int take_batch(void *arg, const char *value, problem *p)
{
    (void)arg;
    (void)value;
    return problem_refuse(p, "", "--batch is accepted as the only word of a command line");
}

static int take_list_verdicts(void *arg, const char *value, problem *p)
{
    (void)arg;
    (void)value;
    (void)p;
    for (const verdict_entry *v = verdict_vocabulary; v->name != NULL; v++) {
        printf("%2d  %-21s  %s\n", (int)v->verdict, v->name, v->meaning);
    }
    return 1;
}

static int take_version(void *arg, const char *value, problem *p)
{
    (void)arg;
    (void)value;
    (void)p;
    puts("staple-check " STAPLELAB_VERSION);
    return 1;
}

static int take_help(void *arg, const char *value, problem *p);

static const options_row rows[] = {
    {"servername", "NAME", "the server name to ask for (default: HOST, unless it is an address)",
     take_servername},
    {"tls", "1.2|1.3", "only this version (default: either)", take_tls},
    {"sigalgs", "LIST", "signature algorithms to offer, joined by colons", take_sigalgs},
    {"no-status", NULL, "do not ask for a staple", take_no_status},
    {"resume", NULL, "each try is two handshakes: a full one, and one that resumes it",
     take_resume},
    {"tries", "N", "how often to try (default: 1)", take_tries},
    {"trusted", "FILE", "PEM certificates to judge the staple by, besides the server's chain",
     take_trusted},
    {"skew", "SECONDS", "tolerance for thisUpdate and nextUpdate (default: 0)", take_skew},
    {"staple-out", "FILE", "write the last staple as it was sent; empty when there was none",
     take_staple_out},
    {"timeout-ms", "N", "real time for a whole handshake, in milliseconds (default: 5000)",
     take_timeout},
    {"batch", NULL,
     "alone: run the command lines that standard input gives, a JSON array of words a line; each "
     "is answered with its status and its output, as JSON",
     take_batch},
    {"list-verdicts", NULL, "print the verdicts with their exit codes and exit",
     take_list_verdicts},
    {"version", NULL, "print the version and exit", take_version},
    {"help", NULL, "print this and exit", take_help},
    {0},
};

static int take_help(void *arg, const char *value, problem *p)
{
    (void)value;
    (void)p;
    fputs(help_above, stdout);
    options_help((const options_group[]){{rows, arg}, {0}}, stdout);
    fputs(help_below, stdout);
    return 1;
}

int check_options_parse(int argc, char **argv, check_options *out, problem *p)
{
    *out = (check_options){.handshake = {.status = true, .timeout_ms = 5000}, .tries = 1};
    const options_group groups[] = {{rows, out}, {0}};
    int first;
    int rc = options_parse(groups, argc, argv, &first, p);
    if (rc != 0) {
        return rc;
    }
    if (first + 1 != argc) {
        return problem_refuse(p, "", "%s (--help explains)",
                              first == argc ? "HOST:PORT is missing" : "one HOST:PORT is accepted");
    }
    out->target = memory_text(argv[first]);
    if (!check_options_split(out->target, &out->handshake.host, &out->handshake.port)) {
        return problem_refuse(p, "",
                              "'%s': HOST:PORT is accepted, with an IPv6 address in brackets and "
                              "a port from 1 to 65535",
                              argv[first]);
    }
    if (out->handshake.servername == NULL && !is_address(out->handshake.host)) {
        out->handshake.servername = out->handshake.host;
    }
    return 0;
}

void check_options_free(check_options *options)
{
    certificate_stack_free(options->trusted);
    free(options->target);
    *options = (check_options){0};
}
