/* Listeners follow the rules, and an event proves each change once it is made. */
#include "harness/base/tests/cm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "responders/engine/catalogue.h"
#include "responders/net/listeners.h"
#include "responders/net/primitives.h"

static effect do_nothing(primitive_call *call)
{
    (void)call;
    return EFFECT_NONE;
}

static const primitive idle = {
    .name = "idle", .summary = "none", .stage = STAGE_LISTENER, .things = {""}, .act = do_nothing};

static const primitive *const primitives[] = {&primitives_listener_mode, &primitives_delay, &idle,
                                              NULL};

static const fault_line lines[] = {
    {"B01", "connection-refused", "listener-mode mode=closed", NULL, "nothing listens", NULL},
    {"B02", "backlog-full", "listener-mode mode=backlog-full", NULL, "SYN is dropped", NULL},
    {0},
};

static const match_key keys[] = {{.name = "listener", .summary = "a name", .at_accept = true}, {0}};

typedef struct {
    struct event_base *base;
    event_log *events;
    catalogue *faults;
    rule_set *rules;
    listeners *listeners;
    endpoint endpoints[2];
    listener *last; /* of the last connection */
    int accepted;
    int peers[8];
} listeners_fixture;

static void on_accept(void *arg, listener *l, int fd, const struct sockaddr_storage *peer)
{
    listeners_fixture *f = arg;

    assert_int_equal(peer->ss_family, AF_INET);
    f->last = l;
    f->peers[f->accepted++] = fd;
}

static void add(listeners_fixture *f, size_t index, const char *where)
{
    problem p = {0};
    int fd;

    assert_int_equal(endpoint_parse(where, index, &f->endpoints[index], &p), 0);
    fd = endpoint_bind(&f->endpoints[index], SOCK_STREAM, &p);
    assert_true(fd >= 0);
    listeners_add(f->listeners, &f->endpoints[index], fd);
}

static int start_with(void **state, const char *transport)
{
    listeners_fixture *f = calloc(1, sizeof(*f));
    problem p = {0};

    assert_int_equal(catalogue_new(lines, primitives, &f->faults, &p), 0);
    f->base = event_base_new();
    f->events = event_log_new(32);
    f->rules = rule_set_new(&(rule_terms){.faults = f->faults, .keys = keys}, 1);
    f->listeners = listeners_new(f->base, f->events, transport, on_accept, f);
    add(f, 0, "web=127.0.0.1:0");
    add(f, 1, "other=127.0.0.1:0");
    *state = f;
    return 0;
}

static int start(void **state)
{
    return start_with(state, NULL);
}

static int start_tcp(void **state)
{
    return start_with(state, "tcp");
}

static int stop(void **state)
{
    listeners_fixture *f = *state;

    for (int i = 0; i < f->accepted; i++) {
        close(f->peers[i]);
    }
    listeners_free(f->listeners);
    rule_set_free(f->rules);
    catalogue_free(f->faults);
    event_log_free(f->events);
    event_base_free(f->base);
    listeners_free(NULL);
    free(f);
    return 0;
}

/* Puts the rules in force. */
static void follow(listeners_fixture *f, const char *text)
{
    json_t *rules = json_loads(text, 0, NULL);
    rule_list *next;
    problem p = {0};

    assert_non_null(rules);
    if (rule_set_replace(f->rules, rules, &next, &p) != 0 ||
        listeners_follow(f->listeners, next, &p) != 0) {
        fail_msg("%s", p.detail);
    }
    rule_set_swap(f->rules, next);
    json_decref(rules);
}

#define RULE(listener, fault)                                                                      \
    "{\"match\": {\"listener\": \"" listener "\"}, \"sequence\": [{\"do\": [{\"fault\": \"" fault  \
    "\"}]}]}"
#define ANY(what) "{\"sequence\": [{\"do\": [" what "]}]}"

/* Connects to that listener and closes again: 0, or the reason why it cannot. */
static int reach(const listeners_fixture *f, size_t index)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr *address = (const struct sockaddr *)&f->endpoints[index].address;
    const int rc = connect(fd, address, f->endpoints[index].length);
    const int reason = rc == 0 ? 0 : errno;

    close(fd);
    return reason;
}

