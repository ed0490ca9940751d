/* Nothing that a process has started, however detached, is left. */
#include "harness/runtime/tests/driver.h"

#include <pthread.h>
#include <sys/prctl.h>

#include "harness/runtime/descendants.h"

static pid_t found[8];
static char names[8][64];
static size_t nfound;

static void note(void *arg, pid_t pid, const char *name)
{
    assert_ptr_equal(arg, &nfound);
    found[nfound] = pid;
    snprintf(names[nfound++], sizeof(names[0]), "%s", name);
}

/* A shell whose child outlives it in a session of its own; that one's number. */
static pid_t orphan(void)
{
    int out[2];
    pid_t shell, left;

    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    shell = fork();
    if (shell == 0) {
        dup2(out[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c",
              "setsid tail -f /dev/null >/dev/null 2>&1 & "
              "until grep -q tail /proc/$!/comm; do :; done; echo $!",
              (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    left = (pid_t)strtol(line_from(out[0]), NULL, 10);
    close(out[0]);
    assert_int_equal(status_of(shell), 0);
    return left;
}

static void orphans_are_found_and_ended(void **state)
{
    pid_t left;

    (void)state;
    descendants_adopt();
    left = orphan();
    assert_int_equal(kill(left, 0), 0);
    nfound = 0;
    descendants_end(note, &nfound);
    assert_int_equal(nfound, 1);
    assert_int_equal(found[0], left);
    assert_string_equal(names[0], "tail");
    assert_is_gone(left);
}

static void children_that_ended_are_reaped_without_a_word(void **state)
{
    pid_t children[3];
    siginfo_t info;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            _exit(0);
        }
        assert_int_equal(waitid(P_PID, (id_t)children[i], &info, WEXITED | WNOWAIT), 0);
    }
    nfound = 0;
    descendants_end(note, &nfound);
    assert_int_equal(nfound, 0);
    for (size_t i = 0; i < 3; i++) {
        assert_is_gone(children[i]);
    }
}

/* A child with that name, which it has given to itself. */
static pid_t named(const char *name)
{
    int ready[2];
    char octet;
    pid_t child;

    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    child = fork();
    if (child == 0) {
        prctl(PR_SET_NAME, name);
        (void)!write(ready[1], "", 1);
        for (;;) {
            pause();
        }
    }
    assert_int_equal(read(ready[0], &octet, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return child;
}

static void no_name_hides_a_process(void **state)
{
    static const char *const cases[][2] = {
        {"", ""}, {")", ")"}, {") Z 1 (", ") Z 1 ("}, {"a\nb\tc", "a?b?c"}, {"\xff(", "?("}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const pid_t child = named(cases[i][0]);

        nfound = 0;
        alarm(30);
        descendants_end(note, &nfound);
        alarm(0);
        assert_int_equal(nfound, 1);
        assert_int_equal(found[0], child);
        assert_string_equal(names[0], cases[i][1]);
        assert_is_gone(child);
    }
}

static void *wait_for_ever(void *arg)
{
    (void)!write(*(int *)arg, "", 1);
    while (pause() != 0) {
    }
    return NULL;
}

/* To the kernel such a process is a zombie, but it works on. */
static void a_process_whose_first_thread_has_ended_is_one(void **state)
{
    int ready[2];
    char octet, path[64], text[256];
    pid_t child;

    (void)state;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    child = fork();
    if (child == 0) {
        pthread_t other;

        pthread_create(&other, NULL, wait_for_ever, &ready[1]);
        pthread_exit(NULL);
    }
    assert_int_equal(read(ready[0], &octet, 1), 1);
    close(ready[0]);
    close(ready[1]);
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
    do {
        FILE *file = fopen(path, "r");

        assert_non_null(fgets(text, sizeof(text), file));
        fclose(file);
    } while (strstr(text, ") Z ") == NULL);
    nfound = 0;
    alarm(30);
    descendants_end(note, &nfound);
    alarm(0);
    assert_int_equal(nfound, 1);
    assert_int_equal(found[0], child);
}

static void nobody_needs_to_be_told(void **state)
{
    pid_t left;

    (void)state;
    descendants_adopt();
    left = orphan();
    descendants_end(NULL, NULL);
    assert_is_gone(left);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orphans_are_found_and_ended),
        cmocka_unit_test(children_that_ended_are_reaped_without_a_word),
        cmocka_unit_test(no_name_hides_a_process),
        cmocka_unit_test(a_process_whose_first_thread_has_ended_is_one),
        cmocka_unit_test(nobody_needs_to_be_told),
    };
    return cmocka_run_group_tests_name("descendants", tests, NULL, NULL);
}
