/* Messages in and out of a UDP socket, from the address that was asked. */
#include "harness/base/tests/cm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "responders/net/datagram.h"

#define WATCHDOG_SECONDS 60

static struct event_base *base;
static datagram *d;
static endpoint e;
static int nmessages, nchanges;
static datagram_peer last;
static octets text; /* of all messages */

static void on_message(void *arg, const datagram_peer *from, span message)
{
    assert_ptr_equal(arg, &text);
    nmessages++;
    last = *from;
    octets_append_span(&text, message);
}

static void on_change(void *arg)
{
    assert_ptr_equal(arg, &text);
    nchanges++;
}

static const datagram_handlers handlers = {on_message, on_change};

static void begin(const char *address)
{
    problem p;

    alarm(WATCHDOG_SECONDS);
    base = event_base_new();
    nmessages = 0;
    nchanges = 0;
    octets_cut(&text, 0);
    assert_int_equal(endpoint_parse(address, 0, &e, &p), 0);
    int fd = endpoint_bind(&e, SOCK_DGRAM, &p);
    assert_true(fd >= 0);
    assert_int_equal(datagram_new(base, &e, fd, &handlers, &text, &d, &p), 0);
}

static void end(void)
{
    datagram_free(d);
    event_base_free(base);
    octets_free(&text);
}

/* A client of that address, which a response must come from. */
static int client_of(const char *address)
{
    endpoint server;
    problem p;
    struct sockaddr_in *v4 = (struct sockaddr_in *)&server.address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&server.address;

    assert_int_equal(endpoint_parse(address, 0, &server, &p), 0);
    if (server.address.ss_family == AF_INET) {
        v4->sin_port = htons(endpoint_port(&e.address));
    } else {
        v6->sin6_port = htons(endpoint_port(&e.address));
    }
    int fd = socket(server.address.ss_family, SOCK_DGRAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&server.address, server.length), 0);
    return fd;
}

static void run_until(int count)
{
    while (nmessages < count) {
        event_base_loop(base, EVLOOP_ONCE);
    }
}

static span span_of(const char *message)
{
    return (span){(const uint8_t *)message, strlen(message)};
}

static void responses_come_from_the_address_that_was_asked(void **state)
{
    static const struct {
        const char *listening, *asked;
    } table[] = {
        {"127.0.0.1:0", "127.0.0.1:0"}, {"0.0.0.0:0", "127.0.0.1:0"}, {"0.0.0.0:0", "127.0.0.77:0"},
        {"[::1]:0", "[::1]:0"},         {"[::]:0", "[::1]:0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char got[32] = "";
        begin(table[i].listening);
        int client = client_of(table[i].asked);
        assert_int_equal(send(client, "query", 5, 0), 5);
        run_until(1);
        assert_memory_equal(text.data, "query", 5);
        assert_true(datagram_send(d, &last, span_of("response")));
        /* Connected as it is, it hears no other address. */
        assert_int_equal(recv(client, got, sizeof(got), 0), 8);
        assert_string_equal(got, "response");
        close(client);
        end();
    }
}

static void a_peer_without_a_local_address_is_reached(void **state)
{
    char got[32] = "";

    (void)state;
    begin("127.0.0.1:0");
    int client = client_of("127.0.0.1:0");
    datagram_peer to = {.length = sizeof(to.address)};
    assert_int_equal(getsockname(client, (struct sockaddr *)&to.address, &to.length), 0);
    assert_true(datagram_send(d, &to, (span){NULL, 0}));
    assert_int_equal(recv(client, got, sizeof(got), 0), 0);
    close(client);
    end();
}

static void large_and_empty_messages_come_whole(void **state)
{
    static uint8_t large[65507]; /* the most that IPv4 has room for */

    (void)state;
    begin("127.0.0.1:0");
    int client = client_of("127.0.0.1:0");
    memset(large, 'x', sizeof(large));
    assert_int_equal(send(client, "", 0, 0), 0);
    run_until(1);
    assert_int_equal(text.length, 0);
    assert_int_equal(send(client, large, sizeof(large), 0), sizeof(large));
    run_until(2);
    assert_int_equal(text.length, sizeof(large));
    assert_memory_equal(text.data, large, sizeof(large));
    close(client);
    end();
}

static void the_others_have_their_turn(void **state)
{
    (void)state;
    begin("127.0.0.1:0");
    int client = client_of("127.0.0.1:0");
    for (int i = 0; i < 100; i++) {
        assert_int_equal(send(client, "x", 1, 0), 1);
    }
    event_base_loop(base, EVLOOP_ONCE); /* one pass */
    assert_in_range(nmessages, 1, 64);
    assert_int_equal(nchanges, 1);
    run_until(100);
    assert_true(nchanges > 1);
    close(client);
    end();
}

static void what_cannot_be_sent_is_said(void **state)
{
    static const uint8_t too_large[65536];

    (void)state;
    begin("127.0.0.1:0");
    int client = client_of("127.0.0.1:0");
    assert_int_equal(send(client, "x", 1, 0), 1);
    run_until(1);
    assert_false(datagram_send(d, &last, (span){too_large, sizeof(too_large)}));
    assert_int_equal(errno, EMSGSIZE);
    close(client);
    end();
}

static void what_is_no_socket_is_refused(void **state)
{
    problem p;
    datagram *none = NULL;
    int ends[2];

    (void)state;
    assert_int_equal(endpoint_parse("main=127.0.0.1:53", 0, &e, &p), 0);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(datagram_new(NULL, &e, ends[0], &handlers, NULL, &none, &p), -1);
    assert_null(none);
    assert_string_equal(p.detail, "listener \"main\": Socket operation on non-socket");
    assert_int_equal(p.status, 500);
    assert_int_equal(close(ends[0]), -1); /* it is closed already */
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_come_from_the_address_that_was_asked),
        cmocka_unit_test(a_peer_without_a_local_address_is_reached),
        cmocka_unit_test(large_and_empty_messages_come_whole),
        cmocka_unit_test(the_others_have_their_turn),
        cmocka_unit_test(what_cannot_be_sent_is_said),
        cmocka_unit_test(what_is_no_socket_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