static void assert_states(const listeners_fixture *f, const char *web, const char *other)
{
    json_t *list = listeners_to_json(f->listeners);
    json_t *wanted =
        json_pack("[{s:s, s:s, s:i, s:s}, {s:s, s:s, s:i, s:s}]", "name", "web", "address",
                  "127.0.0.1", "port", (int)endpoint_port(&f->endpoints[0].address), "state", web,
                  "name", "other", "address", "127.0.0.1", "port",
                  (int)endpoint_port(&f->endpoints[1].address), "state", other);

    assert_true(json_equal(list, wanted));
    json_decref(list);
    json_decref(wanted);
}

/* The events since the last look, "LISTENER:STATE FAULT...;" each; then they are forgotten. */
static void assert_events(listeners_fixture *f, const char *wanted)
{
    json_t *found = event_log_since(f->events, 0, NULL, 0), *event, *name;
    char text[256] = "";
    size_t i, k;

    json_array_foreach(found, i, event)
    {
        assert_string_equal(json_string_value(json_object_get(event, "kind")), "listener");
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s:%s",
                 json_string_value(json_object_get(event, "listener")),
                 json_string_value(json_object_get(event, "state")));
        json_array_foreach(json_object_get(event, "faults"), k, name)
        {
            snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s",
                     json_string_value(name));
        }
        snprintf(text + strlen(text), sizeof(text) - strlen(text), ";");
    }
    assert_string_equal(text, wanted);
    json_decref(found);
    event_log_clear(f->events);
}

static void they_accept_what_comes(void **state)
{
    listeners_fixture *f = *state;

    assert_int_equal(reach(f, 1), 0);
    event_base_loop(f->base, EVLOOP_ONCE);
    assert_int_equal(f->accepted, 1);
    assert_string_equal(listener_endpoint(f->last)->name, "other");
    assert_states(f, "open", "open");
    assert_events(f, "");
}

static void a_rule_closes_its_listener_as_long_as_it_is_there(void **state)
{
    listeners_fixture *f = *state;

    follow(f, "[" RULE("web", "connection-refused") "]");
    assert_states(f, "closed", "open");
    assert_events(f, "web:closed connection-refused;");
    assert_int_equal(reach(f, 0), ECONNREFUSED);
    follow(f, "[" RULE("web", "connection-refused") ", " ANY("") "]"); /* no change, no event */
    assert_events(f, "");
    follow(f, "[]");
    assert_states(f, "open", "open");
    assert_events(f, "web:open;");
    assert_int_equal(reach(f, 0), 0);
    event_base_loop(f->base, EVLOOP_ONCE);
    assert_int_equal(f->accepted, 1);
}

/* It stays closed, and what keeps it closed is told. */
static void another_fault_of_the_same_state_is_told(void **state)
{
    listeners_fixture *f = *state;

    follow(f, "[" RULE("web", "connection-refused") "]");
    assert_events(f, "web:closed connection-refused;");
    follow(f, "[" ANY("{\"primitive\": \"listener-mode\", \"mode\": \"closed\"}") "]");
    assert_events(f, "web:closed listener-mode;other:closed listener-mode;");
    follow(f, "[" RULE("web", "connection-refused") "]");
    assert_events(f, "web:closed connection-refused;other:open;");
}

static void a_rule_without_a_match_is_for_all(void **state)
{
    listeners_fixture *f = *state;

    follow(f, "[" ANY("{\"fault\": \"connection-refused\"}") "]");
    assert_states(f, "closed", "closed");
    assert_events(f, "web:closed connection-refused;other:closed connection-refused;");
}

static void the_first_rule_that_matches_serves(void **state)
{
    listeners_fixture *f = *state;

    follow(f,
           "[" RULE("other", "backlog-full") ", " ANY("{\"fault\": \"connection-refused\"}") "]");
    assert_states(f, "closed", "backlog-full");
    assert_events(f, "web:closed connection-refused;other:backlog-full backlog-full;");
    follow(f, "[" RULE("nosuch", "backlog-full") ", " RULE("other", "connection-refused") "]");
    assert_states(f, "open", "closed");
    assert_events(f, "web:open;other:closed connection-refused;");
}

/* One that changes nothing proves nothing, and leaves the listener to the next rule. */
static void a_primitive_without_effect_is_not_told(void **state)
{
    listeners_fixture *f = *state;

    follow(f, "[" ANY("{\"primitive\": \"idle\"}") ", " RULE("web", "connection-refused") "]");
    assert_states(f, "closed", "open");
    assert_events(f, "web:closed connection-refused;");
}

static void rules_for_requests_change_no_listener(void **state)
{
    listeners_fixture *f = *state;

    follow(f, "[" ANY("{\"primitive\": \"delay\"}") "]");
    assert_states(f, "open", "open");
    assert_events(f, "");
}

