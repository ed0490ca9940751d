/*
 * Options are checked before the first packet: a run that starts can end with a verdict.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <event2/buffer.h> /* named, not declared, by what program.h includes */
#include <getopt.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/version.h"
#include "harness/clients/certificate.h"
#include "harness/clients/options.h"
#include "harness/clients/trusted.h"
#include "harness/clients/verdict.h"

enum {
    OPTION_SERVERNAME = 1000,
    OPTION_TLS,
    OPTION_SIGALGS,
    OPTION_NO_STATUS,
    OPTION_RESUME,
    OPTION_TRIES,
    OPTION_TRUSTED,
    OPTION_SKEW,
    OPTION_STAPLE_OUT,
    OPTION_TIMEOUT,
    OPTION_BATCH,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_LIST_VERDICTS,

    SERVERNAME_MAX = 255 /* RFC 6066 as libssl takes it */
};

static const struct option long_options[] = {
    {"servername", required_argument, NULL, OPTION_SERVERNAME},
    {"tls", required_argument, NULL, OPTION_TLS},
    {"sigalgs", required_argument, NULL, OPTION_SIGALGS},
    {"no-status", no_argument, NULL, OPTION_NO_STATUS},
    {"resume", no_argument, NULL, OPTION_RESUME},
    {"tries", required_argument, NULL, OPTION_TRIES},
    {"trusted", required_argument, NULL, OPTION_TRUSTED},
    {"skew", required_argument, NULL, OPTION_SKEW},
    {"staple-out", required_argument, NULL, OPTION_STAPLE_OUT},
    {"timeout-ms", required_argument, NULL, OPTION_TIMEOUT},
    {"batch", no_argument, NULL, OPTION_BATCH},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"list-verdicts", no_argument, NULL, OPTION_LIST_VERDICTS},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "Usage: staple-check [OPTIONS] HOST:PORT\n"
    "Makes TLS handshakes that ask for an OCSP staple, and says what a strict client concludes\n"
    "from each: one JSON object a handshake, one line each. [ADDRESS]:PORT for IPv6.\n"
    "\n"
    "  --servername NAME  the server name to ask for (default: HOST, unless it is an address)\n"
    "  --tls 1.2|1.3      only this version (default: either)\n"
    "  --sigalgs LIST     signature algorithms to offer, joined by colons\n"
    "  --no-status        do not ask for a staple\n"
    "  --resume           each try is two handshakes: a full one, and one that resumes it\n"
    "  --tries N          how often to try (default: 1)\n"
    "  --trusted FILE     PEM certificates to judge the staple by, besides the server's chain\n"
    "  --skew SECONDS     tolerance for thisUpdate and nextUpdate (default: 0)\n"
    "  --staple-out FILE  write the last staple as it was sent; empty when there was none\n"
    "  --timeout-ms N     real time for a whole handshake, in milliseconds (default: 5000)\n"
    "  --batch            alone: run the command lines that standard input gives, a JSON array of\n"
    "                     words a line; each is answered with its status and its output, as JSON\n"
    "  --list-verdicts    the verdicts with their exit codes\n"
    "  --help, --version\n"
    "\n"
    "The exit code is the last handshake's verdict: 0 for GOOD, from 10 on for the others;\n"
    "3 for a failed connection or handshake, 2 for wrong usage, 1 when output cannot be written.\n";

static int refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int refuse(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("staple-check: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return EXIT_USAGE;
}

static int list_verdicts(void)
{
    for (const verdict_entry *v = verdict_vocabulary; v->name != NULL; v++) {
        printf("%2d  %-21s  %s\n", (int)v->verdict, v->name, v->meaning);
    }
    return 0;
}

/* -1 when `text` is a whole number from `least` to `most`, else EXIT_USAGE, explained. */
static int whole_number(const char *option, const char *text, long least, long most, long *out)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value < least ||
        value > most) {
        return refuse("%s '%s': a whole number from %ld to %ld is accepted", option, text, least,
                      most);
    }
    *out = value;
    return -1;
}

bool target_split(char *target, const char **host, const char **port)
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

