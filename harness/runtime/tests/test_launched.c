/* One program on request, from its start to the end of all that it leaves. */
#include "harness/runtime/tests/driver.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "harness/runtime/launched.h"

/* A process that serves one connection. */
typedef struct {
    pid_t pid;
    int peer;
    int out[2], err[2]; /* the program's */
} launched_server;

static void serve(launched_server *s)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(pipe2(s->out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(s->err, O_CLOEXEC), 0);
    s->pid = fork();
    if (s->pid == 0) {
        sigset_t ended, mask;

        sigemptyset(&ended);
        sigaddset(&ended, SIGCHLD);
        sigprocmask(SIG_BLOCK, &ended, &mask);
        close(pair[0]);
        launched_serve(pair[1], &mask);
        exit(0);
    }
    close(pair[1]);
    s->peer = pair[0];
    set_bound(s->peer);
}

static void ask(launched_server *s, const char *text, size_t length)
{
    send_request(s->peer, text, length, (int[]){s->out[1], s->err[1]}, 2);
    close(s->out[1]);
    close(s->err[1]);
}

#define ASK(s, text) ask(s, text, sizeof(text) - 1)

static void finish(launched_server *s)
{
    assert_string_equal(response(s->peer), "");
    assert_int_equal(status_of(s->pid), 0);
    close(s->peer);
    close(s->out[0]);
    close(s->err[0]);
}

static void it_runs_with_its_variables_and_tells_its_end(void **state)
{
    launched_server s;

    (void)state;
    serve(&s);
    ASK(&s, "LAB=yes\0sh\0-c\0echo $LAB $1 $0; echo oops >&2; exit 7\0zero\0one\0");
    assert_true(number_in_response(s.peer, "pid") > 0);
    assert_string_equal(line_from(s.out[0]), "yes one zero");
    assert_string_equal(line_from(s.err[0]), "oops");
    assert_string_equal(response(s.peer), "exit 7");
    finish(&s);
}

static void one_that_cannot_be_run_is_named(void **state)
{
    launched_server s;

    (void)state;
    serve(&s);
    ASK(&s, "/no/such/program\0");
    number_in_response(s.peer, "pid");
    assert_string_equal(line_from(s.err[0]),
                        "launcher: cannot run /no/such/program: No such file or directory");
    assert_string_equal(response(s.peer), "exit 127");
    finish(&s);
}

static void signals_are_passed_on_and_other_messages_are_not(void **state)
{
    launched_server s;

    (void)state;
    serve(&s);
    ASK(&s, "cat\0/dev/zero\0");
    number_in_response(s.peer, "pid");
    assert_int_equal(send(s.peer, "nonsense", 8, 0), 8);
    assert_int_equal(send(s.peer, "signal 15", 9, 0), 9);
    assert_string_equal(response(s.peer), "exit 143");
    finish(&s);
}

static void what_is_left_is_told_and_ended(void **state)
{
    launched_server s;
    pid_t left;
    char expected[64];

    (void)state;
    serve(&s);
    ASK(&s, "sh\0-c\0exec 2>/dev/null; setsid tail -f /dev/null >/dev/null & "
            "until grep -q tail /proc/$!/comm; do :; done; echo $!\0");
    number_in_response(s.peer, "pid");
    left = (pid_t)strtol(line_from(s.out[0]), NULL, 10);
    assert_true(left > 0);
    snprintf(expected, sizeof(expected), "left process %d (tail)", (int)left);
    assert_string_equal(response(s.peer), expected);
    assert_string_equal(response(s.peer), "exit 0");
    assert_is_gone(left);
    finish(&s);
}

static void it_ends_with_its_connection(void **state)
{
    launched_server s;
    pid_t program;

    (void)state;
    serve(&s);
    ASK(&s, "sh\0-c\0trap '' TERM; echo; exec tail -f /dev/null\0");
    program = number_in_response(s.peer, "pid");
    line_from(s.out[0]);
    shutdown(s.peer, SHUT_WR);
    assert_string_equal(response(s.peer), "exit 137");
    assert_is_gone(program);
    finish(&s);
}

static in_port_t port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);

    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    return address.sin_port;
}

static int new_listener(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 5), 0);
    return fd;
}

/* Whether somebody listens on that port of 127.0.0.1. */
static int can_connect(in_port_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = port};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = connect(fd, (struct sockaddr *)&address, sizeof(address));

    close(fd);
    return rc == 0;
}

