/*
 * The long polls.  The clock that the program reads is frozen here, as in a lab: defining
 * clock_gettime in this file puts it before the C library's.
 */
#include "responders/program/tests/control_fixture.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

static long *frozen; /* seconds, shared with the program; every clock stands still at it */

int clock_gettime(clockid_t clock, struct timespec *t)
{
    if (frozen == NULL) {
        return (int)syscall(SYS_clock_gettime, clock, t);
    }
    t->tv_sec = *frozen;
    t->tv_nsec = 250000000;
    return 0;
}

static long kernel_ms(void)
{
    struct timespec t;

    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int start(void **state)
{
    *frozen = 1893456000;
    return fixture_start(state);
}

static int peer(const control_fixture *f)
{
    return connect_tcp(process_port(&f->process));
}

/* Whether nothing can be read yet, once the program has settled. */
static bool still_waiting(int fd)
{
    char octet;

    return recv(fd, &octet, 1, MSG_DONTWAIT | MSG_PEEK) < 0;
}

static size_t events_of(const response *a)
{
    return json_array_size(json_object_get(a->body, "events"));
}

static void events_carry_the_frozen_time(void **state)
{
    control_fixture *f = *state;
    int one = peer(f);

    http(f->fd, "POST", "/v1/events/wait", NULL, 200, &f->a);
    assert_body(&f->a, "{\"events\": [{\"seq\": 1, \"time\": 1893456000.25, \"kind\": \"accept\"}],"
                       " \"last\": 1, \"dropped\": 0}");
    assert_non_null(strstr(f->a.text, "\"time\":1893456000.25,"));
    close(one);
}

static void a_wait_ends_when_the_event_comes(void **state)
{
    control_fixture *f = *state;
    int other = connect_unix(f->process.path);
    int one = peer(f);

    http_ask(other, "POST", "/v1/events/wait",
             "{\"match\": {\"kind\": \"request\", \"serial\": \"b\"}, \"count\": 2}");
    send_text(one, "b\n");
    http(f->fd, "POST", "/v1/events/wait", "{\"match\": {\"serial\": \"b\"}}", 200, &f->a);
    http(f->fd, "POST", "/v1/quiet", NULL, 200, &f->a);
    assert_int_equal(integer_of(&f->a, "last"), 2);
    assert_true(still_waiting(other));
    close(one);

    one = peer(f);
    send_text(one, "a\n");
    http(f->fd, "POST", "/v1/events/wait", "{\"match\": {\"serial\": \"a\"}}", 200, &f->a);
    assert_true(still_waiting(other));
    close(one);

    one = peer(f);
    send_text(one, "b\n");
    http_hear(other, &f->a, false);
    assert_int_equal(f->a.status, 200);
    assert_int_equal(events_of(&f->a), 2);
    assert_int_equal(integer_of(&f->a, "last"), 6);
    close(one);
    close(other);
}

static void a_wait_looks_from_its_number_on(void **state)
{
    control_fixture *f = *state;
    int one = peer(f);

    send_text(one, "a\n");
    http(f->fd, "POST", "/v1/events/wait", "{\"count\": 2}", 200, &f->a);
    http(f->fd, "POST", "/v1/events/wait", "{\"since\": 1}", 200, &f->a);
    assert_int_equal(events_of(&f->a), 1);
    http(f->fd, "POST", "/v1/events/wait", "{\"since\": 2, \"bound_ms\": 0}", 408, &f->a);
    http(f->fd, "POST", "/v1/events/wait", "{\"since\": 1, \"count\": 2, \"bound_ms\": 0}", 408,
         &f->a);
    assert_int_equal(events_of(&f->a), 1);
    http(f->fd, "GET", "/v1/events?since=1&limit=5", NULL, 200, &f->a);
    assert_int_equal(events_of(&f->a), 1);
    http(f->fd, "GET", "/v1/events?limit=1", NULL, 200, &f->a);
    assert_int_equal(events_of(&f->a), 1);
    assert_int_equal(integer_of(&f->a, "last"), 2);
    close(one);
}

/* The program's clock stands still, the kernel's does not. */
static void bounds_run_on_the_kernels_clock(void **state)
{
    control_fixture *f = *state;
    const long before = kernel_ms();

    http(f->fd, "POST", "/v1/events/wait", "{\"bound_ms\": 60}", 408, &f->a);
    assert_true(kernel_ms() - before >= 60);
    assert_string_equal(json_string_value(json_object_get(f->a.body, "detail")),
                        "0 of 1 events came within 60 ms");
    assert_int_equal(integer_of(&f->a, "last"), 0);
}

/* The driver keeps its connection while it steps the clock over a month. */
static void a_step_of_the_clock_cuts_nobody_off(void **state)
{
    control_fixture *f = *state;
    int waiting = connect_unix(f->process.path), idle = connect_unix(f->process.path);
    int one;

    http(idle, "GET", "/v1/rules", NULL, 200, &f->a);
    http_ask(waiting, "POST", "/v1/events/wait", "{\"bound_ms\": 600000}");
    http(f->fd, "POST", "/v1/quiet", NULL, 200, &f->a);
    *frozen += 30L * 86400;
    http(f->fd, "POST", "/v1/quiet", NULL, 200, &f->a);
    assert_true(still_waiting(waiting));
    http(idle, "GET", "/v1/rules", NULL, 200, &f->a);
    one = peer(f);
    http_hear(waiting, &f->a, false);
    assert_int_equal(f->a.status, 200);
    close(one);
    close(waiting);
    close(idle);
}

/* What was sent before the question must be handled before the response, however many
 * passes of the loop that takes. */
static void quiet_comes_after_all_that_was_sent_before(void **state)
{
    control_fixture *f = *state;
    int peers[20];

    for (int round = 0; round < 20; round++) {
        const size_t n = sizeof(peers) / sizeof(peers[0]);

        for (size_t i = 0; i < n; i++) {
            peers[i] = peer(f);
            send_text(peers[i], "a\n");
        }
        http(f->fd, "POST", "/v1/quiet", NULL, 200, &f->a);
        assert_int_equal(integer_of(&f->a, "last"), (round + 1) * (json_int_t)n * 2);
        for (size_t i = 0; i < n; i++) {
            close(peers[i]);
        }
    }
}

/* libevent takes 32 events at first: not even the last of 48 peers may be missed. */
static void quiet_is_not_judged_before_all_input_is_read(void **state)
{
    control_fixture *f = *state;
    int peers[48];
    const size_t n = sizeof(peers) / sizeof(peers[0]);
    char body[96];

    for (size_t i = 0; i < n; i++) {
        peers[i] = peer(f);
        send_text(peers[i], "hold\n");
        snprintf(body, sizeof(body), "{\"match\": {\"kind\": \"held\"}, \"since\": %zu}", 2 * i);
        http(f->fd, "POST", "/v1/events/wait", body, 200, &f->a);
    }
    process_pause(&f->process);
    http_ask(f->fd, "POST", "/v1/quiet", NULL);
    for (size_t i = 0; i < n; i++) {
        send_text(peers[i], "a\n");
    }
    process_resume(&f->process);
    http_hear(f->fd, &f->a, false);
    assert_int_equal(f->a.status, 200);
    assert_int_equal(integer_of(&f->a, "last"), 3 * (json_int_t)n);
    for (size_t i = 0; i < n; i++) {
        close(peers[i]);
    }
}

/* Under traffic that never ends events are told all the same, and quiet is given up. */
static void a_busy_program_responds_too(void **state)
{
    control_fixture *f = *state;
    int one;

    http(f->fd, "PUT", "/v1/things/a%20b", "{\"spin\": true}", 200, &f->a);
    one = peer(f);
    http(f->fd, "POST", "/v1/events/wait", NULL, 200, &f->a);
    http(f->fd, "POST", "/v1/events/wait", "{\"since\": 1, \"bound_ms\": 0}", 408, &f->a);
    http_ask(f->fd, "POST", "/v1/events/wait", "{\"since\": 1}");
    send_text(one, "hold\n");
    http_hear(f->fd, &f->a, false);
    assert_int_equal(f->a.status, 200);
    http(f->fd, "POST", "/v1/quiet", "{\"bound_ms\": 10}", 408, &f->a);
    http(f->fd, "PUT", "/v1/things/a%20b", "{\"spin\": false}", 200, &f->a);
    http(f->fd, "POST", "/v1/quiet", NULL, 200, &f->a);
    close(one);
}

static void quiet_waits_for_what_is_owed(void **state)
{
    control_fixture *f = *state;
    int other = connect_unix(f->process.path);
    int one = peer(f), held = peer(f);

    send_text(held, "hold\n");
    http_ask(other, "POST", "/v1/quiet", "{\"bound_ms\": 600000}");
    http(f->fd, "POST", "/v1/events/wait", "{\"match\": {\"kind\": \"held\"}}", 200, &f->a);
    http(f->fd, "POST", "/v1/quiet", "{\"bound_ms\": 0}", 408, &f->a);
    assert_int_equal(integer_of(&f->a, "owed"), 1);
    assert_string_equal(json_string_value(json_object_get(f->a.body, "detail")),
                        "not quiet within 0 ms: 1 still owed");
    http(f->fd, "POST", "/v1/quiet", "{\"bound_ms\": 30}", 408, &f->a);
    assert_true(still_waiting(other));

    send_text(one, "a\n");
    http_hear(other, &f->a, false);
    assert_int_equal(f->a.status, 200);
    assert_int_equal(integer_of(&f->a, "last"), 4);
    close(one);
    close(held);
    close(other);
}

/* Those of the time before the response, not before the question. */
static void quiet_tells_the_events(void **state)
{
    control_fixture *f = *state;
    int other = connect_unix(f->process.path);
    int one = peer(f), held = peer(f);

    send_text(held, "hold\n");
    http(f->fd, "POST", "/v1/events/wait", "{\"match\": {\"kind\": \"held\"}}", 200, &f->a);
    http_ask(other, "POST", "/v1/quiet", "{\"since\": 1}");
    http(f->fd, "POST", "/v1/quiet", "{\"bound_ms\": 0}", 408, &f->a);
    assert_true(still_waiting(other));
    send_text(one, "a\n");
    http_hear(other, &f->a, false);
    assert_int_equal(f->a.status, 200);
    assert_int_equal(integer_of(&f->a, "last"), 4);
    assert_int_equal(events_of(&f->a), 3);
    assert_int_equal(integer_of(&f->a, "dropped"), 0);

    http(f->fd, "POST", "/v1/quiet", "{\"since\": 4}", 200, &f->a);
    assert_int_equal(events_of(&f->a), 0);
    http(f->fd, "POST", "/v1/quiet", "{\"bound_ms\": 100}", 200, &f->a);
    assert_null(json_object_get(f->a.body, "events"));
    close(one);
    close(held);
    close(other);
}

/* The peer closes and nothing is logged: only control_poke tells. */
static void a_poke_ends_a_wait_for_quiet(void **state)
{
    control_fixture *f = *state;
    int other = connect_unix(f->process.path);
    int one = peer(f);

    http(f->fd, "POST", "/v1/events/wait", NULL, 200, &f->a);
    http_ask(other, "POST", "/v1/quiet", "{\"bound_ms\": 600000}");
    http(f->fd, "POST", "/v1/quiet", "{\"bound_ms\": 0}", 408, &f->a);
    assert_true(still_waiting(other));
    close(one);
    http_hear(other, &f->a, false);
    assert_int_equal(f->a.status, 200);
    assert_int_equal(integer_of(&f->a, "last"), 1);
    close(other);
}

/* Its response goes nowhere, which is no reason to end (SIGPIPE). */
static void a_caller_may_hang_up_before_its_response(void **state)
{
    control_fixture *f = *state;
    int other = connect_unix(f->process.path);

    http(other, "GET", "/v1/rules", NULL, 200, &f->a);
    process_pause(&f->process);
    http_ask(other, "GET", "/v1/rules", NULL);
    close(other);
    process_resume(&f->process);
    http(f->fd, "POST", "/v1/quiet", NULL, 200, &f->a);
}

static void a_caller_that_goes_away_is_forgotten(void **state)
{
    control_fixture *f = *state;
    int before, gone[5];
    int one;

    http(f->fd, "POST", "/v1/quiet", NULL, 200, &f->a);
    before = process_descriptors(&f->process);
    for (size_t i = 0; i < 5; i++) {
        gone[i] = connect_unix(f->process.path);
        http_ask(gone[i], "POST", "/v1/events/wait", "{\"bound_ms\": 600000}");
    }
    http(f->fd, "POST", "/v1/quiet", NULL, 200, &f->a);
    assert_int_equal(process_descriptors(&f->process), before + 10); /* sockets and timers */
    for (size_t i = 0; i < 5; i++) {
        close(gone[i]);
    }
    http(f->fd, "POST", "/v1/quiet", NULL, 200, &f->a);
    assert_int_equal(process_descriptors(&f->process), before);

    one = peer(f); /* an event that they would have been told of */
    http(f->fd, "POST", "/v1/events/wait", NULL, 200, &f->a);
    close(one);
}

/* The rest of a pipeline waits for its turn, in the socket. */
static void requests_may_be_pipelined(void **state)
{
    control_fixture *f = *state;
    int other = connect_unix(f->process.path);
    int one;

    http_ask(other, "POST", "/v1/events/wait", "{\"bound_ms\": 600000}");
    http_ask(other, "GET", "/v1/rules", NULL);
    http_ask(other, "POST", "/v1/quiet", NULL);
    http(f->fd, "POST", "/v1/quiet", NULL, 200, &f->a);
    assert_true(still_waiting(other));
    one = peer(f);
    http_hear(other, &f->a, false);
    assert_int_equal(events_of(&f->a), 1);
    http_hear(other, &f->a, false);
    assert_body(&f->a, "{\"generation\": 0, \"rules\": []}");
    close(one);
    http_hear(other, &f->a, false);
    assert_body(&f->a, "{\"last\": 1}");
    close(other);
}

/* stop() then proves that it ended well. */
static void waits_do_not_hold_the_program(void **state)
{
    control_fixture *f = *state;
    char heard[8];
    int other;

    http_ask(f->fd, "POST", "/v1/events/wait", "{\"bound_ms\": 600000}");
    other = connect_unix(f->process.path); /* its response tells that the other was read */
    http(other, "POST", "/v1/quiet", NULL, 200, &f->a);
    close(other);
    kill(f->process.pid, SIGTERM);
    process_read(f->fd, heard, sizeof(heard));
    assert_string_equal(heard, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_carry_the_frozen_time, start, fixture_stop),
        cmocka_unit_test_setup_teardown(a_wait_ends_when_the_event_comes, start, fixture_stop),
        cmocka_unit_test_setup_teardown(a_wait_looks_from_its_number_on, start, fixture_stop),
        cmocka_unit_test_setup_teardown(bounds_run_on_the_kernels_clock, start, fixture_stop),
        cmocka_unit_test_setup_teardown(a_step_of_the_clock_cuts_nobody_off, start, fixture_stop),
        cmocka_unit_test_setup_teardown(quiet_comes_after_all_that_was_sent_before, start,
                                        fixture_stop),
        cmocka_unit_test_setup_teardown(quiet_is_not_judged_before_all_input_is_read, start,
                                        fixture_stop),
        cmocka_unit_test_setup_teardown(a_busy_program_responds_too, start, fixture_stop),
        cmocka_unit_test_setup_teardown(a_caller_may_hang_up_before_its_response, start,
                                        fixture_stop),
        cmocka_unit_test_setup_teardown(quiet_waits_for_what_is_owed, start, fixture_stop),
        cmocka_unit_test_setup_teardown(quiet_tells_the_events, start, fixture_stop),
        cmocka_unit_test_setup_teardown(a_poke_ends_a_wait_for_quiet, start, fixture_stop),
        cmocka_unit_test_setup_teardown(a_caller_that_goes_away_is_forgotten, start, fixture_stop),
        cmocka_unit_test_setup_teardown(requests_may_be_pipelined, start, fixture_stop),
        cmocka_unit_test_setup_teardown(waits_do_not_hold_the_program, start, fixture_stop),
    };

    frozen = mmap(NULL, sizeof(*frozen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (frozen == MAP_FAILED) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
