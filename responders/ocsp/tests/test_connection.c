/*
 * Over real connections: who gets what and when, what is owed, and that no peer can break it.
 */
#include "responders/ocsp/tests/responder_lab.h"

/* ----- healthy ----- */

static void a_request_is_served(void **state)
{
    (void)state;
    responder_lab f;
    octets o = {0};
    begin(&f);
    int fd = ask(&f);
    assert_owed(&f, 1);
    assert_int_equal(drain(&f, fd, &o), FIN);
    assert_owed(&f, 0);
    assert_memory_equal(o.data, "HTTP/1.1 200 OK\r\n", 17);
    assert_events(&f, 0, "accept request response close");
    assert_string_equal(last(&f, "by"), "peer");
    assert_string_equal(last(&f, "listener"), "one");
    octets_free(&o);
    end(&f);
}

static void a_request_may_come_in_drops(void **state)
{
    (void)state;
    responder_lab f;
    octets o = {0};
    begin(&f);
    int fd = join(&f);
    assert_owed(&f, 1);
    for (size_t i = 0; i < made.request.length; i++) {
        assert_int_equal(send(fd, made.request.data + i, 1, MSG_NOSIGNAL), 1);
        lab_settle(f.base);
        assert_owed(&f, i + 1 < made.request.length ? 0 : 1);
    }
    assert_int_equal(drain(&f, fd, &o), FIN);
    assert_memory_equal(o.data, "HTTP/1.1 200 OK\r\n", 17);
    octets_free(&o);
    end(&f);
}

/* ----- what is done to connections ----- */

static void silence_ends_by_the_clock_or_the_peer(void **state)
{
    (void)state;
    responder_lab f;
    octets o = {0};
    begin(&f);
    put_rules(&f, "{'fault': 'accept-then-silence', 'ms': 5000}");
    int fd = ask(&f);
    assert_events(&f, 0, "accept held[accept-then-silence]");
    assert_string_equal(last(&f, "why"), "accept-then-silence");
    assert_owed(&f, 0);
    lab_step(f.base, 4999);
    assert_int_equal(take(&f, fd, &o), OPEN);
    lab_step(f.base, 1);
    assert_owed(&f, 1);
    assert_int_equal(drain(&f, fd, &o), FIN);
    assert_int_equal(o.length, 0);
    assert_events(&f, 2, "close");

    put_rules(&f, USE("accept-then-silence"));
    fd = ask(&f);
    lab_step(f.base, 3600000);
    assert_int_equal(take(&f, fd, &o), OPEN);
    close(fd);
    lab_settle(f.base);
    assert_events(&f, 3, "accept held[accept-then-silence] close");
    octets_free(&o);
    end(&f);
}

static void connections_end_as_the_rule_says(void **state)
{
    static const struct {
        const char *use;
        outcome how;
        const char *events, *by;
    } cases[] = {
        {USE("accept-then-fin"), FIN, "accept close[accept-then-fin]", "peer"},
        {USE("rst-on-accept"), RST, "accept close[rst-on-accept]", "us"},
        {USE("rst-after-request"), RST, "accept request response close[rst-after-request]", "us"},
        {"{'fault': 'rst-mid-body', 'at': 3}", RST, "accept request response close[rst-mid-body]",
         "us"},
        {USE("fin-mid-headers"), FIN, "accept request response close[fin-mid-headers]", "peer"},
        {USE("truncated-body"), FIN, "accept request response close[truncated-body]", "peer"},
    };
    (void)state;
    responder_lab f;
    begin(&f);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        octets o = {0};
        const uint64_t since = event_log_last(f.events);
        put_rules(&f, cases[i].use);
        int fd = ask(&f);
        assert_int_equal(drain(&f, fd, &o), cases[i].how);
        assert_events(&f, since, cases[i].events);
        assert_string_equal(last(&f, "by"), cases[i].by);
        octets_free(&o);
    }
    end(&f);
}

