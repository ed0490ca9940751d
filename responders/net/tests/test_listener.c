/* A port that is open, refuses, or drops, and what comes of it for those who connect. */
#include "harness/base/tests/cm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "responders/net/listener.h"
#include "responders/net/retry.h"

#define WATCHDOG_SECONDS 60
#define NOT_WITHIN_MS    50 /* that a dropped SYN is not responded to */

static struct event_base *base;
static listener *l;
static int accepted; /* the last, -1: none */
static int naccepted;
static bool refuses; /* on_accept closes the port */
static int failing;  /* so many calls of listen() fail, once `passing` have passed */
static int passing;
static bool stays_open; /* the next call of shutdown() fails */

/* Takes the place of the C library's. */
int listen(int fd, int backlog)
{
    if (passing > 0) {
        passing--;
    } else if (failing > 0) {
        failing--;
        errno = EADDRINUSE;
        return -1;
    }
    return (int)syscall(SYS_listen, fd, backlog);
}

/* Takes the place of the C library's. */
int shutdown(int fd, int how)
{
    if (stays_open) {
        stays_open = false;
        errno = ENOBUFS;
        return -1;
    }
    return (int)syscall(SYS_shutdown, fd, how);
}

/* Closes what was accepted. */
static void drop(void)
{
    if (accepted >= 0) {
        close(accepted);
        accepted = -1;
    }
}

static void on_accept(void *arg, listener *from, int fd, const struct sockaddr_storage *peer)
{
    assert_ptr_equal(arg, &accepted);
    assert_ptr_equal(from, l);
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_not_equal(endpoint_port(peer), 0);
    drop();
    accepted = fd;
    naccepted++;
    if (refuses) {
        problem p;
        assert_int_equal(listener_set_mode(l, LISTENER_CLOSED, &p), 0);
    }
}

static void begin_at(const char *address)
{
    endpoint e;
    problem p;

    alarm(WATCHDOG_SECONDS);
    assert_int_equal(endpoint_parse(address, 0, &e, &p), 0);
    base = event_base_new();
    accepted = -1;
    naccepted = 0;
    refuses = false;
    failing = 0;
    passing = 0;
    int fd = endpoint_bind(&e, SOCK_STREAM, &p);
    assert_true(fd >= 0);
    l = listener_new(base, &e, fd, on_accept, &accepted);
    assert_int_equal(listener_current(l), LISTENER_OPEN);
}

static int begin(void **state)
{
    (void)state;
    begin_at("main=127.0.0.1:0");
    return 0;
}

static int end(void **state)
{
    (void)state;
    drop();
    listener_free(l);
    event_base_free(base);
    return 0;
}

