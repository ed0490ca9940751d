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

#include "harness/base/memory.h"
#include "harness/clients/batch.h"
#include "harness/clients/certificate.h"
#include "harness/clients/check_options.h"
#include "harness/clients/handshake.h"
#include "harness/clients/report.h"
#include "harness/clients/verdict.h"

/* Exit statuses besides the verdicts'. */
enum { EXIT_REQUEST = 4, EXIT_HANDSHAKE = 3, EXIT_USAGE = 2, EXIT_OUTPUT = 1 };

/* The handshakes of one command line. */
typedef struct {
    const check_options *options;
    SSL_CTX *context;
    FILE *staple_out; /* NULL when not asked for */
    int ordinal;      /* of the last handshake */
    int status;       /* the exit status so far */
} check_run;

/* What the server sent goes before what is trusted: its own intermediate is the issuer. */
static STACK_OF(X509) * candidates(const check_run *r, const handshake *seen)
{
    STACK_OF(X509) *all =
        memory_made(seen->chain == NULL ? sk_X509_new_null() : sk_X509_dup(seen->chain));
    for (int i = 0; i < sk_X509_num(r->options->trusted); i++) {
        if (sk_X509_push(all, sk_X509_value(r->options->trusted, i)) == 0) {
            memory_exhausted();
        }
    }
    return all;
}

/* The file always holds the last staple and nothing else. 0, or -1 with *p. */
static int write_staple(const check_run *r, const handshake *seen, problem *p)
{
    FILE *out = r->staple_out;
    rewind(out);
    if (ftruncate(fileno(out), 0) != 0 ||
        fwrite(seen->staple, 1, seen->staple_length, out) != seen->staple_length ||
        fflush(out) != 0) {
        return problem_fail(p, "%s: %s", r->options->staple_out, strerror(errno));
    }
    return 0;
}

static void judge(const check_run *r, const handshake *seen, const STACK_OF(X509) * from,
                  verdict_judgement *judged)
{
    if (!seen->stapled) {
        bool must_staple = seen->leaf != NULL && certificate_must_staple(seen->leaf);
        verdict_on_absence(r->options->handshake.status, seen->resumed, must_staple, judged);
        return;
    }
    verdict_on_staple(&(verdict_evidence){.der = {seen->staple, seen->staple_length},
                                          .leaf = seen->leaf,
                                          .candidates = from,
                                          .now = (int64_t)time(NULL),
                                          .skew = r->options->skew},
                      judged);
}

/* Prints one line and frees the object. 0, or -1 with *p. */
static int print_line(json_t *object, problem *p)
{
    int rc = 0;
    if (json_dumpf(object, stdout, JSON_PRESERVE_ORDER) != 0 || putchar('\n') != '\n' ||
        fflush(stdout) != 0) {
        rc = problem_fail(p, "standard output: %s", strerror(errno));
    }
    json_decref(object);
    return rc;
}

/* Reports a handshake that was made, or that failed only because its staple was empty. */
static int conclude(check_run *r, const handshake *seen, problem *p)
{
    verdict_judgement judged;
    STACK_OF(X509) *from = candidates(r, seen);
    judge(r, seen, from, &judged);
    bool without_response = seen->get.wanted && seen->get.failure.detail[0] != '\0';
    r->status = without_response ? EXIT_REQUEST : (int)judged.verdict;
    int rc =
        print_line(report_handshake(r->ordinal, r->options->handshake.status, seen, &judged), p);
    verdict_judgement_free(&judged);
    sk_X509_free(from);
    return rc;
}

/* A line for a stage of the handshake that is being made. */
static int tell_stage(void *arg, stage reached, problem *p)
{
    const check_run *r = arg;
    return print_line(report_stage(r->ordinal, reached), p);
}

/* One handshake, reported; what to resume it with goes to *session unless that is NULL. 0, or -1
 * with *p when what was seen cannot be written. */
static int step(check_run *r, SSL_SESSION *resume, SSL_SESSION **session, problem *p)
{
    handshake seen;
    problem why;
    handshake_options how = r->options->handshake;
    if (r->options->background) {
        how.reached = tell_stage;
        how.arg = r;
    }
    r->ordinal++;
    int rc = handshake_run(r->context, &how, resume, &seen, &why);
    if (rc != 0 && !seen.stapled) {
        r->status = EXIT_HANDSHAKE;
        rc = print_line(report_failure(r->ordinal, why.detail), p);
    } else {
        rc = conclude(r, &seen, p);
    }
    if (rc == 0 && r->staple_out != NULL && seen.stapled) {
        rc = write_staple(r, &seen, p);
    }
    if (session != NULL) {
        *session = seen.session;
        seen.session = NULL;
    }
    handshake_free(&seen);
    return rc;
}

static int try_once(check_run *r, problem *p)
{
    if (!r->options->resume) {
        return step(r, NULL, NULL, p);
    }
    SSL_SESSION *session = NULL;
    int rc = step(r, NULL, &session, p);
    if (rc == 0) {
        rc = step(r, session, NULL, p);
    }
    SSL_SESSION_free(session);
    return rc;
}

/* All handshakes. 0 with *status, or -1 with *p. */
static int run(const check_options *options, int *status, problem *p)
{
    check_run r = {.options = options};
    int rc = handshake_context(&options->handshake, &r.context, p);
    if (rc == 0 && options->staple_out != NULL) {
        r.staple_out = fopen(options->staple_out, "we");
        if (r.staple_out == NULL) {
            rc = problem_fail(p, "%s: %s", options->staple_out, strerror(errno));
        }
    }
    for (int i = 0; i < options->tries && rc == 0; i++) {
        rc = try_once(&r, p);
    }
    *status = r.status;
    if (r.staple_out != NULL) {
        fclose(r.staple_out);
    }
    SSL_CTX_free(r.context);
    return rc;
}

/* Says what is wrong; the exit status for it. */
static int explain(const problem *p)
{
    fprintf(stderr, "staple-check: %s\n", p->detail);
    return p->status == 400 ? EXIT_USAGE : EXIT_OUTPUT;
}

/* One command line; the exit status. `in_batch`: standard input is not its own. */
static int check_line(int argc, char **argv, bool in_batch)
{
    check_options options;
    problem p;
    int status = 0;
    int rc = check_options_parse(argc, argv, &options, &p);
    if (rc == 0 && in_batch && options.handshake.leashed) {
        rc = problem_refuse(&p, "",
                            "--background and --stop-at are not accepted within a batch: "
                            "they need a standard input of their own");
    }
    if (rc == 0) {
        rc = run(&options, &status, &p);
    }
    check_options_free(&options);
    return rc == -1 ? explain(&p) : status;
}

static int check_in_batch(int argc, char **argv)
{
    return check_line(argc, argv, true);
}

int main(int argc, char **argv)
{
    problem p;
    memory_begin();
    signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && strcmp(argv[1], "--batch") == 0) {
        return batch_run(check_in_batch, EXIT_USAGE, &p) == 0 ? 0 : explain(&p);
    }
    return check_line(argc, argv, false);
}
