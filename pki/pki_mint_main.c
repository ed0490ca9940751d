/*
 * pki-mint: builds a certificate hierarchy from a JSON description, keys and certificates as PEM
 * and a manifest for programs.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/version.h"
#include "pki/description.h"
#include "pki/files.h"
#include "pki/hierarchy.h"
#include "pki/mint_error.h"
#include "pki/output_folder.h"
#include "pki/placeholders.h"

#define DESCRIPTION_MAX 1048576
#define NOW_MAX         INT64_C(253402300799) /* the last second of 9999: certificates end there */

static const char help[] =
    "Usage: pki-mint [--now EPOCH] [--key-pool DIR] [--set NAME=VALUE]... DESCRIPTION.json OUTDIR\n"
    "Builds the certificate hierarchy that DESCRIPTION.json (\"-\": standard input) describes.\n"
    "OUTDIR must be new or empty; it is created with mode 0700, all at once or not at all.\n"
    "\n"
    "  --now EPOCH       the time that the description's times are relative to, in Unix seconds\n"
    "                    (default: the clock's)\n"
    "  --key-pool DIR    take RSA keys from DIR, and make there those that are missing\n"
    "                    (default: make every key anew)\n"
    "  --set NAME=VALUE  replace ${NAME} in the description's strings\n"
    "  --help, --version\n"
    "\n"
    "OUTDIR gets ID.pem and ID.key for every certificate, for leaves also ID.chain.pem (leaf and\n"
    "intermediates) and ID.trusted.pem (intermediates and root), and manifest.json.\n"
    "Exit status: 0, 1 when something failed, 2 for a bad description or wrong usage.\n";

/* Above every octet: what getopt_long leaves in optopt is then a letter, 0 or one of these. */
enum { OPTION_NOW = 1000, OPTION_KEY_POOL, OPTION_SET, OPTION_HELP, OPTION_VERSION };

typedef struct {
    int64_t now;
    key_pool pool;
    json_t *settings;
    const char *description;
    const char *folder;
} options;

static int parse_now(const char *text, int64_t *now, mint_error *e)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > NOW_MAX) {
        return mint_refuse(e, "", "--now: \"%s\" is not valid (accepted: Unix seconds, 0 to %lld)",
                           text, (long long)NOW_MAX);
    }
    *now = value;
    return 0;
}

static int refuse_option(char **argv, mint_error *e)
{
    /* An unknown short one may stand within a word; optopt has it, and else a long one's value. */
    char letter[] = {'-', (char)optopt, '\0'};
    return mint_refuse(e, "",
                       "%s is not an option here (accepted: --now EPOCH, --key-pool DIR, --set "
                       "NAME=VALUE, --help, --version)",
                       optopt != 0 && optopt < OPTION_NOW ? letter : argv[optind - 1]);
}

/* 0: go on, 1: all has been said, -1: *e. */
static int parse_options(int argc, char **argv, options *o, mint_error *e)
{
    static const struct option known[] = {
        {"now", required_argument, NULL, OPTION_NOW},
        {"key-pool", required_argument, NULL, OPTION_KEY_POOL},
        {"set", required_argument, NULL, OPTION_SET},
        {"help", no_argument, NULL, OPTION_HELP},
        {"version", no_argument, NULL, OPTION_VERSION},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, ":", known, NULL)) != -1) {
        switch (option) {
        case OPTION_NOW:
            if (parse_now(optarg, &o->now, e) != 0) {
                return -1;
            }
            break;
        case OPTION_KEY_POOL:
            if (*optarg == '\0') {
                return mint_refuse(e, "", "--key-pool: \"\" is not valid (accepted: a folder)");
            }
            o->pool.folder = optarg;
            break;
        case OPTION_SET:
            if (placeholders_set(o->settings, optarg, e) != 0) {
                return -1;
            }
            break;
        case OPTION_HELP:
            fputs(help, stdout);
            return 1;
        case OPTION_VERSION:
            puts("pki-mint " STAPLELAB_VERSION);
            return 1;
        case ':':
            return mint_refuse(e, "", "%s needs a value (see --help)", argv[optind - 1]);
        default:
            return refuse_option(argv, e);
        }
    }
    if (argc - optind != 2) {
        return mint_refuse(e, "",
                           "%d arguments were given (accepted: two, DESCRIPTION.json and "
                           "OUTDIR; see --help)",
                           argc - optind);
    }
    o->description = argv[optind];
    o->folder = argv[optind + 1];
    if (*o->folder == '\0') {
        return mint_refuse(e, "", "OUTDIR \"\" is not valid (accepted: a folder)");
    }
    return 0;
}

/* A refusal says where in the description; this says in which. */
static void name_description(const char *path, mint_error *e)
{
    mint_error within = *e;
    mint_refuse(e, "", "%s: %s", strcmp(path, "-") == 0 ? "standard input" : path, within.text);
}

/* Returns the JSON in the file, or NULL with *e. */
static json_t *read_json(const char *path, mint_error *e)
{
    char *text;
    size_t size;
    json_error_t error;
    if (file_read(path, DESCRIPTION_MAX, &text, &size, e) != 0) {
        e->status = 2;
        return NULL;
    }
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    free(text);
    if (json == NULL) {
        mint_refuse(e, "", "line %d, column %d is not JSON: %s", error.line, error.column,
                    error.text);
        name_description(path, e);
    }
    return json;
}

static int mint(options *o, mint_error *e)
{
    hierarchy h = {0};
    description *d = NULL;
    int status = -1;
    json_t *json = read_json(o->description, e);
    if (json == NULL) {
        goto done;
    }
    d = description_new(json, o->settings, o->now, e);
    if (d == NULL) {
        name_description(o->description, e);
        goto done;
    }
    /* Asked here too: nobody should wait for keys that have nowhere to go. */
    if (output_folder_check(o->folder, e) != 0 || hierarchy_mint(d, &o->pool, &h, e) != 0) {
        goto done;
    }
    status = output_folder_write(&h, o->folder, e);

done:
    hierarchy_clear(&h);
    description_free(d);
    json_decref(json);
    return status;
}

int main(int argc, char **argv)
{
    mint_error e;
    options o = {.now = time(NULL), .settings = json_object()};
    /* What a system's openssl.cnf says must not change what a lab mints. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);

    int done = parse_options(argc, argv, &o, &e);
    int failed = done < 0 || (done == 0 && mint(&o, &e) != 0);
    json_decref(o.settings);
    if (failed) {
        fprintf(stderr, "pki-mint: %s\n", e.text);
        return e.status;
    }
    return EXIT_SUCCESS;
}