/* A client that connects; whether it was heard within the time. */
static int connect_within(int ms, int *error)
{
    const endpoint *e = listener_endpoint(l);
    socklen_t length = sizeof(*error);
    int fd = socket(e->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct pollfd connected = {.fd = fd, .events = POLLOUT};

    *error = EINPROGRESS;
    if (connect(fd, (const struct sockaddr *)&e->address, e->length) != 0 && errno != EINPROGRESS) {
        *error = errno;
    } else if (poll(&connected, 1, ms) > 0) {
        getsockopt(fd, SOL_SOCKET, SO_ERROR, error, &length);
    }
    return fd;
}

static void assert_served(void)
{
    int before = naccepted, error;
    int fd = connect_within(WATCHDOG_SECONDS * 1000, &error);

    assert_int_equal(error, 0);
    while (naccepted == before) {
        event_base_loop(base, EVLOOP_ONCE);
    }
    assert_int_equal(naccepted, before + 1);
    close(fd);
}

static void assert_refused(void)
{
    int error;

    close(connect_within(WATCHDOG_SECONDS * 1000, &error));
    assert_int_equal(error, ECONNREFUSED);
}

static void assert_dropped(void)
{
    int error;

    close(connect_within(NOT_WITHIN_MS, &error));
    assert_int_equal(error, EINPROGRESS);
}

static void set(listener_mode mode)
{
    problem p;

    assert_int_equal(listener_set_mode(l, mode, &p), 0);
    assert_int_equal(listener_current(l), mode);
}

static void assert_fails(listener_mode mode, const char *end_of_text, listener_mode then)
{
    problem p = {0};
    size_t length = strlen(end_of_text);

    assert_int_equal(listener_set_mode(l, mode, &p), -1);
    assert_int_equal(p.status, 500);
    assert_memory_equal(p.detail, "listener main (127.0.0.1:", 25);
    assert_string_equal(p.detail + strlen(p.detail) - length, end_of_text);
    assert_int_equal(listener_current(l), then);
    assert_int_equal(failing, 0);
}

static void modes_have_names(void **state)
{
    (void)state;
    assert_string_equal(listener_mode_name(LISTENER_OPEN), "open");
    assert_string_equal(listener_mode_name(LISTENER_CLOSED), "closed");
    assert_string_equal(listener_mode_name(LISTENER_BACKLOG_FULL), "backlog-full");
}

static void every_mode_follows_every_other(void **state)
{
    static const listener_mode walk[] = {
        LISTENER_OPEN,   LISTENER_CLOSED,       LISTENER_CLOSED,       LISTENER_OPEN,
        LISTENER_CLOSED, LISTENER_BACKLOG_FULL, LISTENER_BACKLOG_FULL, LISTENER_CLOSED,
        LISTENER_OPEN,   LISTENER_BACKLOG_FULL, LISTENER_OPEN,
    };

    (void)state;
    assert_served();
    for (size_t i = 0; i < sizeof(walk) / sizeof(walk[0]); i++) {
        set(walk[i]);
        if (walk[i] == LISTENER_OPEN) {
            assert_served();
        } else if (walk[i] == LISTENER_CLOSED) {
            assert_refused();
        } else {
            assert_dropped();
        }
    }
}

static void a_wildcard_address_can_be_full_too(void **state)
{
    static const char *const addresses[] = {"0.0.0.0:0", "[::]:0"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin_at(addresses[i]);
        set(LISTENER_BACKLOG_FULL);
        assert_dropped();
        set(LISTENER_OPEN);
        assert_served();
        end(state);
    }
}

/* Our own connection that fills the queue is not told of; one that was there before is. */
static void who_waits_is_accepted_first(void **state)
{
    int error, fd;

    (void)state;
    fd = connect_within(WATCHDOG_SECONDS * 1000, &error);
    assert_int_equal(error, 0);
    set(LISTENER_BACKLOG_FULL);
    assert_int_equal(naccepted, 1);
    set(LISTENER_OPEN);
    event_base_loop(base, EVLOOP_NONBLOCK);
    assert_int_equal(naccepted, 1);
    close(fd);
    /* ended while it is full */
    set(LISTENER_BACKLOG_FULL);
}

/* The way others share a port: with SO_REUSEADDR. */
static int bind_other(void)
{
    const endpoint *e = listener_endpoint(l);
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    int result = bind(fd, (const struct sockaddr *)&e->address, e->length);
    close(fd);
    return result;
}

static void a_closed_port_stays_ours(void **state)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);

    (void)state;
    set(LISTENER_CLOSED);
    assert_int_equal(bind_other(), -1);
    assert_int_equal(errno, EADDRINUSE);
    assert_int_equal(listener_endpoint(l)->length, sizeof(struct sockaddr_in));
    set(LISTENER_OPEN);
    assert_served();
    assert_int_equal(getsockname(accepted, (struct sockaddr *)&address, &length), 0);
    assert_int_equal(endpoint_port(&address), endpoint_port(&listener_endpoint(l)->address));
}

static void a_mode_that_cannot_be_had_leaves_the_former(void **state)
{
    (void)state;
    failing = 1;
    assert_fails(LISTENER_BACKLOG_FULL, " cannot fill its accept queue: Address already in use",
                 LISTENER_OPEN);
    assert_served();

    set(LISTENER_CLOSED);
    failing = 1;
    assert_fails(LISTENER_OPEN, " cannot listen again: Address already in use", LISTENER_CLOSED);
    assert_refused();
    passing = 1;
    failing = 1;
    assert_fails(LISTENER_BACKLOG_FULL, " cannot fill its accept queue: Address already in use",
                 LISTENER_CLOSED);
    assert_refused();
    set(LISTENER_OPEN);
    assert_served();
}

static void a_port_that_cannot_be_closed_says_so(void **state)
{
    int reuse = 0;
    socklen_t length = sizeof(reuse);

    (void)state;
    stays_open = true;
    assert_fails(LISTENER_CLOSED, " cannot be closed: No buffer space available", LISTENER_OPEN);
    assert_served();
    /* as before; a connection has it from the port */
    assert_int_equal(getsockopt(accepted, SOL_SOCKET, SO_REUSEADDR, &reuse, &length), 0);
    assert_int_equal(reuse, 1);
}

