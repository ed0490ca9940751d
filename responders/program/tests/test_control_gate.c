/* Who has no token costs nothing and keeps nobody out. */
#include "responders/program/tests/access_fixture.h"

#include <sys/syscall.h>
#include <sys/timerfd.h>

static bool hasty; /* timers run out a thousand times as fast */

/* Takes the place of the C library's. */
int timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *before)
{
    struct itimerspec sooner = *when;

    if (hasty) {
        sooner.it_value.tv_nsec = (when->it_value.tv_sec * 1000000) + when->it_value.tv_nsec / 1000;
        sooner.it_value.tv_sec = 0;
    }
    return (int)syscall(SYS_timerfd_settime, fd, flags, &sooner, before);
}

/* What was freed is not kept: memory is measured here. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1";
}

static void no_page_in_a_browser_gets_in(void **state)
{
    static const struct {
        const char *lines;
        int status;
    } cases[] = {
        {"Host: 127.0.0.1:8091\r\n", 200},
        {"Host: [::1]:8091\r\n", 200},
        {"Host: localhost\r\n", 200},
        {"Host: responder:8090\r\n", 200},
        {"", 200},
        {"Host: rebound.example\r\n", 403},
        {"Host: rebound.example:8091\r\n", 403},
        {"Host: 127.0.0.1.rebound.example\r\n", 403},
        {"Host: [rebound]\r\n", 403},
        {"Host: 127.0.0.1\r\nOrigin: http://127.0.0.1:8091\r\n", 403},
        {"Host: 127.0.0.1\r\nOrigin: null\r\n", 403},
    };
    char request[512];
    process p;
    response a = {0};
    int fd;

    (void)state;
    start_with(&p, "tcp:127.0.0.1:0", TOKEN);
    fd = connect_tcp(control_port(&p));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(request, sizeof(request),
                 "GET /v1/rules HTTP/1.1\r\n%sAuthorization: Bearer " TOKEN "\r\n\r\n",
                 cases[i].lines);
        send_text(fd, request);
        http_hear(fd, &a, false);
        if (a.status != cases[i].status) {
            fail_msg("%s: %d", cases[i].lines, a.status);
        }
    }
    response_clear(&a);
    close(fd);
    process_stop(&p);
}

/* How many KiB of memory it holds. */
static long resident(const process *p)
{
    char path[64], line[256];
    long kib = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)p->pid);
    file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL && sscanf(line, "VmRSS: %ld", &kib) != 1) {
    }
    fclose(file);
    return kib;
}

