/* The command line that all responders share, as a user meets it. */
#include "harness/base/version.h"
#include "responders/program/tests/http_fixture.h"
#include "responders/program/tests/process_fixture.h"

typedef struct {
    int status;
    char out[16 * 1024], err[1024];
} result;

/* Runs it to its end with these arguments. */
static result run(const char *const *arguments)
{
    process p = {0};
    result r;

    process_spawn(&p, arguments);
    r.status = process_wait(&p, r.out, sizeof(r.out), r.err, sizeof(r.err));
    return r;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static void assert_refused(result r, int status, const char *detail)
{
    char line[1024];

    snprintf(line, sizeof(line), "fake-program: %s\n", detail);
    assert_string_equal(r.err, line);
    assert_string_equal(r.out, "");
    assert_int_equal(r.status, status);
}

static void help_and_version_are_printed(void **state)
{
    result r = RUN("--help");

    (void)state;
    assert_int_equal(r.status, 0);
    assert_string_equal(r.err, "");
    assert_int_equal(strncmp(r.out,
                             "Usage: fake-program --listen [NAME=]ADDRESS:PORT [OPTION]...\n"
                             "Responds with the name of a fault.\n\n"
                             "  --greeting TEXT               not used\n"
                             "  --listen ",
                             strlen("Usage: fake-program --listen [NAME=]ADDRESS:PORT [OPTION]...\n"
                                    "Responds with the name of a fault.\n\n"
                                    "  --greeting TEXT               not used\n"
                                    "  --listen ")),
                     0);
    for (const char *line = r.out; *line != '\0'; line = strchr(line, '\n') + 1) {
        assert_true(strcspn(line, "\n") <= 100);
    }
    r = RUN("--version");
    assert_int_equal(r.status, 0);
    assert_string_equal(r.out, "fake-program " STAPLELAB_VERSION "\n");
}

static void faults_are_listed_for_people_and_programs(void **state)
{
    result r = RUN("--list-faults");
    json_t *list, *wanted;
    catalogue *faults;
    problem p;

    (void)state;
    assert_int_equal(catalogue_new(fake_lines, fake_primitives, &faults, &p), 0);
    wanted = catalogue_faults_to_json(faults);
    assert_int_equal(r.status, 0);
    assert_non_null(strstr(r.out, "A03  status-try-later     model: tryLater (3)\n"
                                  "A26  cert-status-revoked  model: revoked\n"
                                  "     reason: revocation reason (default 1)\n"
                                  "     offset [s]: how long ago (default null)\n"
                                  "     form: how the responder is named (default \"byKey\")\n"
                                  "       one of byName, byKey\n"));
    assert_non_null(strstr(r.out, "     target: where to (required)\n"));
    assert_non_null(strstr(r.out, "\nB41  revoked-elsewhere    model, message: revoked, and a "
                                  "redirect\n     reason: revocation reason (default 2)\n"));
    r = RUN("--list-faults=json");
    assert_int_equal(r.status, 0);
    list = json_loads(r.out, 0, NULL);
    assert_true(json_equal(list, wanted));
    json_decref(list);
    json_decref(wanted);
    catalogue_free(faults);
}

static void primitives_are_listed_for_people_and_programs(void **state)
{
    result r = RUN("--list-primitives");
    json_t *list, *wanted;
    catalogue *faults;
    problem p;

    (void)state;
    assert_int_equal(r.status, 0);
    assert_non_null(strstr(r.out, "status         model: another status\n"
                                  "revoked        model: revoked\n"
                                  "     reason: revocation reason (default 1)\n"));
    assert_int_equal(catalogue_new(fake_lines, fake_primitives, &faults, &p), 0);
    wanted = catalogue_primitives_to_json(faults);
    r = RUN("--list-primitives=json");
    assert_int_equal(r.status, 0);
    list = json_loads(r.out, 0, NULL);
    assert_true(json_equal(list, wanted));
    json_decref(list);
    json_decref(wanted);
    catalogue_free(faults);
}

static void wrong_usage_is_one_line(void **state)
{
    (void)state;
    assert_refused(RUN("--lisen", "127.0.0.1:0"), 2,
                   "unknown option \"--lisen\"; the nearest are: listen; see --help");
    assert_refused(RUN("--zzzzzz=1"), 2, "unknown option \"--zzzzzz\"; see --help");
    assert_refused(RUN("-x"), 2, "unknown option \"-x\"; see --help");
    assert_refused(RUN("--version=1"), 2, "--version takes no value; see --help");
    assert_refused(RUN("--listen"), 2, "--listen needs a value; see --help");
    assert_refused(RUN("--listen", "127.0.0.1:0", "more"), 2,
                   "unexpected argument \"more\"; see --help");
    assert_refused(RUN("--seed", "1"), 2,
                   "give at least one --listen [NAME=]ADDRESS:PORT; see --help");
    assert_refused(RUN("--listen", "127.0.0.1"), 2,
                   "--listen \"127.0.0.1\": no port from 0 to 65535; expected "
                   "[NAME=]ADDRESS:PORT, as in 127.0.0.1:8080, v6=[::1]:0 or 0.0.0.0:53");
    assert_refused(RUN("--listen", "a=127.0.0.1:0", "--listen", "a=127.0.0.1:0"), 2,
                   "--listen \"a=127.0.0.1:0\": the name \"a\" is taken; give each its own");
    assert_refused(RUN("--listen", "1=127.0.0.1:0", "--listen", "127.0.0.1:0"), 2,
                   "--listen \"127.0.0.1:0\": the name \"1\" is taken; give each its own");
    assert_refused(RUN("--seed", "-1"), 2,
                   "--seed \"-1\": expected a number from 0 to 9223372036854775807");
    assert_refused(RUN("--seed", "99999999999999999999"), 2,
                   "--seed \"99999999999999999999\": expected a number from 0 to "
                   "9223372036854775807");
    assert_refused(RUN("--events", "0"), 2, "--events \"0\": expected a number from 1 to 10000000");
    assert_refused(RUN("--events", "1k"), 2,
                   "--events \"1k\": expected a number from 1 to 10000000");
    assert_refused(RUN("--list-faults=xml"), 2,
                   "--list-faults=xml: the forms are --list-faults and --list-faults=json");
    assert_refused(RUN("--list-primitives=xml"), 2,
                   "--list-primitives=xml: the forms are --list-primitives and "
                   "--list-primitives=json");
    assert_refused(RUN("--greeting", "rude"), 2, "--greeting \"rude\": expected a polite one");
}

static void a_port_in_use_is_named(void **state)
{
    process p;
    char where[64], wanted[256];

    (void)state;
    process_folder(&p);
    process_start(&p, NULL, NULL);
    snprintf(where, sizeof(where), "127.0.0.1:%d", process_port(&p));
    snprintf(wanted, sizeof(wanted),
             "cannot listen on %s: address already in use; choose another --listen port, or 0 for "
             "a free one",
             where);
    assert_refused(RUN("--listen", where), 1, wanted);
    process_stop(&p);
}

/* Writes the rules, runs `use` with the path, removes the file. */
static void with_rules(process *p, const char *text, char *path, size_t size)
{
    FILE *file;

    process_folder(p);
    snprintf(path, size, "%s/rules.json", p->folder);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void rules_of_a_file_are_there_from_the_start(void **state)
{
    process p;
    char path[96], heard[64];
    int fd;

    (void)state;
    with_rules(&p,
               "{\"rules\": [{\"match\": {\"listener\": \"web\"}, \"sequence\":"
               " [{\"do\": [{\"fault\": \"status-try-later\"}]}]}]}",
               path, sizeof(path));
    process_start(&p, "--rules", path);
    unlink(path);
    fd = connect_tcp(process_port(&p));
    send_text(fd, "1\n");
    process_read(fd, heard, sizeof(heard));
    assert_string_equal(heard, "try later");
    close(fd);
    process_stop(&p);
}

static void rules_of_a_file_that_are_wrong_are_refused(void **state)
{
    static const char *const cases[][2] = {
        {"[{\"sequence\": [{\"do\": [{\"fault\": \"status-try-latr\"}]}]}]",
         "/0/sequence/0/do/0/fault: unknown fault \"status-try-latr\"; the nearest are: "
         "status-try-later"},
        {"{}", "/rules: rules are an array of rules, or {\"rules\": [...]}"},
        {"[", "line 1, column 1: ']' expected near end of file"},
    };
    process p;
    char path[96], wanted[512];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        with_rules(&p, cases[i][0], path, sizeof(path));
        snprintf(wanted, sizeof(wanted), "--rules %s: %s", path, cases[i][1]);
        assert_refused(RUN("--listen", "127.0.0.1:0", "--rules", path), 1, wanted);
        unlink(path);
        process_remove_folder(&p);
    }
    assert_refused(RUN("--listen", "127.0.0.1:0", "--rules", "/nosuch/rules.json"), 1,
                   "--rules unable to open /nosuch/rules.json: No such file or directory");
}

/* What the program itself cannot put in force is refused at the start as well. */
static void rules_of_a_file_that_cannot_be_done_are_refused(void **state)
{
    process p;
    char path[96], wanted[200];

    (void)state;
    with_rules(&p,
               "[{\"match\": {\"listener\": \"nosuch\"}, \"sequence\":"
               " [{\"do\": [{\"fault\": \"connection-refused\"}]}]}]",
               path, sizeof(path));
    snprintf(wanted, sizeof(wanted), "--rules %s: no listener is named \"nosuch\"", path);
    assert_refused(RUN("--listen", "127.0.0.1:0", "--rules", path), 1, wanted);
    unlink(path);
    process_remove_folder(&p);
}

static void options_reach_the_program(void **state)
{
    process p;
    response a = {0};
    int fd, peer;

    (void)state;
    process_folder(&p);
    process_start(&p, "--seed", "77");
    assert_int_equal(json_integer_value(json_object_get(p.ready, "seed")), 77);
    process_stop(&p);

    process_folder(&p);
    process_start(&p, "--events", "2");
    fd = connect_unix(p.path);
    for (int i = 0; i < 3; i++) {
        peer = connect_tcp(process_port(&p));
        close(peer);
    }
    http(fd, "POST", "/v1/quiet", NULL, 200, &a);
    http(fd, "GET", "/v1/events", NULL, 200, &a);
    assert_int_equal(json_array_size(json_object_get(a.body, "events")), 2);
    assert_int_equal(integer_of(&a, "last"), 3);
    assert_int_equal(integer_of(&a, "dropped"), 1);
    response_clear(&a);
    close(fd);
    process_stop(&p);
}

static bool has_ended(const process *p)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

/* Whoever ends a run may ask more than once, at any moment of the end. */
static void more_than_one_signal_is_a_good_end_too(void **state)
{
    char out[256], err[4096];
    process p;

    (void)state;
    process_folder(&p);
    process_start(&p, NULL, NULL);
    for (int i = 0; i < 10000000 && !has_ended(&p); i++) {
        kill(p.pid, i % 2 == 0 ? SIGTERM : SIGINT);
    }
    assert_int_equal(process_wait(&p, out, sizeof(out), err, sizeof(err)), 0);
    assert_string_equal(err, "");
    process_remove_folder(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_and_version_are_printed),
        cmocka_unit_test(faults_are_listed_for_people_and_programs),
        cmocka_unit_test(primitives_are_listed_for_people_and_programs),
        cmocka_unit_test(wrong_usage_is_one_line),
        cmocka_unit_test(a_port_in_use_is_named),
        cmocka_unit_test(rules_of_a_file_are_there_from_the_start),
        cmocka_unit_test(rules_of_a_file_that_are_wrong_are_refused),
        cmocka_unit_test(rules_of_a_file_that_cannot_be_done_are_refused),
        cmocka_unit_test(options_reach_the_program),
        cmocka_unit_test(more_than_one_signal_is_a_good_end_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