/* What is said on stderr between the two. */
static int kept_stderr, said_there;

static void listen_to_stderr(void)
{
    int ends[2];

    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    kept_stderr = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    said_there = ends[0];
}

static void assert_said(const char *text)
{
    char said[200];
    ssize_t n = read(said_there, said, sizeof(said) - 1);

    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    close(said_there);
    said[n < 0 ? 0 : n] = '\0';
    assert_string_equal(said, text);
}

static void the_owner_may_close_when_it_accepts(void **state)
{
    int error, first, second;

    (void)state;
    refuses = true;
    listen_to_stderr();
    first = connect_within(WATCHDOG_SECONDS * 1000, &error);
    second = connect_within(WATCHDOG_SECONDS * 1000, &error);
    while (naccepted == 0) {
        event_base_loop(base, EVLOOP_ONCE);
    }
    event_base_loop(base, EVLOOP_NONBLOCK);
    assert_int_equal(naccepted, 1);
    assert_refused();
    assert_said("");
    close(first);
    close(second);
}

static const char too_many[] = "test_listener: listener main cannot accept: Too many open files\n";

/* Lets somebody connect while there is no descriptor for it. */
static void run_out_of_descriptors(void)
{
    struct rlimit limit, none;
    int error, client = connect_within(WATCHDOG_SECONDS * 1000, &error);

    assert_int_equal(error, 0);
    for (int fd = 0; fd < client; fd++) {
        assert_int_not_equal(fcntl(fd, F_GETFD), -1); /* no gap */
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = (rlim_t)client + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    event_base_loop(base, EVLOOP_ONCE);
    event_base_loop(base, EVLOOP_NONBLOCK);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    close(client);
}

static void without_descriptors_it_waits_for_one(void **state)
{
    (void)state;
    listener_resume(l); /* nothing to resume */
    listen_to_stderr();
    run_out_of_descriptors();
    assert_said(too_many);
    event_base_loop(base, EVLOOP_NONBLOCK);
    assert_int_equal(naccepted, 0);
    listener_resume(l);
    while (naccepted == 0) {
        event_base_loop(base, EVLOOP_ONCE);
    }
    assert_served();
}

/* Who has taken the descriptors may be nobody that we hear of. */
static void without_descriptors_it_tries_again_by_itself(void **state)
{
    (void)state;
    listen_to_stderr();
    run_out_of_descriptors();
    assert_said(too_many);
    while (naccepted == 0) {
        event_base_loop(base, EVLOOP_ONCE);
    }
    assert_served();
}

/* It neither spins nor says the same thing over and over. */
static void as_long_as_there_are_none_it_sleeps(void **state)
{
    struct rlimit limit, none;
    int error, client = connect_within(WATCHDOG_SECONDS * 1000, &error), turns = 0;
    struct timeval start, now;

    (void)state;
    listen_to_stderr();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = (rlim_t)client + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    gettimeofday(&start, NULL);
    do {
        event_base_loop(base, EVLOOP_ONCE);
        turns++;
        gettimeofday(&now, NULL);
    } while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_usec - start.tv_usec) / 1000 <
             4 * RETRY_MS);
    assert_true(turns <= 10);
    assert_int_equal(naccepted, 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_said(too_many);
    close(client);
}

/* Another mode ends the wait as well. */
static void a_starved_listener_changes_its_mode(void **state)
{
    (void)state;
    listen_to_stderr();
    run_out_of_descriptors();
    assert_said(too_many);
    set(LISTENER_CLOSED);
    assert_refused();
    listener_resume(l);
    set(LISTENER_OPEN);
    assert_served();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_have_names),
        TEST(every_mode_follows_every_other),
        cmocka_unit_test(a_wildcard_address_can_be_full_too),
        TEST(who_waits_is_accepted_first),
        TEST(a_closed_port_stays_ours),
        TEST(the_owner_may_close_when_it_accepts),
        TEST(a_mode_that_cannot_be_had_leaves_the_former),
        TEST(a_port_that_cannot_be_closed_says_so),
        TEST(without_descriptors_it_waits_for_one),
        TEST(without_descriptors_it_tries_again_by_itself),
        TEST(as_long_as_there_are_none_it_sleeps),
        TEST(a_starved_listener_changes_its_mode),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
