/* The name server as a whole: both transports, what waits for the clock, the control API's part. */
#include "responders/dns/tests/responder_fixture.h"

static void both_transports_are_served(void **state)
{
    int udp = client_of(SOCK_DGRAM), tcp = client_of(SOCK_STREAM);

    (void)state;
    assert_string_equal(ask(udp, false), HEALTHY);
    assert_string_equal(last("response", "transport"), "udp");
    assert_string_equal(ask(tcp, true), HEALTHY);
    assert_string_equal(last("response", "transport"), "tcp");
    assert_int_equal(count("accept"), 1);
    assert_true(metrics_say("staplelab_dns_queries_total{transport=\"udp\"} 1\n"
                            "staplelab_dns_queries_total{transport=\"tcp\"} 1\n"));
    assert_true(metrics_say("staplelab_dns_responses_total 2\n"));
    assert_true(metrics_say("staplelab_dns_connections 1\n"));
    close(udp);
    close(tcp);
    lab_settle(base);
    assert_true(metrics_say("staplelab_dns_connections 0\n"));
}

static void what_is_no_query_is_passed_over(void **state)
{
    int udp = client_of(SOCK_DGRAM), tcp = client_of(SOCK_STREAM);

    (void)state;
    assert_int_equal(send(udp, "", 0, 0), 0);
    assert_int_equal(send(tcp, "\0\0\0\1x", 5, 0), 5);
    lab_settle(base);
    assert_int_equal(count("malformed"), 3);
    assert_true(metrics_say("staplelab_dns_malformed_total 3\n"));
    assert_true(has_nothing(udp));
    assert_string_equal(ask(tcp, true), HEALTHY);
    close(udp);
    close(tcp);
}

static void a_delayed_response_waits_for_the_clock(void **state)
{
    int udp = client_of(SOCK_DGRAM), tcp = client_of(SOCK_STREAM);

    (void)state;
    use("{\"fault\": \"answer-delay\", \"ms\": 2000}, {\"fault\": \"servfail\"}");
    send_query(udp, false);
    assert_string_equal(last("held", "faults"), "answer-delay");
    send_query(tcp, true);
    assert_int_equal(count("held"), 2);
    assert_true(metrics_say("staplelab_dns_pending 2\n"));
    assert_int_equal(ops.owed(ops.arg), 0);
    lab_step(base, 1999);
    assert_true(has_nothing(udp));
    assert_true(has_nothing(tcp));
    lab_step(base, 1);
    assert_string_equal(receive(udp, false), ERROR);
    assert_string_equal(receive(tcp, true), ERROR);
    assert_string_equal(last("response", "faults"), "servfail");
    assert_true(metrics_say("staplelab_dns_pending 0\n"));
    close(udp);
    close(tcp);
}

static void one_step_of_the_clock_brings_all_in_order(void **state)
{
    static const int delays[] = {3000, 1000, 60000, 3000};
    int udp = client_of(SOCK_DGRAM);
    char both[128];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        snprintf(both, sizeof(both),
                 "{\"fault\": \"answer-delay\", \"ms\": %d}, "
                 "{\"fault\": \"wrong-id\", \"delta\": %zu}",
                 delays[i], i + 1);
        use(both);
        send_query(udp, false);
    }
    lab_step(base, 59999);
    assert_int_equal(strncmp(receive(udp, false), "1236", 4), 0);
    assert_int_equal(strncmp(receive(udp, false), "1235", 4), 0);
    assert_int_equal(strncmp(receive(udp, false), "1238", 4), 0);
    assert_true(has_nothing(udp));
    lab_step(base, 1);
    assert_int_equal(strncmp(receive(udp, false), "1237", 4), 0);
    close(udp);
}

static void so_many_responses_wait_and_no_more(void **state)
{
    int udp = client_of(SOCK_DGRAM);

    (void)state;
    use("{\"fault\": \"answer-delay\"}");
    for (int i = 0; i < 4096; i++) {
        send_query(udp, false);
    }
    assert_int_equal(count("held"), 4096);
    assert_int_equal(count("dropped"), 0);
    send_query(udp, false);
    assert_int_equal(count("held"), 4096);
    assert_string_equal(last("dropped", "why"), "too many responses wait");
    assert_true(metrics_say("staplelab_dns_dropped_total 1\n"));
    use("");
    assert_string_equal(ask(udp, false), HEALTHY);
    close(udp);
}

