/*
 * staple-check: TLS handshakes that ask for a staple, each with its verdict as JSON.
 */
#include <errno.h>
#include <jansson.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/clients/batch.h"
#include "harness/clients/certificate.h"
#include "harness/clients/handshake.h"
#include "harness/clients/options.h"
#include "harness/clients/report.h"
#include "harness/clients/verdict.h"

typedef struct {
    const check_options *options;
    SSL_CTX *context;
    FILE *staple_out; /* NULL when not asked for */
    int ordinal;      /* of the next handshake */
    int status;       /* the exit status so far */
} run;

static int cannot(const char *what, const char *why)
{
    fprintf(stderr, "staple-check: %s: %s\n", what, why);
    return EXIT_OUTPUT;
}

/* What the server sent goes before what is trusted: its own intermediate is the issuer. */
static STACK_OF(X509) * candidates(const run *r, const handshake *seen)
{
    STACK_OF(X509) *all = seen->chain == NULL ? sk_X509_new_null() : sk_X509_dup(seen->chain);
    for (int i = 0; all != NULL && i < sk_X509_num(r->options->trusted); i++) {
        if (sk_X509_push(all, sk_X509_value(r->options->trusted, i)) == 0) {
            sk_X509_free(all);
            return NULL;
        }
    }
    return all;
}

/* The file always holds the last staple and nothing else. False with errno. */
static bool write_staple(FILE *out, const handshake *seen)
{
    rewind(out);
    return ftruncate(fileno(out), 0) == 0 &&
           fwrite(seen->staple, 1, seen->staple_length, out) == seen->staple_length &&
           fflush(out) == 0;
}

static bool judge(const run *r, const handshake *seen, const STACK_OF(X509) * from,
                  judgement *judged)
{
    bool requested = r->options->handshake.status;
    if (!seen->stapled) {
        bool must_staple = seen->leaf != NULL && certificate_must_staple(seen->leaf);
        judge_absence(requested, seen->resumed, must_staple, judged);
        return true;
    }
    staple_evidence evidence = {.der = seen->staple,
                                .length = seen->staple_length,
                                .leaf = seen->leaf,
                                .candidates = from,
                                .now = (int64_t)time(NULL),
                                .skew = r->options->skew};
    return judge_staple(&evidence, judged);
}

/* One line; false, explained, when it cannot be written. */
static bool print_line(json_t *object)
{
    bool good = object != NULL && json_dumpf(object, stdout, JSON_PRESERVE_ORDER) == 0 &&
                putchar('\n') == '\n' && fflush(stdout) == 0;
    if (!good) {
        cannot("standard output", object == NULL ? "out of memory" : strerror(errno));
    }
    json_decref(object);
    return good;
}

/* Reports a handshake that was made, or that failed only because its staple was empty. */
static bool conclude(run *r, const handshake *seen)
{
    judgement judged = {0};
    STACK_OF(X509) *from = candidates(r, seen);
    bool good = from != NULL && judge(r, seen, from, &judged);
    if (good) {
        r->status = (int)judged.verdict;
        good =
            print_line(report_handshake(r->ordinal, r->options->handshake.status, seen, &judged));
    }
    judgement_free(&judged);
    sk_X509_free(from);
    return good;
}

/* One handshake, reported; what to resume it with goes to *session unless that is NULL. False,
 * explained, when what was seen cannot be written. */
static bool step(run *r, SSL_SESSION *resume, SSL_SESSION **session)
{
    handshake seen;
    handshake_run(r->context, &r->options->handshake, resume, &seen);
    r->ordinal++;

    bool good;
    if (seen.error[0] != '\0' && !seen.stapled) {
        r->status = EXIT_FAILED;
        good = print_line(report_failure(r->ordinal, seen.error));
    } else {
        good = conclude(r, &seen);
    }
    if (good && r->staple_out != NULL && seen.stapled && !write_staple(r->staple_out, &seen)) {
        cannot(r->options->staple_out, strerror(errno));
        good = false;
    }
    if (session != NULL) {
        *session = seen.session;
        seen.session = NULL;
    }
    handshake_free(&seen);
    return good;
}

static bool try_once(run *r)
{
    if (!r->options->resume) {
        return step(r, NULL, NULL);
    }
    SSL_SESSION *session = NULL;
    bool good = step(r, NULL, &session) && step(r, session, NULL);
    SSL_SESSION_free(session);
    return good;
}

/* One command line; the exit status. */
static int check(int argc, char **argv)
{
    check_options options;
    run r = {.options = &options};
    int status = options_parse(argc, argv, &options);
    if (status != -1) {
        goto done;
    }

    char error[400];
    r.context = handshake_context(&options.handshake, error, sizeof(error));
    if (r.context == NULL) {
        fprintf(stderr, "staple-check: %s\n", error);
        status = EXIT_USAGE;
        goto done;
    }
    if (options.staple_out != NULL && (r.staple_out = fopen(options.staple_out, "we")) == NULL) {
        status = cannot(options.staple_out, strerror(errno));
        goto done;
    }

    status = 0;
    for (int i = 0; i < options.tries && status == 0; i++) {
        status = try_once(&r) ? 0 : EXIT_OUTPUT;
    }
    if (status == 0) {
        status = r.status;
    }

done:
    if (r.staple_out != NULL) {
        fclose(r.staple_out);
    }
    SSL_CTX_free(r.context);
    options_free(&options);
    return status;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && strcmp(argv[1], "--batch") == 0) {
        return batch_run(check);
    }
    return check(argc, argv);
}
