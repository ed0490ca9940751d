/*
 * The command line, as far as it can be read without a network.
 */
#include "harness/clients/check_options.h"
#include "harness/clients/tests/identities.h"
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    assert_int_equal(o.retrying.tries, 1);
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
    assert_int_equal(o.retrying.tries, 3);
    assert_int_equal(o.skew, 300);
    assert_string_equal(o.staple_out, "x");
    check_options_free(&o);
    assert_int_equal(PARSE(&o, "--tls=1.3", "--timeout-ms", "77", "h:1"), 0);
    assert_int_equal(o.handshake.version, TLS1_3_VERSION);
    assert_int_equal(o.handshake.timeout_ms, 77);
    check_options_free(&o);
}

static void tries_and_captures(void **state)
{
    (void)state;
    check_options o;
    assert_int_equal(PARSE(&o, "--until", "GOOD", "--within", "10s", "--interval", "200ms", "h:1"),
                     0);
    assert_int_equal(o.retrying.tries, 0);
    assert_int_equal(o.retrying.interval_ms, 200);
    assert_int_equal(o.retrying.within_ms, 10000);
    assert_string_equal(o.retrying.until->name, "GOOD");
    assert_false(o.urls);
    check_options_free(&o);
    assert_int_equal(PARSE(&o, "--tries=2", "--interval=0", "--stop-at=hello", "--urls", "h:1"), 0);
    assert_true(o.urls);
    check_options_free(&o);
    assert_int_equal(PARSE(&o, "--judge", "r.der", "--leaf", "l.pem", "--at", "1900000000"), 0);
    assert_string_equal(o.capture.response, "r.der");
    assert_string_equal(o.capture.leaf, "l.pem");
    assert_true(o.capture.at_given);
    assert_int_equal(o.capture.at, 1900000000);
    assert_null(o.target);
    check_options_free(&o);

    assert_int_equal(PARSE(&o, "--until", "GODO", "--tries=2", "h:1"), -1);
    assert_string_equal(refused_by.detail, "--until 'GODO': a verdict is accepted "
                                           "(--list-verdicts); the nearest: GOOD");
    check_options_free(&o);
}

static void refused(void **state)
{
    (void)state;
    static const char *const lines[][4] = {
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
        {"--interval=x", "h:1"},
        {"--within=0s", "h:1"},
        {"--until=GOOD", "h:1"},
        {"--until=good", "--tries=2", "h:1"},
        {"--interval=1s", "--background", "h:1"},
        {"--judge=r.der"},
        {"--judge=r.der", "--leaf=l.pem", "h:1"},
        {"--leaf=l.pem", "h:1"},
        {"--at=0", "h:1"},
        {"--judge=r.der", "--leaf=l.pem", "--at=noon"},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        check_options o;
        if (parse(&o, lines[i]) != -1 || refused_by.status != 400) {
            fail_msg("%s was accepted", lines[i][0]);
        }
        check_options_free(&o);
    }
}

static void requests_and_stops(void **state)
{
    (void)state;
    check_options o;
    assert_int_equal(PARSE(&o, "h:1"), 0);
    assert_null(o.handshake.get);
    assert_null(o.handshake.identity.certificate);
    assert_int_equal(o.handshake.stop_at, STAGE_NONE);
    assert_false(o.handshake.leashed);
    assert_false(o.background);
    check_options_free(&o);

    assert_int_equal(PARSE(&o, "--get=/a?b", "--stop-at", "half-hello", "h:1"), 0);
    assert_string_equal(o.handshake.get, "/a?b");
    assert_int_equal(o.handshake.stop_at, STAGE_HALF_HELLO);
    assert_true(o.handshake.leashed);
    assert_int_equal(o.handshake.leash, STDIN_FILENO);
    assert_false(o.background);
    check_options_free(&o);

    assert_int_equal(PARSE(&o, "--background", "h:1"), 0);
    assert_true(o.handshake.leashed);
    assert_true(o.background);
    check_options_free(&o);

    static const char *const lines[][4] = {
        {"--get=", "h:1"},
        {"--get=a", "h:1"},
        {"--get=/a b", "h:1"},
        {"--get=/\r\nX: y", "h:1"},
        {"--get=/\xc3\xbc", "h:1"},
        {"--stop-at=", "h:1"},
        {"--stop-at=none", "h:1"},
        {"--stop-at=request", "h:1"},
        {"--stop-at=waiting", "h:1"},
        {"--background=yes", "h:1"},
        {"--cert=/none", "h:1"},
        {"--key=/none", "h:1"},
        {"--cert=/none", "--key=/none", "h:1"},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (parse(&o, lines[i]) != -1 || refused_by.status != 400) {
            fail_msg("%s was accepted", lines[i][0]);
        }
        check_options_free(&o);
    }
    char longest[1024 + 8] = "--get=/";
    memset(longest + 7, 'a', 1023);
    assert_int_equal(PARSE(&o, longest, "h:1"), 0);
    check_options_free(&o);
    char longer[1024 + 9];
    snprintf(longer, sizeof(longer), "%sa", longest);
    assert_int_equal(PARSE(&o, longer, "h:1"), -1);
    check_options_free(&o);
}

