/* Reading and writing whole files, and signals that wait meanwhile. */
#include "pki/tests/scratch.h"

#include <signal.h>

#include "pki/files.h"

static void a_file_is_read_up_to_the_limit(void **state)
{
    (void)state;
    problem p = {0};
    scratch s;
    char *data;
    size_t size;
    bool found;
    scratch_make(&s);
    const char *path = scratch_path(&s, "file");
    write_text(path, "12345");
    assert_int_equal(files_read(path, 5, &data, &size, &found, &p), 0);
    assert_int_equal(size, 5);
    assert_string_equal(data, "12345");
    free(data);
    assert_int_equal(files_read(path, 4, &data, &size, &found, &p), -1);
    assert_true(found);
    assert_non_null(strstr(told(&p), "/file is longer than the 4 octets that are accepted"));
    scratch_remove(s.path);
}

static void only_a_missing_file_is_missing(void **state)
{
    (void)state;
    problem p = {0};
    scratch s;
    char *data;
    size_t size;
    bool found;
    scratch_make(&s);
    assert_int_equal(files_read(scratch_path(&s, "none"), 9, &data, &size, &found, &p), -1);
    assert_false(found);
    assert_non_null(strstr(told(&p), "/none: No such file or directory"));
    assert_int_equal(files_read(s.path, 9, &data, &size, &found, &p), -1);
    assert_true(found);
    assert_non_null(strstr(told(&p), ": Is a directory"));
    scratch_remove(s.path);
}

static void a_full_device_is_an_error_and_is_closed(void **state)
{
    (void)state;
    problem p = {0};
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(files_fill(fd, "www.pem", "x", 1, &p), -1);
    assert_int_equal(p.status, 500);
    assert_string_equal(told(&p), "www.pem: No space left on device");
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static volatile sig_atomic_t caught;

static void catch_signal(int number)
{
    caught = number;
}

static void signals_wait_while_they_are_held(void **state)
{
    (void)state;
    static const int held[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    for (size_t i = 0; i < sizeof(held) / sizeof(*held); i++) {
        sigset_t before;
        caught = 0;
        assert_true(signal(held[i], catch_signal) != SIG_ERR);
        files_hold_signals(&before);
        assert_int_equal(raise(held[i]), 0);
        assert_int_equal(caught, 0);
        files_release_signals(&before);
        assert_int_equal(caught, held[i]);
        assert_true(signal(held[i], SIG_DFL) != SIG_ERR);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_up_to_the_limit),
        cmocka_unit_test(only_a_missing_file_is_missing),
        cmocka_unit_test(a_full_device_is_an_error_and_is_closed),
        cmocka_unit_test(signals_wait_while_they_are_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
