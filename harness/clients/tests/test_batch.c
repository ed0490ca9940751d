/*
 * A batch: what is a line of it, and that each line is told by itself.
 */
#include "harness/base/tests/cm.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/clients/batch.h"
#include "harness/clients/batch_line.h"

enum { REFUSED = 2 };

static int parse(const char *text, batch_line *line, problem *p)
{
    return batch_line_parse((span){(const uint8_t *)text, strlen(text)}, line, p);
}

static void words_follow_the_programs_name(void **state)
{
    (void)state;
    batch_line line;
    problem p;
    assert_int_equal(parse(" [\"--tls\", \"\", \"\\u00fc\"]\n", &line, &p), 0);
    assert_int_equal(line.argc, 4);
    assert_string_equal(line.argv[0], "staple-check");
    assert_string_equal(line.argv[1], "--tls");
    assert_string_equal(line.argv[2], "");
    assert_string_equal(line.argv[3], "\xc3\xbc");
    assert_null(line.argv[4]);
    batch_line_free(&line);
    assert_null(line.argv);

    assert_int_equal(parse("[]", &line, &p), 0);
    assert_int_equal(line.argc, 1);
    assert_null(line.argv[1]);
    batch_line_free(&line);
}

static void other_lines_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",           "x",    "{}",     "\"h:1\"", "null",          "[1]",
        "[\"a\", 1]", "[[]]", "[\"a\"", "[] []",   "[\"\\u0000\"]", "[\"\xff\"]"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        batch_line line;
        problem p;
        assert_int_equal(parse(bad[i], &line, &p), -1);
        assert_int_equal(p.status, 400);
        assert_memory_equal(p.detail, "--batch takes a JSON array of strings a line", 44);
    }
    batch_line line;
    problem p;
    assert_int_equal(batch_line_parse((span){(const uint8_t *)"[]\0", 3}, &line, &p), -1);
}

/* Says its words and ends with their number. */
static int check(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        fprintf(strcmp(argv[i], "oops") == 0 ? stderr : stdout, "%s;", argv[i]);
    }
    return argc - 1;
}

/* Runs a batch in a process of its own; its stdout. */
static char *run(const char *input, int *status)
{
    char *said = calloc(1, 65536);
    int in[2], out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();
    if (pid == 0) {
        problem p;
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        close(in[1]);
        close(out[0]);
        close(out[1]);
        exit(batch_run(check, REFUSED, &p) == 0 ? 0 : 1);
    }
    close(in[0]);
    close(out[1]);
    assert_int_equal(write(in[1], input, strlen(input)), strlen(input));
    close(in[1]);
    size_t n = 0;
    for (ssize_t got; (got = read(out[0], said + n, 65535 - n)) > 0;) {
        n += (size_t)got;
    }
    close(out[0]);
    assert_int_equal(waitpid(pid, status, 0), pid);
    return said;
}

static void each_line_is_told_by_itself(void **state)
{
    (void)state;
    int status;
    char *said = run("[\"a\", \"oops\", \"b\"]\n[]\n{\n[\"oops\"]", &status);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    static const struct {
        int status;
        const char *out, *err;
    } expected[] = {{3, "a;b;", "oops;"},
                    {0, "", ""},
                    {REFUSED, "", "staple-check: --batch takes a JSON array of strings a line: "},
                    {1, "", "oops;"}};
    char *rest = said;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        char *line = strsep(&rest, "\n");
        json_t *told = json_loads(line, 0, NULL);
        int number;
        const char *out, *err;
        assert_int_equal(json_unpack(told, "{s:i, s:s, s:s !}", "status", &number, "stdout", &out,
                                     "stderr", &err),
                         0);
        assert_int_equal(number, expected[i].status);
        assert_string_equal(out, expected[i].out);
        assert_memory_equal(err, expected[i].err, strlen(expected[i].err));
        json_decref(told);
    }
    assert_string_equal(rest, "");
    free(said);
}

static int say_octets(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    fputs("\xff\n", stdout);
    return 0;
}

/* The rest runs in this process: its stdout and stderr are put back. */
static int in_process(int (*one)(int, char **), const char *out, problem *p)
{
    FILE *input = tmpfile();
    fputs("[]\n", input);
    rewind(input);
    fflush(stdout);
    int kept[] = {dup(STDIN_FILENO), dup(STDOUT_FILENO)};
    FILE *target = fopen(out, "r+");
    assert_non_null(target);
    dup2(fileno(input), STDIN_FILENO);
    dup2(fileno(target), STDOUT_FILENO);
    clearerr(stdin);
    int rc = batch_run(one, REFUSED, p);
    dup2(kept[0], STDIN_FILENO);
    dup2(kept[1], STDOUT_FILENO);
    close(kept[0]);
    close(kept[1]);
    fclose(target);
    fclose(input);
    return rc;
}

static void output_that_is_not_utf8_is_told_as_such(void **state)
{
    (void)state;
    char path[] = "/tmp/test_batch.XXXXXX", text[100] = "";
    problem p;
    close(mkstemp(path));
    assert_int_equal(in_process(say_octets, path, &p), 0);
    FILE *in = fopen(path, "r");
    assert_true(fread(text, 1, sizeof(text) - 1, in) > 0);
    fclose(in);
    unlink(path);
    assert_string_equal(text, "{\"status\":0,\"stdout\":\"(not UTF-8)\\n\",\"stderr\":\"\"}\n");
}

static void an_output_that_cannot_be_written_ends_it(void **state)
{
    (void)state;
    problem p;
    assert_int_equal(in_process(check, "/dev/full", &p), -1);
    assert_int_equal(p.status, 500);
    assert_string_equal(p.detail, "--batch: No space left on device");
}

/* One descriptor short at each step: what was said before still goes to stdout. */
static void without_descriptors_it_says_so(void **state)
{
    (void)state;
    struct rlimit before;
    int lowest = dup(STDIN_FILENO);
    close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (int more = 0; more < 3; more++) {
        problem p = {0};
        struct rlimit few = {.rlim_cur = (rlim_t)(lowest + more), .rlim_max = before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        int rc = batch_run(check, REFUSED, &p);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_int_equal(rc, -1);
        assert_int_equal(p.status, 500);
        assert_string_equal(p.detail, "--batch: Too many open files");
        int next = dup(STDIN_FILENO);
        close(next);
        assert_int_equal(next, lowest); /* nothing is left open */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_follow_the_programs_name),
        cmocka_unit_test(other_lines_are_refused),
        cmocka_unit_test(each_line_is_told_by_itself),
        cmocka_unit_test(output_that_is_not_utf8_is_told_as_such),
        cmocka_unit_test(an_output_that_cannot_be_written_ends_it),
        cmocka_unit_test(without_descriptors_it_says_so),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
