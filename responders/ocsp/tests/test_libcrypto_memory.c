/* What libcrypto allocates is under the policy of all memory, and ends with its one line. */
#include "harness/base/tests/cm.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/memory_libcrypto.h"

/* Under a sanitizer, too, memory that cannot be had is no reason to abort. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static volatile size_t far_too_much = SIZE_MAX / 4;

static void it_works_under_the_policy(void **state)
{
    uint8_t digest[32];
    unsigned char *octets = OPENSSL_malloc(8);

    (void)state;
    memset(octets, 7, 8);
    octets = OPENSSL_realloc(octets, 4096);
    assert_int_equal(octets[7], 7);
    assert_null(OPENSSL_realloc(octets, 0));
    assert_null(OPENSSL_malloc(0));
    assert_int_equal(EVP_Digest("abc", 3, digest, NULL, EVP_sha256(), NULL), 1);
    assert_int_equal(digest[0], 0xba);
}

static void memory_that_cannot_be_had_ends_the_program(void **state)
{
    static const char line[] = "out of memory\n";
    char said[8192];
    size_t length = 0;
    int err[2], status;
    pid_t pid;

    (void)state;
    for (int resized = 0; resized < 2; resized++) {
        assert_int_equal(pipe(err), 0);
        pid = fork();
        if (pid == 0) {
            dup2(err[1], STDERR_FILENO);
            if (resized) {
                OPENSSL_realloc(OPENSSL_malloc(8), far_too_much);
            } else {
                OPENSSL_malloc(far_too_much);
            }
            _exit(0);
        }
        close(err[1]);
        for (ssize_t n; (n = read(err[0], said + length, sizeof(said) - length)) > 0;) {
            length += (size_t)n;
        }
        close(err[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 1);
        assert_true(length >= sizeof(line) - 1);
        assert_memory_equal(said + length - (sizeof(line) - 1), line, sizeof(line) - 1);
        length = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_works_under_the_policy),
        cmocka_unit_test(memory_that_cannot_be_had_ends_the_program),
    };

    memory_begin_libcrypto();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
