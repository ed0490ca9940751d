/* Addresses as people write them, and ports that may be taken. */
#include "harness/base/tests/cm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "responders/program/program.h"

static void assert_parsed(const char *text, size_t index, const char *name, const char *address)
{
    endpoint e;
    char out[80];
    problem p = {0};

    assert_int_equal(endpoint_parse(text, index, &e, &p), 0);
    endpoint_format((const struct sockaddr *)&e.address, out, sizeof(out));
    assert_string_equal(e.name, name);
    assert_string_equal(out, address);
}

static void good_addresses_are_parsed(void **state)
{
    (void)state;
    assert_parsed("127.0.0.1:80", 0, "0", "127.0.0.1:80");
    assert_parsed("0.0.0.0:0", 7, "7", "0.0.0.0:0");
    assert_parsed("second=127.0.0.2:65535", 1, "second", "127.0.0.2:65535");
    assert_parsed("[::1]:80", 0, "0", "[::1]:80");
    assert_parsed("v6=[2001:db8::1]:53", 0, "v6", "[2001:db8::1]:53");
    assert_parsed("v6=[::ffff:127.0.0.1]:53", 0, "v6", "[::ffff:127.0.0.1]:53");
}

static void bad_addresses_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:+8",
        "127.0.0.1:8x",
        "127.0.0.1: 8",
        "127.0.0.1:000080",
        ":80",
        "localhost:80",
        "::1:80",
        "[::1]",
        "[::1:80",
        "[]:80",
        "[127.0.0.1]:80",
        "=127.0.0.1:80",
        "a b=127.0.0.1:80",
        "a/b=127.0.0.1:80",
        "127.0.0.256:80",
        "[::1]x:80",
        "a=",
        "a=b=127.0.0.1:80",
        "[",
        "]:80",
        "[:80",
        "a-name-of-more-than-thirty-one-octets=127.0.0.1:80",
        "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd]:80",
        NULL};

    (void)state;
    for (size_t i = 0; texts[i] != NULL; i++) {
        endpoint e;
        problem p = {0};

        if (endpoint_parse(texts[i], 0, &e, &p) == 0) {
            fail_msg("\"%s\" was accepted", texts[i]);
        }
        assert_int_equal(p.status, 400);
        assert_non_null(strstr(p.detail, "expected [NAME=]ADDRESS:PORT"));
    }
}

static void a_port_of_0_becomes_the_chosen_one(void **state)
{
    endpoint e;
    problem p = {0};
    const int types[] = {SOCK_STREAM, SOCK_DGRAM};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        int fd, type = 0;
        socklen_t size = sizeof(type);

        assert_int_equal(endpoint_parse("127.0.0.1:0", 0, &e, &p), 0);
        fd = endpoint_bind(&e, types[i], &p);
        assert_true(fd >= 0);
        assert_int_not_equal(((struct sockaddr_in *)&e.address)->sin_port, 0);
        assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
        assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
        assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size), 0);
        assert_int_equal(type, types[i]);
        close(fd);
    }
}

static void a_taken_port_is_named(void **state)
{
    const int types[] = {SOCK_STREAM, SOCK_DGRAM};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        endpoint first, second;
        problem p = {0};
        char address[80], wanted[200];
        int fd;

        assert_int_equal(endpoint_parse("127.0.0.1:0", 0, &first, &p), 0);
        fd = endpoint_bind(&first, types[i], &p);
        assert_true(fd >= 0);
        second = first;
        assert_int_equal(endpoint_bind(&second, types[i], &p), -1);
        endpoint_format((const struct sockaddr *)&first.address, address, sizeof(address));
        snprintf(wanted, sizeof(wanted),
                 "cannot listen on %s: address already in use; choose another --listen port, or 0 "
                 "for a free one",
                 address);
        assert_string_equal(p.detail, wanted);
        close(fd);
    }
}

static void an_address_of_another_host_is_refused(void **state)
{
    endpoint e;
    problem p = {0};

    (void)state;
    assert_int_equal(endpoint_parse("192.0.2.1:0", 0, &e, &p), 0);
    assert_int_equal(endpoint_bind(&e, SOCK_STREAM, &p), -1);
    assert_string_equal(p.detail, "cannot listen on 192.0.2.1:0: this host has no such address; "
                                  "choose another for --listen");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses_are_parsed),
        cmocka_unit_test(bad_addresses_are_refused),
        cmocka_unit_test(a_port_of_0_becomes_the_chosen_one),
        cmocka_unit_test(a_taken_port_is_named),
        cmocka_unit_test(an_address_of_another_host_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
