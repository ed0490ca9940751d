/* The launcher as a process: its lease, its door, its folder. */
#include "harness/runtime/tests/driver.h"

#include <limits.h>
#include <sys/stat.h>

#include "harness/runtime/door.h"
#include "harness/runtime/launcher.h"

static char place[] = "/tmp/test_launcher.XXXXXX";
static char folder[64], door[96];

static int make(void **state)
{
    (void)state;
    strcpy(place, "/tmp/test_launcher.XXXXXX");
    assert_non_null(mkdtemp(place));
    snprintf(folder, sizeof(folder), "%s/run", place);
    snprintf(door, sizeof(door), "%s/door", folder);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    return rmdir(place); /* nothing is left in it */
}

/* Its exit status is 0, or 1 when it could not start. `ours` is not for it. */
static pid_t launch(const launcher_options *o, int ours)
{
    pid_t pid = fork();

    if (pid == 0) {
        problem p;

        close(ours);
        exit(launcher_run(o, &p) == 0 ? 0 : 1);
    }
    return pid;
}

/* -1 while nobody is at the door. */
static int knock(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", door);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    set_bound(fd);
    return fd;
}

/* A launcher with a lease of its own; the lease is returned. */
static int launch_with_lease(pid_t *pid)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    set_bound(pair[0]);
    *pid = launch(&(launcher_options){.door = door, .folder = folder, .lease = pair[1]}, pair[0]);
    close(pair[1]);
    assert_string_equal(response(pair[0]), "ready");
    return pair[0];
}

static pid_t start_tail(int peer)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    send_request(peer, "tail\0-f\0/dev/null", 18, (int[]){null, null}, 2);
    close(null);
    return number_in_response(peer, "pid");
}

static void all_ends_with_the_lease(void **state)
{
    pid_t pid, one, two;
    int lease, first, second;
    struct stat found;

    (void)state;
    lease = launch_with_lease(&pid);
    assert_int_equal(stat(folder, &found), 0);
    assert_int_equal(found.st_mode & 07777, 0700);
    assert_int_equal(stat(door, &found), 0);
    assert_int_equal(found.st_mode & 07777, 0600);
    first = knock();
    second = knock();
    one = start_tail(first);
    two = start_tail(second);

    shutdown(first, SHUT_WR);
    assert_string_equal(response(first), "exit 137");
    assert_string_equal(response(first), "");
    assert_is_gone(one);
    assert_int_equal(kill(two, 0), 0);

    close(lease);
    assert_int_equal(status_of(pid), 0);
    assert_is_gone(two);
    assert_int_equal(stat(folder, &found), -1);
    close(first);
    close(second);
}

static void signals_end_it(void **state)
{
    static const int ends[] = {SIGTERM, SIGINT};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        pid_t pid, program;
        int lease = launch_with_lease(&pid), peer = knock();

        program = start_tail(peer);
        assert_int_equal(kill(pid, ends[i]), 0);
        assert_int_equal(status_of(pid), 0);
        assert_is_gone(program);
        close(lease);
        close(peer);
    }
}

static void the_first_connection_may_be_the_lease(void **state)
{
    pid_t pid = launch(&(launcher_options){.door = door, .folder = folder, .lease = -1}, -1);
    pid_t program;
    int lease, peer;

    (void)state;
    while ((lease = knock()) == -1) {
        assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
    }
    assert_string_equal(response(lease), "ready");
    peer = knock();
    program = start_tail(peer);
    close(lease);
    assert_int_equal(status_of(pid), 0);
    assert_is_gone(program);
    close(peer);
}

static void a_place_that_is_taken_or_not_there(void **state)
{
    problem p;
    int status;

    (void)state;
    assert_int_equal(launcher_run(&(launcher_options){.door = door, .folder = place}, &p), -1);
    assert_int_equal(p.status, 500);
    assert_non_null(strstr(p.detail, ": File exists"));
    /* in a process of its own: it ends all its children */
    status = status_of(
        launch(&(launcher_options){.door = "/no/such/door", .folder = folder, .lease = -1}, -1));
    assert_int_equal(status, 1);
    assert_int_equal(access(folder, F_OK), -1);
}

/* Whoever stands at the door is not disturbed by the other one. */
static void a_door_is_one_launchers(void **state)
{
    char name[200], wanted[400], half_way[210];
    struct stat found, first;
    problem p;
    int fd, second;

    (void)state;
    snprintf(name, sizeof(name), "%s/door", place);
    snprintf(wanted, sizeof(wanted), "cannot listen on %s: another program serves this socket",
             name);
    assert_int_equal(door_open(name, &fd, &p), 0);
    assert_int_equal(stat(name, &first), 0);
    assert_int_equal(door_open(name, &second, &p), -1);
    assert_string_equal(p.detail, wanted);
    assert_int_equal(stat(name, &found), 0);
    assert_int_equal(found.st_ino, first.st_ino);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(accept(fd, NULL, NULL), -1); /* nobody knocked */
    close(fd);

    /* one that was killed is replaced, also if that was half-way */
    snprintf(half_way, sizeof(half_way), "%s.new", name);
    assert_int_equal(link(name, half_way), 0);
    assert_int_equal(door_open(name, &fd, &p), 0);
    assert_int_equal(access(half_way, F_OK), -1);
    close(fd);
    assert_int_equal(unlink(name), 0);
}

static void a_door_says_why_it_cannot_be(void **state)
{
    char name[200], longest[PATH_MAX];
    problem p;
    int fd;

    (void)state;
    snprintf(name, sizeof(name), "%s/door", place);
    assert_int_equal(door_open(name, &fd, &p), 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
    assert_int_equal(unlink(name), 0);

    assert_int_equal(door_open("/no/such/door", &fd, &p), -1);
    assert_string_equal(p.detail, "cannot listen on /no/such/door: No such file or directory");
    memset(longest, 'x', 104);
    longest[104] = '\0';
    assert_int_equal(door_open(longest, &fd, &p), -1);
    assert_non_null(strstr(p.detail, "xxx: longer than a socket's name may be"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_ends_with_the_lease, make, drop),
        cmocka_unit_test_setup_teardown(signals_end_it, make, drop),
        cmocka_unit_test_setup_teardown(the_first_connection_may_be_the_lease, make, drop),
        cmocka_unit_test_setup_teardown(a_place_that_is_taken_or_not_there, make, drop),
        cmocka_unit_test_setup_teardown(a_door_is_one_launchers, make, drop),
        cmocka_unit_test_setup_teardown(a_door_says_why_it_cannot_be, make, drop),
    };
    return cmocka_run_group_tests_name("launcher", tests, NULL, NULL);
}