/* Which runs from the first query under these rules. */
static void a_ttl_passes_with_the_clock(void **state)
{
    static const char own[] = "1234 qr aa rd ra 0; ocsp.test A; ocsp.test 5 A 127.0.0.5";
    static const char rule_text[] = "{\"fault\": \"ttl-short-then-change\"}";
    int udp = client_of(SOCK_DGRAM);

    (void)state;
    use(rule_text);
    assert_string_equal(ask(udp, false), own);
    lab_step(base, 5000);
    assert_non_null(strstr(ask(udp, false), "127.255.255.254"));
    use(rule_text);
    assert_string_equal(ask(udp, false), own);
    lab_step(base, 5000);
    ops.reset(ops.arg);
    assert_string_equal(ask(udp, false), own);
    close(udp);
}

static void a_reset_forgets_what_waits(void **state)
{
    int udp = client_of(SOCK_DGRAM), tcp = client_of(SOCK_STREAM);
    uint8_t octet;

    (void)state;
    use("{\"fault\": \"answer-delay\"}");
    for (int i = 0; i < 3; i++) {
        send_query(udp, false);
        send_query(tcp, true);
    }
    ops.reset(ops.arg);
    assert_int_equal(count("dropped"), 6);
    assert_string_equal(last("dropped", "why"), "reset");
    assert_true(metrics_say("staplelab_dns_pending 0\n"));
    assert_true(metrics_say("staplelab_dns_connections 0\n"));
    assert_int_equal(recv(tcp, &octet, 1, 0), 0);
    lab_step(base, 10000);
    assert_true(has_nothing(udp));
    close(udp);
    close(tcp);
}

static void what_waits_at_the_end_is_freed(void **state)
{
    int udp = client_of(SOCK_DGRAM), tcp = client_of(SOCK_STREAM);

    (void)state;
    use("{\"fault\": \"answer-delay\"}");
    send_query(udp, false);
    send_query(udp, false);
    send_query(tcp, true);
    assert_int_equal(send(tcp, "\0", 1, 0), 1);
    lab_settle(base);
    close(udp);
    close(tcp);
}

static void what_cannot_be_sent_is_dropped(void **state)
{
    int udp = client_of(SOCK_DGRAM);

    (void)state;
    send_error = EPERM;
    send_query(udp, false);
    send_error = 0;
    assert_string_equal(last("dropped", "why"), strerror(EPERM));
    assert_int_equal(count("response"), 0);
    close(udp);
}

static void the_store_is_changed_and_reset(void **state)
{
    json_t *body = json_pack("{s:[s]}", "values", "127.0.0.9"), *response = NULL;
    int udp = client_of(SOCK_DGRAM);
    problem p;

    (void)state;
    assert_string_equal(ops.resources[1].path, "/v1/records/");
    assert_int_equal(ops.resources[1].serve(ops.arg, "PUT", "ocsp.test/A", body, &response, &p), 0);
    assert_non_null(response);
    assert_string_equal(ask(udp, false), "1234 qr aa rd ra 0; ocsp.test A; "
                                         "ocsp.test 300 A 127.0.0.9");
    ops.reset(ops.arg);
    assert_string_equal(ask(udp, false), HEALTHY);
    json_decref(response);
    json_decref(body);
    close(udp);
}

static void a_taken_port_is_refused(void **state)
{
    dns_responder *second = dns_responder_new();
    control_ops unused;
    program_options o;
    char listen[32];
    problem p;

    (void)state;
    snprintf(listen, sizeof(listen), "127.0.0.1:%u", port);
    o = options_of(listen);
    assert_int_equal(dns_responder_start(second, base, &o, rules, events, &unused, &p), -1);
    assert_non_null(strstr(p.detail, "already in use"));
    dns_responder_free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_transports_are_served),
        TEST(what_is_no_query_is_passed_over),
        TEST(a_delayed_response_waits_for_the_clock),
        TEST(one_step_of_the_clock_brings_all_in_order),
        TEST(so_many_responses_wait_and_no_more),
        TEST(a_ttl_passes_with_the_clock),
        TEST(a_reset_forgets_what_waits),
        TEST(what_waits_at_the_end_is_freed),
        TEST(what_cannot_be_sent_is_dropped),
        TEST(the_store_is_changed_and_reset),
        TEST(a_taken_port_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