static void a_response_is_left_open(void **state)
{
    (void)state;
    responder_lab f;
    octets o = {0};
    begin(&f);
    put_rules(&f, USE("no-close-keepalive"));
    int fd = ask(&f);
    lab_step(f.base, 3600000);
    assert_owed(&f, 0);
    assert_int_equal(take(&f, fd, &o), OPEN);
    assert_non_null(memmem(o.data, o.length, "Connection: keep-alive", 22));
    assert_events(&f, 0, "accept request response held[no-close-keepalive]");
    /* a second request is not served: octets after the first are ignored */
    send(fd, made.request.data, made.request.length, MSG_NOSIGNAL);
    lab_settle(f.base);
    close(fd);
    lab_settle(f.base);
    assert_events(&f, 4, "close");
    octets_free(&o);
    end(&f);
}

static void octets_come_at_their_pace(void **state)
{
    (void)state;
    responder_lab f;
    octets o = {0};
    begin(&f);
    put_rules(&f, "{'fault': 'slow-headers', 'chunk': 10}, " USE("fixed-latency"));
    int fd = ask(&f);
    lab_step(f.base, 1999);
    assert_int_equal(take(&f, fd, &o), OPEN);
    assert_int_equal(o.length, 0);
    lab_step(f.base, 1);
    take(&f, fd, &o);
    assert_int_equal(o.length, 10);
    lab_step(f.base, 3000);
    take(&f, fd, &o);
    assert_int_equal(o.length, 40);
    assert_owed(&f, 0);
    assert_events(&f, 0, "accept request held[fixed-latency]");
    lab_step(f.base, 60000);
    assert_int_equal(drain(&f, fd, &o), FIN);
    assert_events(&f, 3, "response[slow-headers] close");
    octets_free(&o);
    end(&f);
}

/* ----- peers ----- */

static void a_peer_that_gives_up_is_told(void **state)
{
    (void)state;
    responder_lab f;
    octets o = {0};
    begin(&f);
    int fd = join(&f);
    lab_reset(fd);
    lab_settle(f.base);
    assert_string_equal(last(&f, "how"), "rst");
    assert_string_equal(last(&f, "by"), "peer");

    put_rules(&f, USE("slow-body"));
    fd = ask(&f);
    take(&f, fd, &o);
    close(fd);
    lab_step(f.base, 1000);
    lab_step(f.base, 1000);
    assert_events(&f, 2, "accept request held[slow-body] close");
    assert_owed(&f, 0);
    octets_free(&o);
    end(&f);
}

static void a_large_body_is_owed_until_it_is_read(void **state)
{
    (void)state;
    responder_lab f;
    octets o = {0};
    begin(&f);
    put_rules(&f, "{'fault': 'body-oversized', 'octets': 33554432}");
    int fd = ask(&f);
    shutdown(fd, SHUT_WR);
    lab_settle(f.base);
    assert_owed(&f, 1);
    assert_events(&f, 0, "accept request");
    assert_int_equal(drain(&f, fd, &o), FIN);
    assert_true(o.length > 33554432);
    assert_events(&f, 2, "response[body-oversized] close");
    assert_owed(&f, 0);
    octets_free(&o);
    end(&f);
}

static void nonsense_is_refused(void **state)
{
    static const char *const cases[] = {"\x16\x03\x01\x02\n\n", "GET / HTTP/9.9\r\n\r\n",
                                        "\n\nA\n\n"};
    (void)state;
    responder_lab f;
    begin(&f);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        octets o = {0};
        int fd = join(&f);
        send(fd, cases[i], strlen(cases[i]), MSG_NOSIGNAL);
        lab_settle(f.base);
        assert_int_equal(drain(&f, fd, &o), FIN);
        assert_memory_equal(o.data, "HTTP/1.1 ", 9);
        assert_true(o.data[9] == '4' || o.data[9] == '5');
        octets_free(&o);
    }
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_served),
        cmocka_unit_test(a_request_may_come_in_drops),
        cmocka_unit_test(silence_ends_by_the_clock_or_the_peer),
        cmocka_unit_test(connections_end_as_the_rule_says),
        cmocka_unit_test(a_response_is_left_open),
        cmocka_unit_test(octets_come_at_their_pace),
        cmocka_unit_test(a_peer_that_gives_up_is_told),
        cmocka_unit_test(a_large_body_is_owed_until_it_is_read),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