static void sockets_belong_to_the_program_alone(void **state)
{
    char text[200];
    int given, taken, length;
    in_port_t inherited, opened;
    launched_server s;

    (void)state;
    serve(&s); /* first, so that it has none of these by birth */
    given = new_listener();
    taken = new_listener();
    inherited = port_of(given);
    opened = port_of(taken);
    close(taken);
    length = snprintf(text, sizeof(text),
                      "inherit=101%clisten=100,127.0.0.1,%d%csh%c-c%c"
                      "ls -l /proc/self/fd | grep -c 'socket:'; exec tail -f /dev/null",
                      0, ntohs(opened), 0, 0, 0);
    send_request(s.peer, text, (size_t)length, (int[]){s.out[1], s.err[1], given}, 3);
    close(given);
    close(s.out[1]);
    close(s.err[1]);
    number_in_response(s.peer, "pid");
    assert_string_equal(line_from(s.out[0]), "2");
    assert_true(can_connect(inherited));
    assert_true(can_connect(opened));
    shutdown(s.peer, SHUT_WR);
    number_in_response(s.peer, "exit");
    assert_false(can_connect(inherited));
    assert_false(can_connect(opened));
    finish(&s);
}

static void a_request_that_is_refused_starts_nothing(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        size_t attached;
        const char *says;
    } cases[] = {
        {"A=1", 4, 2, "error a request names a program to run"},
        {"true", 5, 0, "error a request carries the descriptors for stdout and stderr"},
        {"true", 5, 9, "error a request has at most 256 words of 65535 octets and 8 descriptors"},
        {"listen=100,192.0.2.1,80\0true", 29, 2,
         "error cannot listen on 192.0.2.1:80: Cannot assign requested address"},
        {"inherit=2147483647\0true", 24, 3, "error inherit=2147483647: Bad file descriptor"},
    };
    int fds[9];

    (void)state;
    for (size_t i = 0; i < 9; i++) {
        fds[i] = STDERR_FILENO;
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        launched_server s;

        serve(&s);
        close(s.out[1]);
        close(s.err[1]);
        send_request(s.peer, cases[i].text, cases[i].length, fds, cases[i].attached);
        assert_string_equal(response(s.peer), cases[i].says);
        finish(&s);
    }
}

/* By the time that the driver is told, nothing of the request is held any more. */
static void what_a_refused_request_has_opened_is_closed(void **state)
{
    char text[100];
    int taken = new_listener(), length;
    in_port_t port = port_of(taken);
    launched_server s;

    (void)state;
    close(taken);
    serve(&s);
    length = snprintf(text, sizeof(text), "listen=100,127.0.0.1,%d%cinherit=2147483647%ctrue",
                      ntohs(port), 0, 0);
    send_request(s.peer, text, (size_t)length, (int[]){s.out[1], s.err[1], s.out[0]}, 3);
    close(s.out[1]);
    close(s.err[1]);
    assert_string_equal(response(s.peer), "error inherit=2147483647: Bad file descriptor");
    assert_false(can_connect(port));
    finish(&s);
}

static void a_driver_that_goes_without_a_word(void **state)
{
    launched_server s;

    (void)state;
    serve(&s);
    close(s.out[1]);
    close(s.err[1]);
    close(s.peer);
    assert_int_equal(status_of(s.pid), 0);
    close(s.out[0]);
    close(s.err[0]);
}

static void a_long_response_is_cut(void **state)
{
    int pair[2];
    char text[400];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    launched_say(pair[0], "error %s", text);
    assert_int_equal(strlen(response(pair[1])), 255);
    close(pair[1]);
    launched_say(pair[0], "nobody is there");
    close(pair[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_runs_with_its_variables_and_tells_its_end),
        cmocka_unit_test(one_that_cannot_be_run_is_named),
        cmocka_unit_test(signals_are_passed_on_and_other_messages_are_not),
        cmocka_unit_test(what_is_left_is_told_and_ended),
        cmocka_unit_test(it_ends_with_its_connection),
        cmocka_unit_test(sockets_belong_to_the_program_alone),
        cmocka_unit_test(a_request_that_is_refused_starts_nothing),
        cmocka_unit_test(what_a_refused_request_has_opened_is_closed),
        cmocka_unit_test(a_driver_that_goes_without_a_word),
        cmocka_unit_test(a_long_response_is_cut),
    };
    return cmocka_run_group_tests_name("launched", tests, NULL, NULL);
}
