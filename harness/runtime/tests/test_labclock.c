/*
 * The lab clock, linked into the test: its functions stand before the C library's, and its
 * constructor reads the environment of this very process. So main() starts the program anew, once
 * for each environment.
 */
#include "harness/runtime/tests/driver.h"

#include <sys/mman.h>

/* Not in the library of this folder: nothing else may be linked with it. */
#include "harness/runtime/labclock.c"

#define WALL      INT64_C(1893456000123456789)
#define MONOTONIC INT64_C(5000000007)

static struct clock_file *mine;

static int open_file(void **state)
{
    int fd = open(getenv("STAPLELAB_CLOCK"), O_RDWR | O_CLOEXEC);

    (void)state;
    mine = mmap(NULL, sizeof(*mine), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return mine == MAP_FAILED ? -1 : 0;
}

static int64_t now(clockid_t id)
{
    struct timespec ts;

    assert_int_equal(clock_gettime(id, &ts), 0);
    return ts.tv_sec * NANOSECONDS + ts.tv_nsec;
}

static void wall_clocks_stand_where_they_were_put(void **state)
{
    struct timeval tv;
    time_t seconds = 0;

    (void)state;
    mine->wall_ns = WALL;
    mine->monotonic_ns = MONOTONIC;
    assert_int_equal(now(CLOCK_REALTIME), WALL);
    assert_int_equal(now(CLOCK_REALTIME_COARSE), WALL);
    assert_int_equal(now(CLOCK_TAI), WALL);
    assert_int_equal(time(NULL), 1893456000);
    assert_int_equal(time(&seconds), 1893456000);
    assert_int_equal(seconds, 1893456000);
    assert_int_equal(gettimeofday(&tv, NULL), 0);
    assert_int_equal(tv.tv_sec, 1893456000);
    assert_int_equal(tv.tv_usec, 123456);
}

static void the_other_clocks_move_by_themselves(void **state)
{
    (void)state;
    mine->wall_ns = WALL;
    mine->monotonic_ns = MONOTONIC;
    assert_int_equal(now(CLOCK_MONOTONIC), MONOTONIC);
    assert_int_equal(now(CLOCK_MONOTONIC_RAW), MONOTONIC);
    assert_int_equal(now(CLOCK_MONOTONIC_COARSE), MONOTONIC);
    assert_int_equal(now(CLOCK_BOOTTIME), MONOTONIC);
    mine->monotonic_ns += 61 * NANOSECONDS;
    assert_int_equal(now(CLOCK_MONOTONIC), MONOTONIC + 61 * NANOSECONDS);
    assert_int_equal(now(CLOCK_REALTIME), WALL);
}

static void processor_time_is_real(void **state)
{
    struct timespec ts;

    (void)state;
    mine->wall_ns = WALL;
    assert_true(now(CLOCK_PROCESS_CPUTIME_ID) < 3600 * NANOSECONDS);
    assert_int_equal(clock_gettime((clockid_t)12345, &ts), -1);
}

/* An hour would take the whole test's time, and more. */
static void nobody_sleeps_long_by_a_clock_that_stands_still(void **state)
{
    (void)state;
    assert_int_equal(usleep(3600U * 1000000U), 0);
    assert_int_equal(usleep(1), 0);
    assert_int_equal(usleep(0), 0);
}

static int in_the_lab(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall_clocks_stand_where_they_were_put),
        cmocka_unit_test(the_other_clocks_move_by_themselves),
        cmocka_unit_test(processor_time_is_real),
        cmocka_unit_test(nobody_sleeps_long_by_a_clock_that_stands_still),
    };
    return cmocka_run_group_tests_name("lab clock", tests, open_file, NULL);
}

/* Without a file the real clocks show through: the kernel's own call says the same. */
static int outside(void)
{
    struct timespec kernel, seen;

    system_call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&kernel, 0, 0, 0, 0);
    return lab == NULL && clock_gettime(CLOCK_MONOTONIC, &seen) == 0 &&
                   seen.tv_sec - kernel.tv_sec < 60 && time(NULL) > 1700000000
               ? 0
               : 1;
}

static int run_again(const char *what, const char *clock)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (clock == NULL) {
            unsetenv("STAPLELAB_CLOCK");
        } else {
            setenv("STAPLELAB_CLOCK", clock, 1);
        }
        execl("/proc/self/exe", "test_labclock", what, (char *)NULL);
        _exit(127);
    }
    return status_of(pid);
}

static char path[] = "/tmp/test_labclock.XXXXXX";

static void in_a_process_with_a_clock(void **state)
{
    (void)state;
    assert_int_equal(run_again("lab", path), 0);
}

static void in_processes_without_one(void **state)
{
    static const struct clock_file other = {.magic = CLOCK_MAGIC + 1};
    char wrong[] = "/tmp/test_labclock.XXXXXX", longer[600];
    int fd = mkstemp(wrong);

    (void)state;
    assert_int_equal(write(fd, &other, sizeof(other)), sizeof(other));
    close(fd);
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(run_again("outside", NULL), 0);
    assert_int_equal(run_again("outside", ""), 0);
    assert_int_equal(run_again("outside", "/no/such/file"), 0);
    assert_int_equal(run_again("outside", "/"), 0); /* cannot be mapped */
    assert_int_equal(run_again("outside", wrong), 0);
    assert_int_equal(run_again("outside", longer), 0);
    unlink(wrong);
}

int main(int argc, char **argv)
{
    if (argc == 2) {
        return strcmp(argv[1], "lab") == 0 ? in_the_lab() : outside();
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_a_process_with_a_clock),
        cmocka_unit_test(in_processes_without_one),
    };
    static const struct clock_file made = {.magic = CLOCK_MAGIC, .wall_ns = WALL};
    int fd = mkstemp(path);
    int status = write(fd, &made, sizeof(made)) == sizeof(made)
                     ? cmocka_run_group_tests_name("starts", tests, NULL, NULL)
                     : 1;

    close(fd);
    unlink(path);
    return status;
}