/* A file with the PEM of a certificate or a key, whose name goes to `path`. */
static FILE *temporary(char *path)
{
    strcpy(path, "/tmp/test_options.XXXXXX");
    FILE *out = fdopen(mkstemp(path), "w");
    assert_non_null(out);
    return out;
}

static void client_certificate(void **state)
{
    (void)state;
    identity issuer = make_identity(&(identity_plan){.name = "I", .serial = 1});
    identity own = make_identity(&(identity_plan){.name = "C", .serial = 2, .issuer = &issuer});
    char certificates[40], key[40], locked[40];
    FILE *out = temporary(certificates);
    PEM_write_X509(out, own.certificate);
    PEM_write_X509(out, issuer.certificate);
    fclose(out);
    out = temporary(key);
    PEM_write_PrivateKey(out, own.key, NULL, NULL, 0, NULL, NULL);
    fclose(out);
    out = temporary(locked);
    PEM_write_PrivateKey(out, own.key, EVP_aes_128_cbc(), (const unsigned char *)"pass", 4, NULL,
                         NULL);
    fclose(out);

    check_options o;
    assert_int_equal(PARSE(&o, "--cert", certificates, "--key", key, "h:1"), 0);
    assert_int_equal(X509_cmp(o.handshake.identity.certificate, own.certificate), 0);
    assert_int_equal(sk_X509_num(o.handshake.identity.chain), 1);
    assert_int_equal(EVP_PKEY_eq(o.handshake.identity.key, own.key), 1);
    check_options_free(&o);

    assert_int_equal(PARSE(&o, "--cert", certificates, "--key", locked, "h:1"), -1);
    assert_non_null(strstr(refused_by.detail, "without a passphrase is accepted"));
    check_options_free(&o);
    assert_int_equal(PARSE(&o, "--cert", key, "--key", key, "h:1"), -1);
    assert_non_null(strstr(refused_by.detail, "no certificate in it"));
    check_options_free(&o);
    assert_int_equal(PARSE(&o, "--cert", certificates, "h:1"), -1);
    assert_string_equal(refused_by.detail, "--cert needs --key beside it");
    check_options_free(&o);
    assert_int_equal(PARSE(&o, "--key", key, "h:1"), -1);
    assert_string_equal(refused_by.detail, "--key needs --cert beside it");
    check_options_free(&o);

    out = fopen(certificates, "w");
    PEM_write_X509(out, issuer.certificate);
    fclose(out);
    assert_int_equal(PARSE(&o, "--cert", certificates, "--key", key, "h:1"), -1);
    assert_non_null(strstr(refused_by.detail, "is not the key of the first certificate"));
    check_options_free(&o);
    unlink(certificates);
    unlink(key);
    unlink(locked);
    free_identity(&issuer);
    free_identity(&own);
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
    char text[16384];
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
        cmocka_unit_test(tries_and_captures),
        cmocka_unit_test(refused),
        cmocka_unit_test(requests_and_stops),
        cmocka_unit_test(client_certificate),
        cmocka_unit_test(trusted_file),
        cmocka_unit_test(what_is_printed_is_all),
        cmocka_unit_test(a_batch_is_a_command_line_of_its_own),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
