/*
 * Options are checked before the first packet: a run that starts can end with a verdict.
 */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/memory.h"
#include "harness/base/options.h"
#include "harness/base/version.h"
#include "harness/clients/certificate.h"
#include "harness/clients/check_options.h"
#include "harness/clients/trusted.h"
#include "harness/clients/verdict.h"

#define SERVERNAME_MAX  255 /* RFC 6066 as libssl takes it */
#define PATH_MAX_OCTETS 1024

static const char help_above[] =
    "Usage: staple-check [OPTIONS] HOST:PORT\n"
    "       staple-check --judge FILE --leaf FILE [--trusted FILE] [--at TIME] [--skew SECONDS]\n"
    "Makes TLS handshakes that ask for an OCSP staple, and says what a strict client concludes\n"
    "from each: one JSON object a handshake, one line each. [ADDRESS]:PORT for IPv6.\n"
    "With --judge it says that of a captured response, without a server.\n"
    "\n";

static const char help_below[] =
    "\n"
    "With --get the object has a member \"http\": the status and the body of the response, or the\n"
    "error. A TLS 1.3 server refuses a client's certificate after the handshake, with an alert:\n"
    "only --get sees that (member \"alert\": its number). An HTTP status of any kind is no error.\n"
    "A failed handshake has no verdict: its object has \"error\", and in the member \"seen\" what "
    "the\n"
    "server had sent before; nothing of that is proven to be its own.\n"
    "Beside the verdict stands \"remarks\": what changes nothing about it (docs/verdicts.md).\n"
    "With --background or --stop-at the end of standard input ends the connection.\n"
    "\n"
    "The exit code is the last handshake's verdict: 0 for GOOD, from 10 on for the others;\n"
    "4 for a request without a whole response, whatever the verdict; 3 for a failed connection or\n"
    "handshake, 2 for wrong usage, 1 when output cannot be written.\n";

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

