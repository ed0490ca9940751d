/*
 * The command line, as far as it can be read without a network.
 */
#include "harness/clients/check_options.h"
#include "harness/clients/tests/identities.h"
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static problem refused_by;

static int parse(check_options *out, const char *const *words)
{
    char *argv[16] = {(char *)"staple-check"};
    int argc = 1;
    for (; words[argc - 1] != NULL; argc++) {
        argv[argc] = (char *)words[argc - 1];
    }
    refused_by = (problem){0};
    return check_options_parse(argc, argv, out, &refused_by);
}

#define PARSE(out, ...) parse(out, (const char *const[]){__VA_ARGS__, NULL})

static void targets(void **state)
{
    (void)state;
    const struct {
        const char *text, *host, *port;
    } good[] = {{"127.0.0.1:443", "127.0.0.1", "443"},
                {"www.staplelab.test:1", "www.staplelab.test", "1"},
                {"[::1]:65535", "::1", "65535"}};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char text[64];
        const char *host, *port;
        snprintf(text, sizeof(text), "%s", good[i].text);
        assert_true(check_options_split(text, &host, &port));
        assert_string_equal(host, good[i].host);
        assert_string_equal(port, good[i].port);
    }
    static const char *const bad[] = {"",        "host",     ":443",     "host:",   "host:0",
                                      "h:65536", "h:4x",     "h:-1",     "::1:443", "[]:443",
                                      "[::1]",   "[::1:443", "h:000443", "h:443 "};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[64];
        const char *host, *port;
        snprintf(text, sizeof(text), "%s", bad[i]);
        if (check_options_split(text, &host, &port)) {
            fail_msg("'%s' was accepted", bad[i]);
        }
    }
}

static void defaults(void **state)
{
    (void)state;
    check_options o;
    assert_int_equal(PARSE(&o, "127.0.0.1:443"), 0);
    assert_null(o.handshake.servername);
    assert_null(o.handshake.sigalgs);
    assert_int_equal(o.handshake.version, 0);
    assert_true(o.handshake.status);
    assert_int_equal(o.handshake.timeout_ms, 5000);
    assert_false(o.resume);
    assert_int_equal(o.tries, 1);
    assert_int_equal(o.skew, 0);
    assert_null(o.trusted);
    assert_null(o.staple_out);
    check_options_free(&o);

    /* a name is asked for by itself, an address is not */
    assert_int_equal(PARSE(&o, "www.staplelab.test:443"), 0);
    assert_string_equal(o.handshake.servername, "www.staplelab.test");
    check_options_free(&o);
    assert_int_equal(PARSE(&o, "[::1]:443"), 0);
    assert_null(o.handshake.servername);
    check_options_free(&o);
}

static void all_of_them(void **state)
{
    (void)state;
    check_options o;
    assert_int_equal(PARSE(&o, "--servername", "a.test", "--tls", "1.2", "--sigalgs", "RSA+SHA256",
                           "--no-status", "--resume", "--tries=3", "h:1", "--skew", "300",
                           "--staple-out=x"),
                     0);
    assert_string_equal(o.handshake.servername, "a.test");
    assert_int_equal(o.handshake.version, TLS1_2_VERSION);
    assert_string_equal(o.handshake.sigalgs, "RSA+SHA256");
    assert_false(o.handshake.status);
    assert_true(o.resume);
    assert_int_equal(o.tries, 3);
    assert_int_equal(o.skew, 300);
    assert_string_equal(o.staple_out, "x");
    check_options_free(&o);
    assert_int_equal(PARSE(&o, "--tls=1.3", "--timeout-ms", "77", "h:1"), 0);
    assert_int_equal(o.handshake.version, TLS1_3_VERSION);
    assert_int_equal(o.handshake.timeout_ms, 77);
    check_options_free(&o);
}

