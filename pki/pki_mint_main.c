/*
 * pki-mint: builds a certificate hierarchy from a JSON description, keys and certificates as PEM
 * and a manifest for programs.
 */
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/memory.h"
#include "harness/base/memory_libcrypto.h"
#include "harness/base/options.h"
#include "harness/base/version.h"
#include "pki/description.h"
#include "pki/files.h"
#include "pki/hierarchy.h"
#include "pki/output_folder.h"
#include "pki/placeholders.h"

#define DESCRIPTION_MAX 1048576
#define NOW_MAX         UINT64_C(253402300799) /* the last second of 9999: certificates end there */

/* Exit statuses: for work that failed EXIT_FAILURE. */
#define EXIT_REFUSED 2

static const char help_above[] =
    "Usage: pki-mint [--now EPOCH] [--key-pool DIR] [--set NAME=VALUE]... DESCRIPTION.json OUTDIR\n"
    "Builds the certificate hierarchy that DESCRIPTION.json (\"-\": standard input) describes.\n"
    "OUTDIR must be new or empty; it is created with mode 0700, all at once or not at all.\n"
    "\n";

static const char help_below[] =
    "\n"
    "OUTDIR gets ID.pem and ID.key for every certificate, for leaves also ID.chain.pem (leaf and\n"
    "intermediates) and ID.trusted.pem (intermediates and root), and manifest.json.\n"
    "What DESCRIPTION.json may have: docs/pki-mint.md.\n"
    "Exit status: 0, 1 when something failed, 2 for a bad description or wrong usage.\n";

typedef struct {
    int64_t now;
    key_pool pool;
    json_t *settings;
    const char *description;
    const char *folder;
} mint_options;

static int take_now(void *arg, const char *value, problem *p)
{
    mint_options *o = arg;
    uint64_t now;
    if (options_number("--now", value, 0, NOW_MAX, &now, p) != 0) {
        return -1;
    }
    o->now = (int64_t)now;
    return 0;
}

static int take_key_pool(void *arg, const char *value, problem *p)
{
    mint_options *o = arg;
    if (*value == '\0') {
        return problem_refuse(p, "", "--key-pool: \"\" is not valid (accepted: a folder)");
    }
    o->pool.folder = value;
    return 0;
}

static int take_set(void *arg, const char *value, problem *p)
{
    mint_options *o = arg;
    return placeholders_set(o->settings, value, p);
}

static int take_version(void *arg, const char *value, problem *p)
{
    (void)arg;
    (void)value;
    (void)p;
    puts("pki-mint " STAPLELAB_VERSION);
    return 1;
}

static int take_help(void *arg, const char *value, problem *p);

static const options_row rows[] = {
    {"now", "EPOCH",
     "the time that the description's times are relative to, in Unix seconds (default: the "
     "clock's)",
     take_now},
    {"key-pool", "DIR",
     "take RSA keys from DIR, and make there those that are missing (default: make every key "
     "anew)",
     take_key_pool},
    {"set", "NAME=VALUE", "replace ${NAME} in the description's strings", take_set},
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

/* 0: go on, 1: all has been said, -1: *p. */
static int parse_command_line(int argc, char **argv, mint_options *o, problem *p)
{
    const options_group groups[] = {{rows, o}, {0}};
    int first;
    int rc = options_parse(groups, argc, argv, &first, p);
    if (rc != 0) {
        return rc;
    }
    if (argc - first != 2) {
        return problem_refuse(p, "",
                              "%d arguments were given (accepted: two, DESCRIPTION.json and "
                              "OUTDIR; see --help)",
                              argc - first);
    }
    o->description = argv[first];
    o->folder = argv[first + 1];
    if (*o->folder == '\0') {
        return problem_refuse(p, "", "OUTDIR \"\" is not valid (accepted: a folder)");
    }
    return 0;
}

/* A refusal says where in the description; this says in which. */
static void name_description(const char *path, problem *p)
{
    const problem within = *p;
    problem_refuse(p, "", "%s: %s%s%s", strcmp(path, "-") == 0 ? "standard input" : path,
                   within.pointer, within.pointer[0] == '\0' ? "" : ": ", within.detail);
}

static int read_json(const char *path, json_t **out, problem *p)
{
    char *text;
    size_t size;
    json_error_t error;
    if (files_read(path, DESCRIPTION_MAX, &text, &size, NULL, p) != 0) {
        p->status = 400; /* the caller names the file: it is input, too */
        return -1;
    }
    *out = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    free(text);
    if (*out == NULL) {
        problem_refuse(p, "", "line %d, column %d is not JSON: %s", error.line, error.column,
                       error.text);
        name_description(path, p);
        return -1;
    }
    return 0;
}

static int mint(mint_options *o, problem *p)
{
    hierarchy h = {0};
    description *d = NULL;
    json_t *json = NULL;
    int status = -1;
    if (read_json(o->description, &json, p) != 0) {
        goto done;
    }
    if (description_new(json, o->settings, o->now, &d, p) != 0) {
        name_description(o->description, p);
        goto done;
    }
    /* Asked here too: nobody should wait for keys that have nowhere to go. */
    if (output_folder_check(o->folder, p) != 0 || hierarchy_mint(d, &o->pool, &h, p) != 0) {
        goto done;
    }
    status = output_folder_write(&h, o->folder, p);

done:
    hierarchy_clear(&h);
    description_free(d);
    json_decref(json);
    return status;
}

int main(int argc, char **argv)
{
    problem p;
    memory_begin();
    memory_begin_libcrypto();
    /* What a system's openssl.cnf says must not change what a lab mints. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);

    mint_options o = {.now = time(NULL), .settings = json_object()};
    int rc = parse_command_line(argc, argv, &o, &p);
    if (rc == 0) {
        rc = mint(&o, &p);
    }
    json_decref(o.settings);
    if (rc == -1) {
        fprintf(stderr, "pki-mint: %s%s%s\n", p.pointer, p.pointer[0] == '\0' ? "" : ": ",
                p.detail);
        return p.status == 400 ? EXIT_REFUSED : EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
