/* TCP connections to the name server, and what faults do to them. */
#include "responders/dns/tests/responder_fixture.h"

static void queries_come_in_any_pieces(void **state)
{
    const query q = query_of("ocsp.test", A);
    int tcp = client_of(SOCK_STREAM);
    uint8_t framed[2 * (2 + sizeof(q.octets))];
    const size_t length = 2 + q.length;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        framed[i * length] = 0;
        framed[i * length + 1] = (uint8_t)q.length;
        memcpy(framed + i * length + 2, q.octets, q.length);
    }
    for (size_t i = 0; i + 1 < length; i++) {
        assert_int_equal(send(tcp, framed + i, 1, 0), 1);
        lab_settle(base);
    }
    assert_true(has_nothing(tcp));
    assert_int_equal(send(tcp, framed + length - 1, length + 1, 0), length + 1);
    lab_settle(base);
    assert_string_equal(receive(tcp, true), HEALTHY);
    assert_string_equal(receive(tcp, true), HEALTHY);
    assert_true(has_nothing(tcp));
    assert_int_equal(count("query"), 2);
    close(tcp);
}

/* However the octets come: a query is responded to before the next one is looked at. */
static void queries_have_their_turn_one_by_one(void **state)
{
    static const char *const wanted[] = {"accept", "query", "response", "query", "response"};
    const query q = query_of("ocsp.test", A);
    const uint8_t prefix[2] = {0, (uint8_t)q.length};
    int tcp = client_of(SOCK_STREAM);
    json_t *list;

    (void)state;
    for (int i = 0; i < 2; i++) {
        send(tcp, prefix, 2, MSG_MORE);
        send(tcp, q.octets, q.length, i == 0 ? MSG_MORE : 0);
    }
    lab_settle(base);
    list = event_log_since(events, 0, NULL, 0);
    assert_int_equal(json_array_size(list), 5);
    for (size_t i = 0; i < 5; i++) {
        const json_t *kind = json_object_get(json_array_get(list, i), "kind");

        assert_string_equal(json_string_value(kind), wanted[i]);
    }
    json_decref(list);
    close(tcp);
}

static void the_peer_ends_a_connection(void **state)
{
    int tcp = client_of(SOCK_STREAM);

    (void)state;
    assert_string_equal(ask(tcp, true), HEALTHY);
    close(tcp);
    lab_settle(base);
    assert_string_equal(last("close", "by"), "peer");
    assert_string_equal(last("close", "how"), "fin");
    tcp = client_of(SOCK_STREAM);
    lab_settle(base);
    lab_reset(tcp);
    lab_settle(base);
    assert_int_equal(count("close"), 2);
    assert_string_equal(last("close", "how"), "rst");
}

static void an_idle_connection_is_owed_its_first_query(void **state)
{
    int tcp = client_of(SOCK_STREAM);

    (void)state;
    lab_settle(base);
    assert_int_equal(ops.owed(ops.arg), 1);
    assert_string_equal(ask(tcp, true), HEALTHY);
    assert_int_equal(ops.owed(ops.arg), 0);
    close(tcp);
}

static void so_many_connections_are_served_and_no_more(void **state)
{
    const struct rlimit many = {.rlim_cur = 4096, .rlim_max = 4096};
    struct rlimit limit;
    int clients[513];
    uint8_t octet;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < many.rlim_cur) {
        limit.rlim_cur = many.rlim_cur < limit.rlim_max ? many.rlim_cur : limit.rlim_max;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    }
    for (size_t i = 0; i < 513; i++) {
        clients[i] = client_of(SOCK_STREAM);
        assert_true(clients[i] >= 0);
        lab_settle(base);
    }
    assert_int_equal(count("accept"), 512);
    assert_string_equal(last("dropped", "why"), "too many connections");
    assert_int_equal(recv(clients[512], &octet, 1, MSG_DONTWAIT), 0);
    for (size_t i = 0; i < 513; i++) {
        close(clients[i]);
    }
    lab_settle(base);
    assert_int_equal(count("close"), 512);
}

/* Who could not be accepted is, once another has gone. */
static void a_closed_connection_makes_room(void **state)
{
    int first = client_of(SOCK_STREAM), second;
    struct rlimit limit, few;

    (void)state;
    assert_string_equal(ask(first, true), HEALTHY);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    second = client_of(SOCK_STREAM);
    few = limit;
    few.rlim_cur = (rlim_t)second + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    lab_settle(base);
    assert_int_equal(count("accept"), 1);
    close(first);
    lab_settle(base);
    assert_int_equal(count("close"), 1);
    assert_int_equal(count("accept"), 2);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_string_equal(ask(second, true), HEALTHY);
    close(second);
}