static void refused(void **state)
{
    (void)state;
    static const char *const lines[][3] = {
        {"--tls=1.1", "h:1"},
        {"--tries=0", "h:1"},
        {"--tries=1x", "h:1"},
        {"--skew=-1", "h:1"},
        {"--timeout-ms=", "h:1"},
        {"--timeout-ms=0", "h:1"},
        {"--servername=", "h:1"},
        {"--colour", "h:1"},
        {"-q", "h:1"},
        {"h:1", "h:2"},
        {"--resume"},
        {"h:1", "--tls"},
        {"--trusted=/none", "h:1"},
        {"--trusted=/dev/null", "h:1"},
        {"--resume=yes", "h:1"},
        {"h"},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        check_options o;
        if (parse(&o, lines[i]) != -1 || refused_by.status != 400) {
            fail_msg("%s was accepted", lines[i][0]);
        }
        check_options_free(&o);
    }
}

static void trusted_file(void **state)
{
    (void)state;
    identity one = make_identity(&(identity_plan){.name = "One", .serial = 1});
    identity two = make_identity(&(identity_plan){.name = "Two", .serial = 2});
    char path[] = "/tmp/test_options.XXXXXX";
    FILE *out = fdopen(mkstemp(path), "w");
    assert_non_null(out);
    fputs("some words\n", out);
    PEM_write_X509(out, one.certificate);
    PEM_write_X509(out, two.certificate);
    fflush(out);

    check_options o;
    assert_int_equal(PARSE(&o, "--trusted", path, "h:1"), 0);
    assert_int_equal(sk_X509_num(o.trusted), 2);
    assert_int_equal(X509_cmp(sk_X509_value(o.trusted, 1), two.certificate), 0);
    check_options_free(&o);
    assert_int_equal(PARSE(&o, "--trusted", path, "--trusted", path, "h:1"), -1);
    check_options_free(&o);

    /* one good certificate does not hide a damaged one */
    fputs("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", out);
    fclose(out);
    assert_int_equal(PARSE(&o, "--trusted", path, "h:1"), -1);
    check_options_free(&o);
    unlink(path);
    free_identity(&one);
    free_identity(&two);
}

/* What is printed while it is parsed, in `text`. */
static int print(const char *option, char *text, size_t size)
{
    check_options o;
    FILE *out = tmpfile();
    fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    dup2(fileno(out), STDOUT_FILENO);
    int rc = PARSE(&o, option, "--colour");
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    check_options_free(&o);
    rewind(out);
    text[fread(text, 1, size - 1, out)] = '\0';
    fclose(out);
    return rc;
}

static void what_is_printed_is_all(void **state)
{
    (void)state;
    char text[8192];
    assert_int_equal(print("--version", text, sizeof(text)), 1);
    assert_memory_equal(text, "staple-check ", 13);
    assert_int_equal(print("--list-verdicts", text, sizeof(text)), 1);
    assert_non_null(strstr(text, " 0  GOOD                   a staple that says good"));
    assert_non_null(strstr(text, "\n24  UNKNOWN  "));
    assert_int_equal(print("--help", text, sizeof(text)), 1);
    assert_memory_equal(text, "Usage: staple-check ", 20);
    assert_non_null(strstr(text, "\n  --tls 1.2|1.3      only this version (default: either)\n"));
    assert_non_null(strstr(text, "\nThe exit code is the last handshake's verdict"));
}

static void a_batch_is_a_command_line_of_its_own(void **state)
{
    (void)state;
    check_options o;
    assert_int_equal(PARSE(&o, "--batch"), -1);
    assert_string_equal(refused_by.detail,
                        "--batch is accepted as the only word of a command line");
    check_options_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets),
        cmocka_unit_test(defaults),
        cmocka_unit_test(all_of_them),
        cmocka_unit_test(refused),
        cmocka_unit_test(trusted_file),
        cmocka_unit_test(what_is_printed_is_all),
        cmocka_unit_test(a_batch_is_a_command_line_of_its_own),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