static int take_urls(void *arg, const char *value, problem *p)
{
    (void)value;
    (void)p;
    ((check_options *)arg)->urls = true;
    return 0;
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

static int take_cert(void *arg, const char *value, problem *p)
{
    (void)p;
    ((check_options *)arg)->cert = value;
    return 0;
}

static int take_key(void *arg, const char *value, problem *p)
{
    (void)p;
    ((check_options *)arg)->key = value;
    return 0;
}

/* What a request's first line can hold (RFC 9112 section 3.2.1), so that it stays one. */
static int take_get(void *arg, const char *value, problem *p)
{
    size_t length = strlen(value);
    bool plain = value[0] == '/' && length <= PATH_MAX_OCTETS;
    for (size_t i = 0; i < length && plain; i++) {
        plain = value[i] > ' ' && value[i] <= '~';
    }
    if (!plain) {
        return problem_refuse(p, "",
                              "--get '%s': a path that begins with /, of at most %d printable "
                              "ASCII characters without a space, is accepted",
                              value, PATH_MAX_OCTETS);
    }
    ((check_options *)arg)->handshake.get = value;
    return 0;
}

static int take_stop_at(void *arg, const char *value, problem *p)
{
    check_options *o = arg;
    for (int i = STAGE_CONNECTED; i <= STAGE_LAST_STOP; i++) {
        if (strcmp(value, stage_words[i]) == 0) {
            o->handshake.stop_at = (stage)i;
            o->handshake.leashed = true;
            return 0;
        }
    }
    char near[80];
    problem_nearest(value, stage_words, near, sizeof(near));
    return problem_refuse(p, "",
                          "--stop-at '%s': connected, half-hello, hello or handshake is "
                          "accepted%s%s",
                          value, near[0] == '\0' ? "" : "; the nearest: ", near);
}

static int take_background(void *arg, const char *value, problem *p)
{
    check_options *o = arg;
    (void)value;
    (void)p;
    o->background = true;
    o->handshake.leashed = true;
    return 0;
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
    {"resume", NULL,
     "each try is two handshakes: a full one, and one that resumes it; when a TLS 1.3 server gave "
     "no "
     "ticket, a GET on one more connection, of which nothing is told, asks for one",
     take_resume},
    {"trusted", "FILE", "PEM certificates to judge the staple by, besides the server's chain",
     take_trusted},
    {"skew", "SECONDS", "tolerance for thisUpdate and nextUpdate (default: 0)", take_skew},
    {"staple-out", "FILE", "write the last staple as it was sent; empty when there was none",
     take_staple_out},
    {"cert", "FILE", "PEM: the client's certificate, then its intermediates", take_cert},
    {"key", "FILE", "PEM: the private key for --cert, without a passphrase", take_key},
    {"get", "PATH", "after the handshake send one HTTP/1.1 GET and read its response", take_get},
    {"urls", NULL,
     "instead of a verdict: a line for each OCSP URL of the chain that the server sends, with "
     "place, serial number, must-staple, URL and subject, separated by tabs",
     take_urls},
    {"timeout-ms", "N",
     "real time for the host's name, a whole handshake and its request, in milliseconds (default: "
     "5000)",
     take_timeout},
    {"stop-at", "STAGE",
     "wait there until a line comes on standard input: connected (nothing is sent), half-hello, "
     "hello (the whole ClientHello is sent, nothing read) or handshake (it is completed); the "
     "time allowed begins anew after it",
     take_stop_at},
    {"background", NULL,
     "write a line for each stage as it is reached, as {\"try\": 1, \"event\": \"hello\"}: "
     "connected, half-hello, hello, handshake, request, response, and closed when the server "
     "closes at --stop-at; a line on standard input while it waits for the server is responded to "
     "by waiting",
     take_background},
    {"batch", NULL,
     "alone: run the command lines that standard input gives, a JSON array of words a line; for "
     "each its status and its output are written, as JSON",
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
    options_help(
        (const options_group[]){{rows, arg}, {retrying_rows, arg}, {capture_rows, arg}, {0}},
        stdout);
    fputs(help_below, stdout);
    return 1;
}

/* The one word that is no option. 0, or -1 with *p. */
static int take_target(check_options *out, int count, char **words, problem *p)
{
    if (count != 1) {
        return problem_refuse(p, "", "%s (--help explains)",
                              count == 0 ? "HOST:PORT is missing" : "one HOST:PORT is accepted");
    }
    out->target = memory_text(words[0]);
    if (!check_options_split(out->target, &out->handshake.host, &out->handshake.port)) {
        return problem_refuse(p, "",
                              "'%s': HOST:PORT is accepted, with an IPv6 address in brackets and "
                              "a port from 1 to 65535",
                              words[0]);
    }
    if (out->handshake.servername == NULL && !is_address(out->handshake.host)) {
        out->handshake.servername = out->handshake.host;
    }
    return 0;
}

int check_options_parse(int argc, char **argv, check_options *out, problem *p)
{
    *out = (check_options){.handshake = {.status = true, .timeout_ms = 5000, .leash = STDIN_FILENO},
                           .retrying = RETRYING_DEFAULT};
    const options_group groups[] = {
        {rows, out}, {retrying_rows, &out->retrying}, {capture_rows, &out->capture}, {0}};
    int first;
    int rc = options_parse(groups, argc, argv, &first, p);
    if (rc != 0) {
        return rc;
    }
    if (out->cert == NULL || out->key == NULL) {
        if (out->cert != out->key) {
            return problem_refuse(p, "", "--%s needs --%s beside it",
                                  out->cert == NULL ? "key" : "cert",
                                  out->cert == NULL ? "cert" : "key");
        }
    } else if (client_identity_read(out->cert, out->key, &out->handshake.identity, p) != 0) {
        return -1;
    }
    if (retrying_settle(&out->retrying, p) != 0 || capture_settle(&out->capture, p) != 0) {
        return -1;
    }
    if (out->handshake.leashed && retrying_waits(&out->retrying)) {
        return problem_refuse(p, "",
                              "--interval, --until and --within are not accepted with "
                              "--background or --stop-at");
    }
    if (out->capture.response != NULL) {
        return first == argc ? 0 : problem_refuse(p, "", "--judge is accepted without HOST:PORT");
    }
    return take_target(out, argc - first, argv + first, p);
}

void check_options_free(check_options *options)
{
    certificate_stack_free(options->trusted);
    client_identity_free(&options->handshake.identity);
    free(options->target);
    *options = (check_options){0};
}
