/*
 * What ends a wait, on a pair of sockets and with a pipe for a leash.
 */
#include "harness/clients/bound.h"
#include "harness/clients/tests/identities.h"
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static int pair[2];
static int leash[2];
static bound b;
static problem why;

static int make(void **state)
{
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(pipe(leash), 0);
    return bound_make(20000, leash[0], &b, &why);
}

static int unmake(void **state)
{
    (void)state;
    bound_free(&b);
    bound_free(&b);
    for (int i = 0; i < 2; i++) {
        close(pair[i]);
        close(leash[i]);
    }
    return 0;
}

static void say(const char *words)
{
    assert_int_equal(write(leash[1], words, strlen(words)), (ssize_t)strlen(words));
}

static void let_go(void)
{
    close(leash[1]);
    leash[1] = -1;
}

static void what_is_ready_comes_first(void **state)
{
    (void)state;
    assert_int_equal(bound_wait(&b, pair[0], POLLOUT, &why), 0);
    let_go();
    assert_int_equal(write(pair[1], "x", 1), 1);
    assert_int_equal(bound_wait(&b, pair[0], POLLIN, &why), 0);
    char octet;
    assert_int_equal(read(pair[0], &octet, 1), 1);
    assert_int_equal(bound_wait(&b, pair[0], POLLIN, &why), -1);
    assert_int_equal(why.status, BOUND_LET_GO);
    assert_int_equal(write(pair[1], "x", 1), 1); /* once let go, too */
    assert_int_equal(bound_wait(&b, pair[0], POLLIN, &why), 0);
}

static void the_time_is_over(void **state)
{
    (void)state;
    assert_int_equal(bound_restart(&b, 10, &why), 0);
    assert_int_equal(bound_wait(&b, pair[0], POLLIN, &why), -1);
    assert_int_equal(why.status, BOUND_OVER);
    assert_int_equal(bound_wait(&b, pair[0], POLLOUT, &why), -1);
    assert_int_equal(bound_restart(&b, 20000, &why), 0);
    assert_int_equal(bound_wait(&b, pair[0], POLLOUT, &why), 0);
}

static void a_line_lets_it_go_on(void **state)
{
    (void)state;
    assert_int_equal(bound_restart(&b, 1, &why), 0); /* has no say here */
    say("go\non\nhalf a line");
    assert_int_equal(bound_hold(&b, pair[0], &why), 0);
    assert_int_equal(bound_hold(&b, pair[0], &why), 0);
    let_go();
    assert_int_equal(bound_hold(&b, pair[0], &why), -1);
    assert_int_equal(why.status, BOUND_LET_GO);
    assert_string_equal(why.detail, "standard input has ended");
}

static void the_peer_ends_a_hold(void **state)
{
    (void)state;
    assert_int_equal(write(pair[1], "x", 1), 1); /* does not */
    close(pair[1]);
    pair[1] = -1;
    assert_int_equal(bound_hold(&b, pair[0], &why), -1);
    assert_int_equal(why.status, BOUND_CLOSED);
    assert_string_equal(why.detail, "the server closed the connection");
}

/* A client that is let go of at the end of a scenario tells whether the server had closed. */
static void the_peer_comes_before_the_leash(void **state)
{
    (void)state;
    close(pair[1]);
    pair[1] = -1;
    let_go();
    assert_int_equal(bound_hold(&b, pair[0], &why), -1);
    assert_int_equal(why.status, BOUND_CLOSED);
}

static int times_asked;

static void count(void *arg)
{
    times_asked++;
    assert_int_equal(write(pair[1], arg, 1), 1); /* ends the wait */
}

static void somebody_asks(void **state)
{
    (void)state;
    b.asked = count;
    b.arg = (void *)"x";
    say("\n\n");
    assert_int_equal(bound_wait(&b, pair[0], POLLIN, &why), 0);
    assert_int_equal(times_asked, 2);
    say("\n"); /* nobody is told while there is something to read */
    assert_int_equal(bound_wait(&b, pair[0], POLLIN, &why), 0);
    assert_int_equal(times_asked, 2);
    b.asked = NULL;
    char octets[8];
    assert_int_equal(read(pair[0], octets, sizeof(octets)), 2);
    let_go();
    assert_int_equal(bound_wait(&b, pair[0], POLLIN, &why), -1);
    assert_int_equal(times_asked, 2);
    assert_int_equal(bound_hold(&b, pair[0], &why), 0); /* by the line that came before */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_ready_comes_first, make, unmake),
        cmocka_unit_test_setup_teardown(the_time_is_over, make, unmake),
        cmocka_unit_test_setup_teardown(a_line_lets_it_go_on, make, unmake),
        cmocka_unit_test_setup_teardown(the_peer_ends_a_hold, make, unmake),
        cmocka_unit_test_setup_teardown(the_peer_comes_before_the_leash, make, unmake),
        cmocka_unit_test_setup_teardown(somebody_asks, make, unmake),
    };
    return cmocka_run_group_tests_name("bound", tests, NULL, NULL);
}
