/*
 * Names and addresses, and a resolver that takes its time: the one of this test, which stands
 * before the C library's.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <semaphore.h>

#include "harness/clients/resolve.h"
#include "harness/clients/tests/identities.h"

static sem_t released, ended;

int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                struct addrinfo **out)
{
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    }
    if ((hints->ai_flags & AI_NUMERICHOST) != 0) {
        return real(host, port, hints, out);
    }
    if (strcmp(host, "slow.test") == 0) {
        sem_wait(&released);
        struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST};
        int rc = real("127.0.0.1", port, &numeric, out);
        sem_post(&ended);
        return rc;
    }
    if (strcmp(host, "known.test") == 0) {
        struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
        return real("127.0.0.1", port, &numeric, out);
    }
    return EAI_AGAIN;
}

static int resolve(const char *host, int timeout_ms, problem *p)
{
    bound b;
    struct addrinfo *found = NULL;
    assert_int_equal(bound_make(timeout_ms, -1, &b, p), 0);
    int rc = resolve_within(&b, host, "443", &found, p);
    bound_free(&b);
    if (rc == 0) {
        assert_non_null(found);
        freeaddrinfo(found);
    }
    return rc;
}

static void names_and_addresses(void **state)
{
    (void)state;
    problem p;
    assert_int_equal(resolve("127.0.0.1", 20000, &p), 0);
    assert_int_equal(resolve("::1", 20000, &p), 0);
    assert_int_equal(resolve("known.test", 20000, &p), 0);
    assert_int_equal(resolve("other.test", 20000, &p), -1);
    assert_non_null(strstr(p.detail, "the host name cannot be resolved: Temporary failure"));
}

static void a_name_server_that_says_nothing(void **state)
{
    (void)state;
    problem p;
    assert_int_equal(sem_init(&released, 0, 0), 0);
    assert_int_equal(sem_init(&ended, 0, 0), 0);
    assert_int_equal(resolve("slow.test", 50, &p), -1);
    assert_int_equal(p.status, BOUND_OVER);
    assert_string_equal(p.detail, "the host name cannot be resolved: the time allowed is over");

    /* its thread ends later, and frees what it has found */
    sem_post(&released);
    sem_wait(&ended);
    sem_post(&released);
    assert_int_equal(resolve("slow.test", 20000, &p), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_addresses),
        cmocka_unit_test(a_name_server_that_says_nothing),
    };
    return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
