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
#include "harness/base/memory_libcrypto.h"
#include "harness/clients/batch.h"
#include "harness/clients/certificate.h"
#include "harness/clients/chain_urls.h"
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
    FILE *staple_out;     /* NULL when not asked for */
    int ordinal;          /* of the last handshake */
    int status;           /* the exit status so far */
    bool tickets_missing; /* the last handshake was a full one under TLS 1.3, without a request */
    retrying retrying;
} check_run;

/* What the server sent goes before what is trusted: its own intermediate is the issuer. */
static STACK_OF(X509) * candidates(const STACK_OF(X509) * chain, const STACK_OF(X509) * trusted)
{
    STACK_OF(X509) *all = memory_made(chain == NULL ? sk_X509_new_null() : sk_X509_dup(chain));
    for (int i = 0; i < sk_X509_num(trusted); i++) {
        if (sk_X509_push(all, sk_X509_value(trusted, i)) == 0) {
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
        remarks_on_leaf(seen->leaf, (int64_t)time(NULL), &judged->remarks);
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

/* Reports a handshake; `error` says why it failed, and is NULL when it did not. A server that fails
 * has not proven that the certificate is its own: what it has sent until then decides nothing. */
static int conclude(check_run *r, const handshake *seen, const char *error, problem *p)
{
    verdict_judgement judged;
    STACK_OF(X509) *from = candidates(seen->chain, r->options->trusted);
    judge(r, seen, from, &judged);
    if (seen->too_large) {
        remarks_on_size(seen->staple_length, &judged.remarks);
    }
    bool without_response = seen->get.wanted && seen->get.failure.detail[0] != '\0';
    json_t *report;
    if (error != NULL) {
        r->status = EXIT_HANDSHAKE;
        report = report_failure(r->ordinal, error, seen, judged.has_staple ? &judged : NULL);
    } else {
        r->status = without_response ? EXIT_REQUEST : (int)judged.verdict;
        report = report_handshake(r->ordinal, r->options->handshake.status, seen, &judged);
    }
    int rc = print_line(report, p);
    verdict_judgement_free(&judged);
    sk_X509_free(from);
    return rc;
}

/* What --urls wants instead. */
static int print_urls(check_run *r, const handshake *seen, const char *error, problem *p)
{
    r->status = error == NULL ? 0 : EXIT_HANDSHAKE;
    if (error != NULL) {
        fprintf(stderr, "staple-check: %s\n", error);
        return 0;
    }
    chain_urls_print(seen->chain, stdout);
    return fflush(stdout) == 0 ? 0 : problem_fail(p, "standard output: %s", strerror(errno));
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
    how.timeout_ms = retrying_allowance(&r->retrying, how.timeout_ms);
    if (r->options->background) {
        how.reached = tell_stage;
        how.arg = r;
    }
    r->ordinal++;
    int rc = handshake_run(r->context, &how, resume, &seen, &why);
    const char *error = rc == 0 ? NULL : why.detail;
    r->tickets_missing = rc == 0 && how.get == NULL && !how.leashed && !seen.resumed &&
                         strcmp(seen.protocol, "TLSv1.3") == 0;
    rc = r->options->urls ? print_urls(r, &seen, error, p) : conclude(r, &seen, error, p);
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
    if (rc == 0 && session == NULL && r->tickets_missing) {
        session = handshake_ask_session(r->context, &r->options->handshake);
    }
    if (rc == 0) {
        rc = step(r, session, NULL, p);
    }
    SSL_SESSION_free(session);
    return rc;
}

/* All handshakes. 0 with *status, or -1 with *p. */
static int run(const check_options *options, int *status, problem *p)
{
    check_run r = {.options = options, .retrying.within.timer = -1};
    int rc = handshake_context(&options->handshake, &r.context, p);
    if (rc == 0 && options->staple_out != NULL) {
        r.staple_out = fopen(options->staple_out, "we");
        if (r.staple_out == NULL) {
            rc = problem_fail(p, "%s: %s", options->staple_out, strerror(errno));
        }
    }
    if (rc == 0) {
        rc = retrying_begin(&options->retrying, &r.retrying, p);
    }
    bool again = rc == 0;
    while (again) {
        rc = try_once(&r, p);
        again = rc == 0 && retrying_again(&r.retrying, r.status);
    }
    *status = r.status;
    retrying_end(&r.retrying);
    if (r.staple_out != NULL) {
        fclose(r.staple_out);
    }
    SSL_CTX_free(r.context);
    return rc;
}

/* Judges a response without a server. 0 with *status, or -1 with *p. */
static int run_capture(const check_options *options, int *status, problem *p)
{
    capture c;
    int rc = capture_read(&options->capture, &c, p);
    if (rc == 0) {
        verdict_judgement judged;
        STACK_OF(X509) *from = candidates(c.chain, options->trusted);
        int64_t now = options->capture.at_given ? options->capture.at : (int64_t)time(NULL);
        verdict_on_staple(&(verdict_evidence){.der = octets_span(&c.response),
                                              .leaf = sk_X509_value(c.chain, 0),
                                              .candidates = from,
                                              .now = now,
                                              .skew = options->skew},
                          &judged);
        if (sk_X509_num(c.chain) == 0) {
            remarks_on_unreadable(&judged.remarks);
        }
        *status = (int)judged.verdict;
        rc = print_line(report_capture(sk_X509_value(c.chain, 0), &judged), p);
        verdict_judgement_free(&judged);
        sk_X509_free(from);
    }
    capture_free(&c);
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
        rc = options.capture.response != NULL ? run_capture(&options, &status, &p)
                                              : run(&options, &status, &p);
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
    memory_begin_libcrypto();
    signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && strcmp(argv[1], "--batch") == 0) {
        return batch_run(check_in_batch, EXIT_USAGE, &p) == 0 ? 0 : explain(&p);
    }
    return check_line(argc, argv, false);
}