/* It is asked for before anything is kept, and the answer does not wait for the body. */
static void no_body_is_kept_for_who_has_no_token(void **state)
{
    static char part[64 * 1024];
    const size_t parts = 512; /* 32 MiB */
    process p;
    response a = {0};
    long before;
    int fd;

    (void)state;
    start_with(&p, "tcp:127.0.0.1:0", TOKEN);
    fd = connect_tcp(control_port(&p));
    before = resident(&p);
    snprintf(part, sizeof(part),
             "PUT /v1/rules HTTP/1.1\r\nHost: lab\r\nExpect: 100-continue\r\n"
             "Content-Length: %zu\r\n\r\n",
             parts * sizeof(part));
    send_text(fd, part);
    http_hear(fd, &a, false);
    assert_int_equal(a.status, 401);
    memset(part, '{', sizeof(part));
    for (size_t i = 0; i < parts; i++) {
        for (size_t at = 0; at < sizeof(part);) {
            ssize_t n = send(fd, part + at, sizeof(part) - at, MSG_NOSIGNAL);

            assert_true(n > 0);
            at += (size_t)n;
        }
    }
    assert_status(fd, NULL, 401, &a); /* the connection is as good as before */
    assert_true(resident(&p) - before < 4096);
    assert_status(fd, "Bearer " TOKEN, 200, &a);

    /* where a body ends that comes in chunks is not looked for: that one is closed */
    close(fd);
    fd = connect_tcp(control_port(&p));
    send_text(fd, "PUT /v1/rules HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "2\r\n[]\r\n");
    http_hear(fd, &a, false);
    assert_int_equal(a.status, 401);
    assert_int_equal(read(fd, part, 1), 0);
    response_clear(&a);
    close(fd);
    process_stop(&p);
}

/* Heads come in pieces, too large, one after the other. */
static void heads_come_as_they_like(void **state)
{
    static const char pieces[] = "\r\nGET /v1/rules HTTP/1.1\r\nHost: lab\r\n"
                                 "authorization:  bearer " TOKEN "\r\n\r\n";
    static char large[40 * 1024];
    process p;
    response a = {0};
    int fd;

    (void)state;
    start_with(&p, "tcp:127.0.0.1:0", TOKEN);
    fd = connect_tcp(control_port(&p));
    for (size_t i = 0; i < sizeof(pieces) - 1; i++) {
        const char piece[2] = {pieces[i], '\0'};

        send_text(fd, piece);
    }
    http_hear(fd, &a, false);
    assert_int_equal(a.status, 200);
    close(fd);
    fd = connect_tcp(control_port(&p));
    send_text(fd, "POST /v1/reset HTTP/1.1\r\nHost: lab\r\nContent-Length: 3\r\n\r\nabc"
                  "GET /v1/rules HTTP/1.1\r\nHost: lab\r\n\r\n");
    http_hear(fd, &a, false);
    assert_int_equal(a.status, 401);
    http_hear(fd, &a, false);
    assert_int_equal(a.status, 401);
    close(fd);
    fd = connect_tcp(control_port(&p));
    memset(large, 'a', sizeof(large) - 1);
    memcpy(large, "GET /v1/rules HTTP/1.1\r\nX: ", 27);
    (void)!send(fd, large, sizeof(large) - 1, MSG_NOSIGNAL);
    while (read(fd, large, sizeof(large)) > 0) { /* told so or reset, and closed */
    }
    close(fd);
    response_clear(&a);
    process_stop(&p);
}

/* Who comes first and says nothing keeps nobody out. */
static void many_silent_callers_make_room(void **state)
{
    process p;
    response a = {0};
    int fd, crowd[200], open = 0, before, owner;
    char octet;

    (void)state;
    start_with(&p, "tcp:127.0.0.1:0", TOKEN);
    owner = connect_tcp(control_port(&p));
    assert_status(owner, "Bearer " TOKEN, 200, &a);
    before = process_descriptors(&p);
    for (size_t i = 0; i < 200; i++) {
        crowd[i] = connect_tcp(control_port(&p));
    }
    fd = connect_tcp(control_port(&p));
    assert_status(fd, "Bearer " TOKEN, 200, &a);
    for (size_t i = 0; i < 130; i++) { /* those that came first are gone */
        assert_int_equal(read(crowd[i], &octet, 1), 0);
    }
    assert_true(process_descriptors(&p) <= before + 66);
    for (size_t i = 0; i < 200; i++) {
        open += recv(crowd[i], &octet, 1, MSG_DONTWAIT) < 0;
        close(crowd[i]);
    }
    assert_in_range(open, 60, 64);
    assert_status(owner, "Bearer " TOKEN, 200, &a); /* who has the token is not counted */
    close(fd);
    close(owner);
    response_clear(&a);
    process_stop(&p);
}

/* A second is a millisecond here. */
static void who_does_not_show_the_token_in_time_is_shown_out(void **state)
{
    process p;
    response a = {0};
    int owner, silent, slow, turned_away;
    char octet;

    (void)state;
    hasty = true;
    start_with(&p, "tcp:127.0.0.1:0", TOKEN);
    hasty = false;
    owner = connect_tcp(control_port(&p));
    assert_status(owner, "Bearer " TOKEN, 200, &a);
    silent = connect_tcp(control_port(&p));
    slow = connect_tcp(control_port(&p));
    send_text(slow, "GET /v1/rules HTTP/1.1\r\nHost: lab\r\n");
    turned_away = connect_tcp(control_port(&p));
    assert_status(turned_away, "Bearer " TOKEN "x", 401, &a);
    assert_int_equal(read(silent, &octet, 1), 0);
    assert_int_equal(read(slow, &octet, 1), 0);
    assert_int_equal(read(turned_away, &octet, 1), 0);
    assert_status(owner, "Bearer " TOKEN, 200, &a);
    close(silent);
    close(slow);
    close(turned_away);
    close(owner);
    response_clear(&a);
    process_stop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_page_in_a_browser_gets_in),
        cmocka_unit_test(no_body_is_kept_for_who_has_no_token),
        cmocka_unit_test(heads_come_as_they_like),
        cmocka_unit_test(many_silent_callers_make_room),
        cmocka_unit_test(who_does_not_show_the_token_in_time_is_shown_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