static void a_connection_takes_its_delayed_responses_along(void **state)
{
    int tcp = client_of(SOCK_STREAM);

    (void)state;
    use("{\"fault\": \"answer-delay\"}");
    send_query(tcp, true);
    close(tcp);
    lab_settle(base);
    assert_string_equal(last("dropped", "why"), "the connection was closed");
    assert_int_equal(count("close"), 1);
    assert_true(metrics_say("staplelab_dns_pending 0\n"));
    lab_step(base, 3000);
    assert_int_equal(count("response"), 0);
}

static void dropped_queries_leave_the_connection(void **state)
{
    int tcp = client_of(SOCK_STREAM);

    (void)state;
    use("{\"fault\": \"drop-first-n\", \"n\": 2}");
    send_query(tcp, true);
    send_query(tcp, true);
    assert_true(has_nothing(tcp));
    assert_string_equal(last("dropped", "why"), "fault");
    assert_string_equal(last("dropped", "faults"), "drop-first-n");
    assert_string_equal(ask(tcp, true), HEALTHY);
    close(tcp);
}

static void connections_are_refused_until_the_rules_change(void **state)
{
    int udp = client_of(SOCK_DGRAM), before = client_of(SOCK_STREAM), after;
    uint8_t octet;

    (void)state;
    use("{\"fault\": \"tc-then-tcp-fails\"}");
    lab_settle(base);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(ask(udp, false), "1234 qr aa tc rd ra 0; ocsp.test A; -");
        assert_string_equal(last("response", "faults"), "tc-then-tcp-fails");
    }
    assert_int_equal(count("listener"), 1);
    assert_string_equal(last("listener", "state"), "closed");
    assert_string_equal(last("listener", "transport"), "tcp");
    assert_string_equal(last("listener", "planned"), "tc-then-tcp-fails");
    assert_int_equal(client_of(SOCK_STREAM), -1);
    assert_int_equal(errno, ECONNREFUSED);

    /* what was connected before is reset by its next query */
    send_query(before, true);
    assert_int_equal(recv(before, &octet, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    assert_string_equal(last("close", "by"), "us");
    assert_string_equal(last("close", "how"), "rst");
    assert_string_equal(last("close", "faults"), "tc-then-tcp-fails");
    assert_string_equal(last("close", "qname"), "ocsp.test");

    use("");
    assert_string_equal(last("listener", "state"), "open");
    after = client_of(SOCK_STREAM);
    assert_string_equal(ask(after, true), HEALTHY);
    close(udp);
    close(before);
    close(after);
}

/* Nothing that follows the query is read, and what waits for the clock is lost. */
static void a_reset_ends_everything(void **state)
{
    int tcp = client_of(SOCK_STREAM);
    const query q = query_of("ocsp.test", A);
    const uint8_t prefix[2] = {0, (uint8_t)q.length};

    (void)state;
    use("{\"fault\": \"answer-delay\"}");
    send_query(tcp, true);
    use("{\"fault\": \"tc-then-tcp-fails\", \"mode\": \"reset\"}");
    for (int i = 0; i < 2; i++) {
        send(tcp, prefix, 2, MSG_MORE);
        send(tcp, q.octets, q.length, MSG_MORE);
    }
    send_query(tcp, true);
    assert_int_equal(count("close"), 1);
    assert_string_equal(last("close", "faults"), "tc-then-tcp-fails");
    assert_string_equal(last("dropped", "why"), "the connection was closed");
    assert_int_equal(count("query"), 2);
    close(tcp);
}

static void silence_leaves_the_connection_to_the_peer(void **state)
{
    int tcp = client_of(SOCK_STREAM);

    (void)state;
    use("{\"fault\": \"tc-then-tcp-fails\", \"mode\": \"silent\"}");
    send_query(tcp, true);
    send_query(tcp, true);
    assert_int_equal(count("held"), 2);
    assert_string_equal(last("held", "faults"), "tc-then-tcp-fails");
    assert_string_equal(last("held", "why"), "no response is to come");
    lab_step(base, 3600000);
    assert_true(has_nothing(tcp));
    assert_int_equal(ops.owed(ops.arg), 0);
    use("");
    assert_string_equal(ask(tcp, true), HEALTHY);
    close(tcp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(queries_come_in_any_pieces),
        TEST(queries_have_their_turn_one_by_one),
        TEST(the_peer_ends_a_connection),
        TEST(an_idle_connection_is_owed_its_first_query),
        TEST(so_many_connections_are_served_and_no_more),
        TEST(a_closed_connection_makes_room),
        TEST(a_connection_takes_its_delayed_responses_along),
        TEST(dropped_queries_leave_the_connection),
        TEST(connections_are_refused_until_the_rules_change),
        TEST(a_reset_ends_everything),
        TEST(silence_leaves_the_connection_to_the_peer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