static int parse_servername(const char *value, check_options *out)
{
    size_t length = strlen(value);
    if (length == 0 || length > SERVERNAME_MAX) {
        return refuse("--servername: a name of 1 to %d octets is accepted", SERVERNAME_MAX);
    }
    out->handshake.servername = value;
    return -1;
}

static int parse_tls(const char *value, check_options *out)
{
    if (strcmp(value, "1.2") == 0) {
        out->handshake.version = TLS1_2_VERSION;
    } else if (strcmp(value, "1.3") == 0) {
        out->handshake.version = TLS1_3_VERSION;
    } else {
        return refuse("--tls '%s': 1.2 or 1.3 is accepted", value);
    }
    return -1;
}

static int parse_trusted(const char *value, check_options *out)
{
    char error[400];
    if (out->trusted != NULL) {
        return refuse("--trusted is accepted once; one file may hold many certificates");
    }
    out->trusted = trusted_certificates(value, error, sizeof(error));
    return out->trusted == NULL ? refuse("--trusted %s", error) : -1;
}

/* One option; -1 to go on. */
static int parse_option(int option, const char *value, check_options *out)
{
    long number = 0;
    int rc = -1;
    switch (option) {
    case OPTION_SERVERNAME:
        return parse_servername(value, out);
    case OPTION_TLS:
        return parse_tls(value, out);
    case OPTION_SIGALGS:
        out->handshake.sigalgs = value;
        return -1;
    case OPTION_NO_STATUS:
        out->handshake.status = false;
        return -1;
    case OPTION_RESUME:
        out->resume = true;
        return -1;
    case OPTION_TRIES:
        rc = whole_number("--tries", value, 1, 1000000, &number);
        out->tries = (int)number;
        return rc;
    case OPTION_TRUSTED:
        return parse_trusted(value, out);
    case OPTION_SKEW:
        rc = whole_number("--skew", value, 0, 1000000000, &number);
        out->skew = number;
        return rc;
    case OPTION_STAPLE_OUT:
        out->staple_out = value;
        return -1;
    case OPTION_TIMEOUT:
        rc = whole_number("--timeout-ms", value, 1, 3600000, &number);
        out->handshake.timeout_ms = (int)number;
        return rc;
    case OPTION_BATCH:
        return refuse("--batch is accepted as the only word of a command line");
    case OPTION_HELP:
        fputs(help, stdout);
        return 0;
    case OPTION_VERSION:
        puts("staple-check " STAPLELAB_VERSION);
        return 0;
    case OPTION_LIST_VERDICTS:
        return list_verdicts();
    case ':':
        return refuse("%s needs a value (--help lists the options)", value);
    default:
        if (optopt >= OPTION_SERVERNAME) {
            return refuse("%s: this option takes no value", value);
        }
        if (optopt != 0) {
            return refuse("-%c is no option (--help lists them)", optopt);
        }
        return refuse("%s is no option (--help lists them)", value);
    }
}

int options_parse(int argc, char **argv, check_options *out)
{
    *out = (check_options){.handshake = {.status = true, .timeout_ms = 5000}, .tries = 1};
    optind = 0;
    for (;;) {
        int option = getopt_long(argc, argv, ":", long_options, NULL);
        if (option == -1) {
            break;
        }
        bool unusual = option == ':' || option == '?';
        int rc = parse_option(option, unusual ? argv[optind - 1] : optarg, out);
        if (rc != -1) {
            return rc;
        }
    }

    if (optind + 1 != argc) {
        return refuse("%s (--help explains)",
                      optind == argc ? "HOST:PORT is missing" : "one HOST:PORT is accepted");
    }
    out->target = strdup(argv[optind]);
    if (out->target == NULL) {
        return refuse("out of memory");
    }
    if (!target_split(out->target, &out->handshake.host, &out->handshake.port)) {
        return refuse("'%s': HOST:PORT is accepted, with an IPv6 address in brackets and a port "
                      "from 1 to 65535",
                      argv[optind]);
    }
    if (out->handshake.servername == NULL && !is_address(out->handshake.host)) {
        out->handshake.servername = out->handshake.host;
    }
    return -1;
}

void options_free(check_options *options)
{
    certificates_free(options->trusted);
    free(options->target);
    *options = (check_options){0};
}
