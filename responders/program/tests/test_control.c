/* The control API over a real socket: what can be asked, and what is refused. */
#include "harness/base/version.h"
#include "responders/program/tests/control_fixture.h"

#include <sys/stat.h>

#define TRY "{\"fault\": \"status-try-later\"}"

static void ready_says_who_and_where(void **state)
{
    control_fixture *f = *state;
    struct stat st;

    http(f->fd, "GET", "/v1/ready", NULL, 200, &f->a);
    assert_true(json_equal(f->a.body, f->process.ready));
    assert_non_null(strstr(f->a.headers, "Content-Type: application/json\r\n"));
    assert_string_equal(json_string_value(json_object_get(f->a.body, "program")), "fake-program");
    assert_string_equal(json_string_value(json_object_get(f->a.body, "version")),
                        STAPLELAB_VERSION);
    assert_string_equal(json_string_value(json_object_get(f->a.body, "control")),
                        f->process.address);
    assert_int_equal(integer_of(&f->a, "pid"), f->process.pid);
    assert_true(process_port(&f->process) > 0);
    assert_int_equal(stat(f->process.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void faults_are_listed(void **state)
{
    control_fixture *f = *state;

    http(f->fd, "GET", "/v1/faults", NULL, 200, &f->a);
    assert_string_equal(json_string_value(json_object_get(f->a.body, "program")), "fake-program");
    assert_int_equal(json_array_size(json_object_get(f->a.body, "faults")), 8);
    assert_int_equal(json_array_size(json_object_get(f->a.body, "primitives")), 7);
}

static void rules_are_put_listed_added_and_deleted(void **state)
{
    control_fixture *f = *state;

    http(f->fd, "GET", "/v1/rules", NULL, 200, &f->a);
    assert_body(&f->a, "{\"generation\": 0, \"rules\": []}");
    http(f->fd, "PUT", "/v1/rules", "[{\"sequence\": [{\"do\": [" TRY "]}]}]", 200, &f->a);
    assert_body(&f->a, "{\"generation\": 1}");
    http(f->fd, "POST", "/v1/rules", "{\"sequence\": [{\"do\": []}]}", 200, &f->a);
    assert_body(&f->a, "{\"generation\": 2, \"id\": \"rule-2\"}");
    http(f->fd, "DELETE", "/v1/rules/rule-1", NULL, 200, &f->a);
    assert_body(&f->a, "{\"generation\": 3}");
    http(f->fd, "GET", "/v1/rules", NULL, 200, &f->a);
    assert_body(&f->a, "{\"generation\": 3, \"rules\":"
                       " [{\"id\": \"rule-2\", \"sequence\": [{\"do\": []}]}]}");
    http(f->fd, "DELETE", "/v1/rules/rule-1", NULL, 404, &f->a);
    http(f->fd, "DELETE", "/v1/rules", NULL, 200, &f->a);
    assert_body(&f->a, "{\"generation\": 4}");
    http(f->fd, "PUT", "/v1/rules", "{\"rules\": []}", 200, &f->a);
    assert_body(&f->a, "{\"generation\": 5}");
}

static void what_is_not_understood_is_a_problem(void **state)
{
    static const struct {
        const char *method, *target, *body;
        int status;
        const char *pointer, *detail;
    } cases[] = {
        {"PUT", "/v1/rules", "[{\"sequence\": [{\"do\": [{\"fault\": \"status-try-latr\"}]}]}]",
         400, "/0/sequence/0/do/0/fault", "the nearest are: status-try-later"},
        {"PUT", "/v1/rules", "[{]", 400, "", "the body is not JSON: line 1, column"},
        {"PUT", "/v1/rules", "{\"rules\": [], \"rules\": []}", 400, "", "duplicate"},
        {"PUT", "/v1/rules", "[] []", 400, "", "the body is not JSON"},
        {"PUT", "/v1/rules", NULL, 400, "", "rules are an array"},
        {"POST", "/v1/rules", NULL, 400, "", "must be a JSON object, not nothing"},
        {"POST", "/v1/rules", "{\"id\": \"kept\", \"sequence\": [{\"do\": []}]}", 400, "/id",
         "already a rule"},
        {"PUT", "/v1/rules",
         "[{\"match\": {\"listener\": \"nosuch\"}, \"sequence\":"
         " [{\"do\": [{\"fault\": \"connection-refused\"}]}]}]",
         400, "", "no listener is named \"nosuch\""},
        {"POST", "/v1/rules",
         "{\"match\": {\"listener\": \"nosuch\"}, \"sequence\":"
         " [{\"do\": [{\"fault\": \"connection-refused\"}]}]}",
         400, "", "no listener is named \"nosuch\""},
        {"POST", "/v1/events/wait", "{\"counts\": 1}", 400, "/counts", "match, count, since"},
        {"POST", "/v1/events/wait", "{\"count\": 0}", 400, "/count", "from 1 to"},
        {"POST", "/v1/events/wait", "{\"since\": -1}", 400, "/since", "from 0 to"},
        {"POST", "/v1/events/wait", "{\"bound_ms\": 600001}", 400, "/bound_ms", "to 600000"},
        {"POST", "/v1/events/wait", "{\"match\": []}", 400, "/match", "must be an object"},
        {"POST", "/v1/quiet", "{\"bound_ms\": 1.5}", 400, "/bound_ms", "an integer from 0"},
        {"POST", "/v1/quiet", "{\"bound\": 1}", 400, "/bound", "accepted: since, bound_ms"},
        {"POST", "/v1/quiet", "{\"since\": -1}", 400, "/since", "an integer from 0"},
        {"POST", "/v1/quiet", "3", 400, "", "must be a JSON object, not 3"},
        {"POST", "/v1/reset", "{\"seed\": \"1\"}", 400, "/seed", "an integer from 0"},
        {"POST", "/v1/reset", "{\"sed\": 1}", 400, "/sed", "accepted: seed"},
        {"GET", "/v1/events?since=x", NULL, 400, "", "\"since\" in the query"},
        {"GET", "/v1/events?limit=-1", NULL, 400, "", "\"limit\" in the query"},
        {"GET", "/v1/events?until=1", NULL, 400, "", "takes: since limit"},
        {"GET", "/v1/events?ince=1", NULL, 400, "", "takes: since limit"},
        {"GET", "/v1/events?inc=1", NULL, 400, "", "takes: since limit"},
        {"GET", "/v1/rules?x=1", NULL, 400, "", "takes: nothing"},
        {"GET", "/v1/rules", "{}", 400, "", "GET takes no body"},
        {"GET", "/v1/things/none", NULL, 404, "", "there is no thing \"none\""},
        {"GET", "/v1/nothing", NULL, 404, "", "there is no /v1/nothing"},
        {"GET", "/v2/ready", NULL, 404, "", "there is no /v2/ready"},
        {"DELETE", "/v1/rules/", NULL, 404, "", "there is no /v1/rules/"},
        {"DELETE", "/v1/rules/a/b", NULL, 404, "", "there is no /v1/rules/a/b"},
        {"DELETE", "/v1/rules/nosuch", NULL, 404, "", "no rule has the id \"nosuch\""},
        {"GET", "/v1/events?=1", NULL, 400, "", "the query is not NAME=VALUE pairs"},
        {"GET", "/v1/ready%00x", NULL, 400, "", "no usable path"},
    };
    control_fixture *f = *state;

    http(f->fd, "PUT", "/v1/rules", "[{\"id\": \"kept\", \"sequence\": [{\"do\": [" TRY "]}]}]",
         200, &f->a);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *pointer, *detail;

        http(f->fd, cases[i].method, cases[i].target, cases[i].body, cases[i].status, &f->a);
        assert_non_null(strstr(f->a.headers, "Content-Type: application/problem+json\r\n"));
        pointer = json_string_value(json_object_get(f->a.body, "pointer"));
        detail = json_string_value(json_object_get(f->a.body, "detail"));
        assert_string_equal(pointer, cases[i].pointer);
        if (strstr(detail, cases[i].detail) == NULL) {
            fail_msg("%s %s: %s", cases[i].method, cases[i].target, detail);
        }
        assert_int_equal(integer_of(&f->a, "status"), cases[i].status);
    }
    http(f->fd, "GET", "/v1/rules", NULL, 200, &f->a);
    assert_body(&f->a, "{\"generation\": 1, \"rules\":"
                       " [{\"id\": \"kept\", \"sequence\": [{\"do\": [" TRY "]}]}]}");
}

static void a_wrong_method_is_told_the_right_ones(void **state)
{
    control_fixture *f = *state;

    http(f->fd, "PATCH", "/v1/rules", NULL, 405, &f->a);
    assert_non_null(strstr(f->a.headers, "\r\nAllow: GET, PUT, POST, DELETE\r\n"));
    http(f->fd, "OPTIONS", "/v1/rules", NULL, 405, &f->a);
    assert_non_null(strstr(f->a.headers, "\r\nAllow: GET, PUT, POST, DELETE\r\n"));
    http(f->fd, "GET", "/v1/rules/rule-1", NULL, 405, &f->a);
    assert_non_null(strstr(f->a.headers, "\r\nAllow: DELETE\r\n"));
    http(f->fd, "POST", "/v1/ready", NULL, 405, &f->a);
    assert_non_null(strstr(f->a.headers, "\r\nAllow: GET\r\n"));
    http(f->fd, "DELETE", "/v1/things/a%20b", NULL, 405, &f->a);
    assert_non_null(strstr(f->a.headers, "\r\nAllow: GET, PUT\r\n"));
}

static void head_is_get_without_the_body(void **state)
{
    control_fixture *f = *state;

    http_ask(f->fd, "HEAD", "/v1/ready", NULL);
    http_hear(f->fd, &f->a, true);
    assert_int_equal(f->a.status, 200);
    assert_non_null(strstr(f->a.headers, "\r\nContent-Length: "));
    http_ask(f->fd, "HEAD", "/metrics", NULL);
    http_hear(f->fd, &f->a, true);
    assert_int_equal(f->a.status, 200);
    http(f->fd, "GET", "/v1/ready", NULL, 200, &f->a);
}

static void bodies_are_bounded(void **state)
{
    control_fixture *f = *state;
    const size_t limit = 1024 * 1024;
    char *body = malloc(limit + 2);

    memset(body, ' ', limit + 1);
    memcpy(body, "[]", 2);
    body[limit] = '\0';
    http(f->fd, "PUT", "/v1/rules", body, 200, &f->a);
    body[limit] = ' ';
    body[limit + 1] = '\0';
    http(f->fd, "PUT", "/v1/rules", body, 413, &f->a);
    http(f->fd, "GET", "/v1/rules", NULL, 200, &f->a);
    assert_int_equal(integer_of(&f->a, "generation"), 1);
    free(body);
}

static void the_program_has_resources_of_its_own(void **state)
{
    control_fixture *f = *state;

    http(f->fd, "GET", "/v1/things/a%20b", NULL, 200, &f->a);
    assert_body(&f->a, "{\"thing\": null}");
    http(f->fd, "PUT", "/v1/things/a%20b", "{\"x\": 1}", 200, &f->a);
    http(f->fd, "GET", "/v1/things/a%20b", NULL, 200, &f->a);
    assert_body(&f->a, "{\"thing\": {\"x\": 1}}");
    http(f->fd, "GET", "/v1/things/a%20b?x=1", NULL, 400, &f->a);
}

/* One peer sends one line and hears the response out. */
static void serve_peer(const control_fixture *f, const char *line, const char *wanted)
{
    int peer = connect_tcp(process_port(&f->process));
    char heard[64];

    send_text(peer, line);
    process_read(peer, heard, sizeof(heard));
    assert_string_equal(heard, wanted);
    close(peer);
}

/* What the program could not put in force must not stay half done in it either. */
static void a_refused_change_is_taken_back_in_the_program(void **state)
{
    control_fixture *f = *state;

    http(f->fd, "POST", "/v1/rules",
         "{\"id\": \"down\", \"sequence\": [{\"do\": [{\"fault\": \"connection-refused\"}]}]}", 200,
         &f->a);
    http(f->fd, "POST", "/v1/rules",
         "{\"match\": {\"listener\": \"nosuch\"}, \"sequence\":"
         " [{\"do\": [{\"fault\": \"connection-refused\"}]}]}",
         400, &f->a);
    http(f->fd, "GET", "/metrics", NULL, 200, &f->a);
    assert_non_null(strstr(f->a.text, "\nfake_listener_faults 1\n"));
    http(f->fd, "DELETE", "/v1/rules/down", NULL, 200, &f->a);
    http(f->fd, "GET", "/metrics", NULL, 200, &f->a);
    assert_non_null(strstr(f->a.text, "\nfake_listener_faults 0\n"));
}

/* Neither a rule of it, nor a count, nor a generation. */
static void a_change_that_cannot_be_put_in_force_changes_nothing(void **state)
{
    static const struct {
        const char *method, *target, *body;
    } changes[] = {
        {"PUT", "/v1/rules", "[{\"sequence\": [{\"do\": []}]}]"},
        {"PUT", "/v1/rules", "[]"},
        {"POST", "/v1/rules", "{\"sequence\": [{\"do\": [" TRY "]}]}"},
        {"DELETE", "/v1/rules/a", NULL},
        {"DELETE", "/v1/rules", NULL},
        {"POST", "/v1/reset", "{\"seed\": 9}"},
    };
    static const char rules[] =
        "[{\"id\": \"down\", \"sequence\": [{\"do\": [{\"fault\": \"connection-refused\"}]}]},"
        " {\"id\": \"a\", \"sequence\": [{\"times\": 1, \"do\": [" TRY "]},"
        " {\"times\": 1, \"do\": [{\"fault\": \"cert-status-revoked\", \"reason\": 7}]},"
        " {\"do\": [{\"fault\": \"http-redirect\", \"target\": \"/x\"}]}]}]";
    char wanted[512];
    control_fixture *f = *state;

    http(f->fd, "PUT", "/v1/rules", rules, 200, &f->a);
    serve_peer(f, "1\n", "status 3;");
    http(f->fd, "PUT", "/v1/things/a%20b", "{\"refuse\": true}", 200, &f->a);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        http(f->fd, changes[i].method, changes[i].target, changes[i].body, 500, &f->a);
        assert_string_equal(json_string_value(json_object_get(f->a.body, "detail")),
                            "nothing can be put in force");
    }
    http(f->fd, "GET", "/v1/rules", NULL, 200, &f->a);
    snprintf(wanted, sizeof(wanted), "{\"generation\": 1, \"rules\": %s}", rules);
    assert_body(&f->a, wanted);
    http(f->fd, "GET", "/metrics", NULL, 200, &f->a);
    assert_non_null(strstr(f->a.text, "\nfake_listener_faults 1\n"));
    http(f->fd, "GET", "/v1/ready", NULL, 200, &f->a);
    assert_int_equal(integer_of(&f->a, "seed"), 1);
    http(f->fd, "GET", "/v1/events", NULL, 200, &f->a);
    assert_int_equal(integer_of(&f->a, "last"), 2);
    serve_peer(f, "1\n", "revoked 7 0 byKey;");

    http(f->fd, "PUT", "/v1/things/a%20b", "{\"refuse\": false}", 200, &f->a);
    http(f->fd, "POST", "/v1/rules", "{\"sequence\": [{\"do\": []}]}", 200, &f->a);
    assert_body(&f->a, "{\"generation\": 2, \"id\": \"rule-1\"}");
    serve_peer(f, "1\n", "redirect /x;");
}

static void metrics_count_events_and_faults(void **state)
{
    control_fixture *f = *state;

    http(f->fd, "PUT", "/v1/rules", "[{\"sequence\": [{\"times\": 2, \"do\": [" TRY "]}]}]", 200,
         &f->a);
    serve_peer(f, "1\n", "status 3;");
    serve_peer(f, "1\n", "status 3;");
    serve_peer(f, "1\n", "healthy");
    http(f->fd, "GET", "/metrics", NULL, 200, &f->a);
    assert_non_null(strstr(f->a.headers, "Content-Type: text/plain; version=0.0.4"));
    assert_non_null(strstr(f->a.text, "\nstaplelab_events_total{kind=\"accept\"} 3\n"));
    assert_non_null(strstr(f->a.text, "\nstaplelab_events_total{kind=\"request\"} 3\n"));
    assert_non_null(strstr(f->a.text, "\nstaplelab_faults_total{fault=\"status-try-later\"} 2\n"));
    assert_non_null(strstr(f->a.text, "\nstaplelab_rules_generation 1\n"));
    assert_non_null(strstr(f->a.text, "\nstaplelab_events_dropped_total 0\n"));
    assert_non_null(strstr(f->a.text, "\nstaplelab_owed 0\n"));
    assert_non_null(strstr(f->a.text, "\nfake_listener_faults 0\n"));
}

static void a_reset_is_a_new_start(void **state)
{
    control_fixture *f = *state;
    int held = connect_tcp(process_port(&f->process));
    char heard[8];

    http(f->fd, "PUT", "/v1/rules", "[{\"sequence\": [{\"do\": [" TRY "]}]}]", 200, &f->a);
    http(f->fd, "PUT", "/v1/things/a%20b", "{}", 200, &f->a);
    send_text(held, "hold\n");
    serve_peer(f, "1\n", "status 3;");
    http(f->fd, "POST", "/v1/events/wait", "{\"count\": 4}", 200, &f->a);
    http(f->fd, "POST", "/v1/reset", "{\"seed\": 9}", 200, &f->a);
    assert_body(&f->a, "{\"generation\": 2, \"seed\": 9, \"last\": 4}");

    process_read(held, heard, sizeof(heard)); /* the stalled connection was closed */
    assert_string_equal(heard, "");
    close(held);
    http(f->fd, "GET", "/v1/rules", NULL, 200, &f->a);
    assert_body(&f->a, "{\"generation\": 2, \"rules\": []}");
    http(f->fd, "GET", "/v1/events", NULL, 200, &f->a);
    assert_body(&f->a, "{\"events\": [], \"last\": 4, \"dropped\": 0}");
    http(f->fd, "GET", "/v1/things/a%20b", NULL, 200, &f->a);
    assert_body(&f->a, "{\"thing\": null}");
    http(f->fd, "GET", "/metrics", NULL, 200, &f->a);
    assert_null(strstr(f->a.text, "kind="));
    assert_null(strstr(f->a.text, "fault="));
    http(f->fd, "POST", "/v1/reset", NULL, 200, &f->a);
    assert_body(&f->a, "{\"generation\": 3, \"seed\": 9, \"last\": 4}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ready_says_who_and_where, fixture_start, fixture_stop),
        cmocka_unit_test_setup_teardown(faults_are_listed, fixture_start, fixture_stop),
        cmocka_unit_test_setup_teardown(rules_are_put_listed_added_and_deleted, fixture_start,
                                        fixture_stop),
        cmocka_unit_test_setup_teardown(what_is_not_understood_is_a_problem, fixture_start,
                                        fixture_stop),
        cmocka_unit_test_setup_teardown(a_wrong_method_is_told_the_right_ones, fixture_start,
                                        fixture_stop),
        cmocka_unit_test_setup_teardown(head_is_get_without_the_body, fixture_start, fixture_stop),
        cmocka_unit_test_setup_teardown(bodies_are_bounded, fixture_start, fixture_stop),
        cmocka_unit_test_setup_teardown(the_program_has_resources_of_its_own, fixture_start,
                                        fixture_stop),
        cmocka_unit_test_setup_teardown(a_refused_change_is_taken_back_in_the_program,
                                        fixture_start, fixture_stop),
        cmocka_unit_test_setup_teardown(a_change_that_cannot_be_put_in_force_changes_nothing,
                                        fixture_start, fixture_stop),
        cmocka_unit_test_setup_teardown(metrics_count_events_and_faults, fixture_start,
                                        fixture_stop),
        cmocka_unit_test_setup_teardown(a_reset_is_a_new_start, fixture_start, fixture_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
