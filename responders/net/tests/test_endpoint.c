/* Addresses as people write them, and ports that may be taken. */
#include "harness/base/tests/cm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "responders/net/endpoint.h"

/* The next calls of these fail; each takes the place of the C library's. */
static int failing_binds, failing_listens, failing_options, failing_sockets;
static int stream_binds_pass; /* so many binds of TCP go well before they fail */

static int fails(int *failing)
{
    if (*failing == 0) {
        return 0;
    }
    (*failing)--;
    errno = EADDRINUSE;
    return -1;
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    int type = 0;
    socklen_t size = sizeof(type);

    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
    if (type == SOCK_STREAM && stream_binds_pass > 0) {
        stream_binds_pass--;
    } else if (type == SOCK_STREAM && fails(&failing_binds) != 0) {
        return -1;
    }
    return (int)syscall(SYS_bind, fd, address, length);
}

int listen(int fd, int backlog)
{
    return fails(&failing_listens) != 0 ? -1 : (int)syscall(SYS_listen, fd, backlog);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
    return fails(&failing_options) != 0
               ? -1
               : (int)syscall(SYS_setsockopt, fd, level, name, value, length);
}

int socket(int family, int type, int protocol)
{
    return fails(&failing_sockets) != 0 ? -1 : (int)syscall(SYS_socket, family, type, protocol);
}

/* The number that the next descriptor gets: equal before and after when none was left open. */
static int next_descriptor(void)
{
    int fd = dup(STDIN_FILENO);

    close(fd);
    return fd;
}

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

static void an_endpoint_is_formatted(void **state)
{
    struct sockaddr other = {.sa_family = AF_UNIX};
    char out[80];

    (void)state;
    endpoint_format(&other, out, sizeof(out));
    assert_string_equal(out, "?");
}

static void assert_ip(const char *text, const char *ip)
{
    endpoint e;
    problem p;
    char out[INET6_ADDRSTRLEN];

    assert_int_equal(endpoint_parse(text, 0, &e, &p), 0);
    endpoint_ip(&e.address, out, sizeof(out));
    assert_string_equal(out, ip);
    assert_int_equal(endpoint_port(&e.address), 513);
}

static void an_ip_address_and_its_port(void **state)
{
    (void)state;
    assert_ip("127.0.0.2:513", "127.0.0.2");
    assert_ip("[2001:db8::1]:513", "2001:db8::1");
    assert_ip("[::ffff:127.0.0.3]:513", "127.0.0.3");
    assert_ip("[fedc:ba98:7654:3210:fedc:ba98:7654:3210]:513",
              "fedc:ba98:7654:3210:fedc:ba98:7654:3210");
}

static void a_chosen_port_outlives_a_shutdown(void **state)
{
    static const char *const addresses[] = {"127.0.0.1:0", "[::1]:0"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct sockaddr_storage address;
        socklen_t length = sizeof(address);
        endpoint e;
        problem p = {0};

        assert_int_equal(endpoint_parse(addresses[i], 0, &e, &p), 0);
        int fd = endpoint_bind(&e, SOCK_STREAM, &p);
        assert_true(fd >= 0);
        assert_int_equal(shutdown(fd, SHUT_RDWR), 0);
        assert_int_equal(listen(fd, 1), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
        assert_int_equal(endpoint_port(&address), endpoint_port(&e.address));
        close(fd);
    }
}

static void a_step_that_fails_leaves_nothing_open(void **state)
{
    int *const steps[] = {&failing_binds, &failing_listens, &failing_options, &failing_sockets};
    int before = next_descriptor();
    problem p = {0};
    endpoint e;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(endpoint_parse("[::1]:0", 0, &e, &p), 0);
        stream_binds_pass = i == 4;
        *steps[i % 4] = 1;
        assert_int_equal(endpoint_bind_as(&e, SOCK_STREAM, "--somewhere", &p), -1);
        assert_non_null(strstr(p.detail, "already in use; choose another --somewhere port"));
        assert_int_equal(*steps[i % 4], 0);
        assert_int_equal(p.status, 409);
        assert_int_equal(next_descriptor(), before);
    }
}

static void assert_both(endpoint *e, int udp, int tcp)
{
    struct sockaddr_storage address;
    const int fds[] = {udp, tcp};

    for (int i = 0; i < 2; i++) {
        socklen_t length = sizeof(address);

        assert_int_equal(getsockname(fds[i], (struct sockaddr *)&address, &length), 0);
        assert_int_equal(endpoint_port(&address), endpoint_port(&e->address));
        close(fds[i]);
    }
}

static void both_transports_get_one_port(void **state)
{
    int before = next_descriptor(), udp, tcp;
    problem p = {0};
    endpoint e;

    (void)state;
    assert_int_equal(endpoint_parse("127.0.0.1:0", 0, &e, &p), 0);
    assert_int_equal(endpoint_bind_both(&e, &udp, &tcp, &p), 0);
    assert_both(&e, udp, tcp);
    /* the same again, by its number */
    assert_int_equal(endpoint_bind_both(&e, &udp, &tcp, &p), 0);
    assert_both(&e, udp, tcp);
    assert_int_equal(next_descriptor(), before);
}

static void a_number_that_tcp_has_not_is_not_taken(void **state)
{
    int before = next_descriptor(), udp, tcp;
    problem p = {0};
    endpoint e, taken;

    (void)state;
    assert_int_equal(endpoint_parse("127.0.0.1:0", 0, &e, &p), 0);
    failing_binds = 10; /* the kernel may have its own reasons for more */
    assert_int_equal(endpoint_bind_both(&e, &udp, &tcp, &p), 0);
    assert_int_equal(failing_binds, 0);
    assert_both(&e, udp, tcp);

    /* It does not try for ever, */
    assert_int_equal(endpoint_parse("127.0.0.1:0", 0, &e, &p), 0);
    failing_binds = 33;
    assert_int_equal(endpoint_bind_both(&e, &udp, &tcp, &p), -1);
    assert_int_equal(failing_binds, 1);
    failing_binds = 0;
    assert_non_null(strstr(p.detail, "address already in use"));
    assert_int_equal(next_descriptor(), before);

    /* and a number that was asked for is not replaced, for either. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(endpoint_parse("127.0.0.1:0", 0, &taken, &p), 0);
        int fd = endpoint_bind(&taken, i == 0 ? SOCK_STREAM : SOCK_DGRAM, &p);
        e = taken;
        p.detail[0] = '\0';
        assert_int_equal(endpoint_bind_both(&e, &udp, &tcp, &p), -1);
        assert_non_null(strstr(p.detail, "address already in use"));
        close(fd);
    }
    assert_int_equal(next_descriptor(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses_are_parsed),
        cmocka_unit_test(bad_addresses_are_refused),
        cmocka_unit_test(a_port_of_0_becomes_the_chosen_one),
        cmocka_unit_test(a_taken_port_is_named),
        cmocka_unit_test(an_address_of_another_host_is_refused),
        cmocka_unit_test(an_endpoint_is_formatted),
        cmocka_unit_test(an_ip_address_and_its_port),
        cmocka_unit_test(a_chosen_port_outlives_a_shutdown),
        cmocka_unit_test(a_step_that_fails_leaves_nothing_open),
        cmocka_unit_test(both_transports_get_one_port),
        cmocka_unit_test(a_number_that_tcp_has_not_is_not_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