/* A request can close its own listener, until rules are put in force. */
static void a_refusal_lasts_until_the_rules_are_followed(void **state)
{
    listeners_fixture *f = *state;

    assert_int_equal(reach(f, 0), 0);
    event_base_loop(f->base, EVLOOP_ONCE);
    assert_true(listeners_refuse(f->listeners, f->last, json_pack("{s:[s]}", "faults", "once")));
    assert_states(f, "closed", "open");
    assert_events(f, "web:closed once;");
    assert_int_equal(reach(f, 0), ECONNREFUSED);
    assert_true(listeners_refuse(f->listeners, f->last, json_pack("{s:[s]}", "faults", "once")));
    assert_events(f, "");
    follow(f, "[]");
    assert_events(f, "web:open;");
}

static void the_transport_is_told_where_there_is_one(void **state)
{
    listeners_fixture *f = *state;
    json_t *found;

    follow(f, "[" RULE("web", "connection-refused") "]");
    found = event_log_since(f->events, 0, NULL, 0);
    assert_string_equal(json_string_value(json_object_get(json_array_get(found, 0), "transport")),
                        "tcp");
    json_decref(found);
}

/* When descriptors run out, those who wait are accepted once there is one again. */
static void accepting_goes_on_after_descriptors_had_run_out(void **state)
{
    listeners_fixture *f = *state;
    struct rlimit former, none;
    int silent = open("/dev/null", O_WRONLY | O_CLOEXEC), taken[64], n = 0, out;

    assert_int_equal(reach(f, 0), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &former), 0);
    none = former;
    none.rlim_cur = 64;
    out = dup(STDERR_FILENO);
    assert_true(out >= 0);
    assert_true(dup2(silent, STDERR_FILENO) >= 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    while (n < 64 && (taken[n] = dup(STDOUT_FILENO)) >= 0) {
        n++;
    }
    event_base_loop(f->base, EVLOOP_ONCE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &former), 0);
    while (n > 0) {
        close(taken[--n]);
    }
    dup2(out, STDERR_FILENO);
    close(out);
    close(silent);
    assert_int_equal(f->accepted, 0);
    listeners_resume(f->listeners);
    event_base_loop(f->base, EVLOOP_ONCE);
    assert_int_equal(f->accepted, 1);
}

/* What cannot be put in force is told with the state as it is, and with no fault. */
static void a_mode_that_cannot_be_had_is_a_problem(void **state)
{
    listeners_fixture *f = *state;
    struct rlimit former, none;
    json_t *rules = json_loads("[" RULE("web", "backlog-full") "]", 0, NULL);
    rule_list *next;
    problem p = {0};
    int rc;

    assert_int_equal(rule_set_replace(f->rules, rules, &next, &p), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &former), 0);
    none = former;
    none.rlim_cur = 0; /* its own connection, which would fill the queue, finds no descriptor */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    rc = listeners_follow(f->listeners, next, &p);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &former), 0);
    assert_int_equal(rc, -1);
    assert_int_equal(p.status, 500);
    assert_non_null(strstr(p.detail, "listener web (127.0.0.1:"));
    assert_non_null(strstr(p.detail, ") cannot fill its accept queue: Too many open files"));
    assert_states(f, "open", "open");
    assert_events(f, "web:open;");
    rule_list_free(next);
    json_decref(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(they_accept_what_comes, start, stop),
        cmocka_unit_test_setup_teardown(a_rule_closes_its_listener_as_long_as_it_is_there, start,
                                        stop),
        cmocka_unit_test_setup_teardown(another_fault_of_the_same_state_is_told, start, stop),
        cmocka_unit_test_setup_teardown(a_rule_without_a_match_is_for_all, start, stop),
        cmocka_unit_test_setup_teardown(the_first_rule_that_matches_serves, start, stop),
        cmocka_unit_test_setup_teardown(a_primitive_without_effect_is_not_told, start, stop),
        cmocka_unit_test_setup_teardown(rules_for_requests_change_no_listener, start, stop),
        cmocka_unit_test_setup_teardown(a_refusal_lasts_until_the_rules_are_followed, start, stop),
        cmocka_unit_test_setup_teardown(the_transport_is_told_where_there_is_one, start_tcp, stop),
        cmocka_unit_test_setup_teardown(accepting_goes_on_after_descriptors_had_run_out, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_mode_that_cannot_be_had_is_a_problem, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
