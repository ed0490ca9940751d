/* Memory that is there, and the one line when it is not. */
#include "harness/base/tests/cm.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/memory.h"
#include "harness/base/octets.h"

/* Under a sanitizer, too, memory that cannot be had is no reason to abort. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* More than any machine has, in a way that no compiler sees through. */
static volatile size_t far_too_much = SIZE_MAX / 4;

static void what_is_new_is_zeroed(void **state)
{
    static const unsigned char zeroes[100];
    void *one = memory_new(100), *many = memory_array(10, 10);

    (void)state;
    assert_memory_equal(one, zeroes, 100);
    assert_memory_equal(many, zeroes, 100);
    free(one);
    free(many);
}

static void nothing_is_memory_too(void **state)
{
    void *p[] = {memory_new(0), memory_array(0, 8), memory_array(8, 0), memory_resize(NULL, 0, 8)};

    (void)state;
    for (size_t i = 0; i < sizeof(p) / sizeof(p[0]); i++) {
        assert_non_null(p[i]);
        free(p[i]);
    }
}

static void what_is_resized_keeps_its_octets(void **state)
{
    char *p = memory_text("abc");

    (void)state;
    p = memory_resize(p, 1000, 4);
    assert_string_equal(p, "abc");
    p = memory_resize(p, 2, 1);
    assert_memory_equal(p, "ab", 2);
    free(p);
}

static void texts(void **state)
{
    char *cut = memory_text_of("a\0bcd", 4), *made = memory_format("%s=%d", "x", 7);
    char *empty = memory_format("%s", "");

    (void)state;
    assert_memory_equal(cut, "a\0bc", 5);
    assert_string_equal(made, "x=7");
    assert_string_equal(empty, "");
    assert_ptr_equal(memory_made(made), made);
    free(cut);
    free(made);
    free(empty);
}

static void too_large(void)
{
    memory_new(far_too_much);
}

static void too_many(void)
{
    memory_array(far_too_much, 8);
}

static void resized_too_large(void)
{
    memory_resize(NULL, far_too_much, 1);
}

static void resized_too_many(void)
{
    memory_resize(NULL, far_too_much, 8);
}

static void of_a_library(void)
{
    memory_made(NULL);
}

static void of_jansson(void)
{
    memory_begin();
    json_decref(json_stringn_nocheck("x", far_too_much));
}

static void of_octets(void)
{
    octets o = {0};

    octets_append_text(&o, "x");
    octets_reserve(&o, far_too_much * 4);
}

/* In a process of its own, whose stderr is a pipe. */
static void ends(void (*how)(void))
{
    static const char line[] = "out of memory\n";
    char said[64];
    int err[2], status;
    ssize_t n;
    pid_t pid;

    assert_int_equal(pipe(err), 0);
    pid = fork();
    if (pid == 0) {
        dup2(err[1], STDERR_FILENO);
        close(err[0]);
        close(err[1]);
        how();
        _exit(0);
    }
    close(err[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);

    /* it comes last: a sanitizer has a word to say before */
    n = 0;
    for (ssize_t got; (got = read(err[0], said + n, sizeof(said) - (size_t)n)) > 0;) {
        n += got;
        if ((size_t)n == sizeof(said)) {
            memmove(said, said + n - 32, 32);
            n = 32;
        }
    }
    close(err[0]);
    assert_true(n >= (ssize_t)sizeof(line) - 1);
    assert_memory_equal(said + n - (sizeof(line) - 1), line, sizeof(line) - 1);
}

static void memory_that_cannot_be_had_ends_the_program(void **state)
{
    (void)state;
    ends(too_large);
    ends(too_many);
    ends(resized_too_large);
    ends(resized_too_many);
    ends(of_a_library);
    ends(of_jansson);
    ends(of_octets);
}

static void jansson_works_under_the_policy(void **state)
{
    json_t *object;
    char *text;

    (void)state;
    memory_begin();
    object = json_pack("{s:s}", "a", "b");
    text = json_dumps(object, JSON_COMPACT);
    assert_string_equal(text, "{\"a\":\"b\"}");
    free(text);
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_new_is_zeroed),
        cmocka_unit_test(nothing_is_memory_too),
        cmocka_unit_test(what_is_resized_keeps_its_octets),
        cmocka_unit_test(texts),
        cmocka_unit_test(memory_that_cannot_be_had_ends_the_program),
        cmocka_unit_test(jansson_works_under_the_policy),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
