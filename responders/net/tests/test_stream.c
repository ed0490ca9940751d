/* A connection: who hears what in which order, how it ends, and what is owed meanwhile. */
#include "responders/net/tests/lab.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "responders/net/stream.h"

#define LARGE     200000  /* octets: more than the buffers of a connection hold */
#define TOO_LARGE 1000000 /* and more than may be unsent */

static struct event_base *base;
static timers *queue;
static int client;
static stream *s;
static octets heard;           /* what the handlers were told, as text */
static size_t received;        /* octets that on_octets was given */
static int changes;            /* calls of on_change */
static const char *closes_at;  /* the handler that closes the stream */
static delivery *responses[4]; /* handed over by on_octets, one for each call */
static delivery a, b, c;

/* The tag of a delivery is the delivery. */
static void deliver(delivery *d)
{
    stream_deliver(s, d, d);
}

static void hear(const void *tag, const char *what)
{
    const char *name = tag == &a ? "a" : tag == &b ? "b" : "c";
    octets_append_format(&heard, "%s %s;", name, what);
}

static void maybe_close(const char *handler)
{
    if (closes_at != NULL && strcmp(closes_at, handler) == 0) {
        stream_close(s);
    }
}

static size_t on_octets(void *arg, span data)
{
    assert_ptr_equal(arg, &heard);
    received += data.length;
    octets_append_text(&heard, "octets;");
    for (size_t i = 0; i < 4; i++) {
        if (responses[i] != NULL) {
            deliver(responses[i]);
            responses[i] = NULL;
            break;
        }
    }
    maybe_close("octets");
    return data.length;
}

static void on_held(void *arg, void *tag, bool all_written)
{
    (void)arg;
    hear(tag, all_written ? "holds" : "waits");
    maybe_close(all_written ? "holds" : "waits");
}

static void on_sent(void *arg, void *tag)
{
    (void)arg;
    hear(tag, "sent");
    maybe_close("sent");
}

static void on_lost(void *arg, void *tag)
{
    (void)arg;
    hear(tag, "lost");
    maybe_close("lost");
}

static void on_end(void *arg, const stream_end *end)
{
    (void)arg;
    octets_append_format(&heard, "%s %s %llu %llu %zu;", end->by_us ? "we" : "peer",
                         end->reset ? "rst" : "fin", (unsigned long long)end->sent,
                         (unsigned long long)end->received, end->unfinished);
    maybe_close("end");
    s = NULL;
}

static void on_change(void *arg)
{
    (void)arg;
    assert_false(stream_owes(s));
    changes++;
    maybe_close("change");
}

static const stream_handlers handlers = {on_octets, on_held, on_sent, on_end, on_lost, on_change};

static void connect_again(void)
{
    int server;
    lab_connect(&client, &server);
    s = stream_new(base, queue, server, &handlers, &heard);
    closes_at = NULL;
}

static int begin(void **state)
{
    (void)state;
    base = lab_begin();
    queue = timers_new(base);
    received = 0;
    changes = 0;
    memset(responses, 0, sizeof(responses));
    octets_cut(&heard, 0);
    connect_again();
    return 0;
}

static int end(void **state)
{
    (void)state;
    if (s != NULL) {
        stream_close(s);
    }
    close(client);
    delivery_free(&a);
    delivery_free(&b);
    delivery_free(&c);
    octets_free(&heard);
    timers_free(queue);
    event_base_free(base);
    return 0;
}

static void assert_heard(const char *text)
{
    octets_append(&heard, "", 1);
    assert_string_equal((const char *)heard.data, text);
    octets_cut(&heard, 0);
}

/* Runs the loop until so many octets of text were heard in all. */
static void run_until(const char *text)
{
    while (heard.length < strlen(text)) {
        event_base_loop(base, EVLOOP_ONCE);
    }
    lab_settle(base);
    assert_heard(text);
}

static void settle(const char *text)
{
    lab_settle(base);
    assert_heard(text);
}

static void step(int64_t ms, const char *text)
{
    lab_step(base, ms);
    assert_heard(text);
}

static void say(const char *text)
{
    assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void expect(const char *text)
{
    char got[64] = "";
    size_t length = strlen(text);
    assert_int_equal(recv(client, got, length, MSG_WAITALL), length);
    assert_memory_equal(got, text, length);
}

static void expect_nothing(void)
{
    char got;
    assert_int_equal(recv(client, &got, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
}

static void expect_fin(void)
{
    char got;
    assert_int_equal(recv(client, &got, 1, 0), 0);
}

static void expect_rst(void)
{
    char got;
    assert_int_equal(recv(client, &got, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
}

/* Reads so many octets, in pieces, and runs the loop meanwhile. */
static void drain(size_t length)
{
    static char sink[1 << 16];
    while (length > 0) {
        size_t wanted = length < sizeof(sink) ? length : sizeof(sink);
        ssize_t n = recv(client, sink, wanted, MSG_DONTWAIT);
        length -= n > 0 ? (size_t)n : 0;
        assert_int_not_equal(n, 0);
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
}

static delivery *made(delivery *d, const char *text, delivery_end how)
{
    octets_append_text(&d->wire, text);
    delivery_init(d, 0, how);
    return d;
}

static delivery *large(delivery *d, size_t length, delivery_end how)
{
    octets_append_fill(&d->wire, 'x', length);
    delivery_init(d, 0, how);
    return d;
}

static void start(void)
{
    stream_start(s);
    assert_heard("");
}

/* Sends a request and has it responded to by that delivery. */
static void exchange(delivery *d, const char *text)
{
    start();
    responses[0] = d;
    say("request");
    run_until(text);
}

static void a_connection_serves_many_requests(void **state)
{
    (void)state;
    start();
    assert_true(stream_owes(s));
    assert_int_equal(changes, 0);
    responses[0] = made(&a, "one", DELIVERY_KEEP);
    responses[1] = made(&b, "two", DELIVERY_KEEP);
    say("first");
    run_until("octets;a sent;");
    assert_int_equal(changes, 1);
    expect("one");
    assert_false(stream_owes(s));
    say("second");
    run_until("octets;b sent;");
    expect("two");
    /* and octets without a response */
    say("!");
    run_until("octets;");
    assert_int_equal(received, 12);
    shutdown(client, SHUT_WR);
    run_until("peer fin 6 12 0;");
    expect_fin();
}

static void nothing_is_done_before_the_start(void **state)
{
    (void)state;
    say("request");
    deliver(made(&a, "early", DELIVERY_KEEP));
    delivery_delay(made(&b, "late", DELIVERY_KEEP), 0, 10);
    delivery_drip(&b, 0, 4, 2, 10);
    deliver(&b);
    lab_step(base, 100);
    assert_true(stream_owes(s));
    assert_heard("");
    stream_start(s);
    assert_heard("b waits;a sent;");
    step(9, "octets;");
    expect("early");
    expect_nothing();
    step(1, "");
    expect("la");
    step(9, "");
    expect_nothing();
    step(1, "b sent;");
    expect("te");
}

static void deliveries_come_from_the_loop(void **state)
{
    (void)state;
    start();
    say("x");
    run_until("octets;");
    assert_false(stream_owes(s));
    deliver(made(&a, "one", DELIVERY_KEEP));
    deliver(made(&b, "two", DELIVERY_FIN));
    assert_heard("");
    assert_true(stream_owes(s));
    settle("a sent;b sent;");
    expect("onetwo");
    expect_fin();
}

static void the_first_that_is_due_goes_first(void **state)
{
    (void)state;
    start();
    delivery_delay(made(&a, "a", DELIVERY_KEEP), 0, 100);
    delivery_delay(made(&b, "b", DELIVERY_KEEP), 0, 50);
    made(&c, "c", DELIVERY_KEEP);
    deliver(&a);
    settle("a waits;");
    deliver(&b);
    settle("b waits;");
    deliver(&c);
    settle("c sent;");
    assert_false(stream_owes(s));
    step(49, "");
    step(1, "b sent;");
    step(49, "");
    assert_false(stream_owes(s));
    step(1, "a sent;");
    expect("cba");
}

static void a_step_of_the_clock_keeps_the_order(void **state)
{
    (void)state;
    start();
    delivery_delay(made(&a, "a", DELIVERY_KEEP), 0, 100);
    delivery_delay(made(&b, "b", DELIVERY_KEEP), 0, 50);
    delivery_delay(made(&c, "c", DELIVERY_KEEP), 0, 100);
    deliver(&a);
    deliver(&b);
    deliver(&c);
    settle("b waits;a waits;c waits;");
    step(1000, "b sent;a sent;c sent;");
    expect("bac");
}

/* A timer of somebody else's. */
static void fire(void *arg)
{
    octets_append_text(arg, "fired;");
}

static void a_stream_keeps_its_place_among_those_who_wait(void **state)
{
    timer other = {.fire = fire, .arg = &heard};

    (void)state;
    start();
    delivery_delay(made(&a, "a", DELIVERY_KEEP), 0, 10);
    deliver(&a);
    settle("a waits;");
    timers_set(queue, &other, timers_now() + 10);
    deliver(made(&b, "b", DELIVERY_KEEP));
    settle("b sent;");
    delivery_delay(made(&c, "c", DELIVERY_KEEP), 0, 20);
    deliver(&c);
    settle("c waits;");
    step(20, "a sent;c sent;fired;");
}

static void one_that_has_begun_is_not_mixed_with_another(void **state)
{
    (void)state;
    start();
    delivery_drip(made(&a, "aaaa", DELIVERY_KEEP), 0, 4, 1, 10);
    deliver(&a);
    settle("a waits;");
    deliver(made(&b, "b", DELIVERY_KEEP));
    settle("");
    expect("a");
    expect_nothing();
    assert_false(stream_owes(s));
    step(15, "");
    expect("a");
    expect_nothing();
    step(15, "a sent;b sent;");
    expect("aab");
}

static void fin_waits_for_the_peer(void **state)
{
    (void)state;
    exchange(made(&a, "bye", DELIVERY_FIN), "octets;a sent;");
    expect("bye");
    expect_fin();
    assert_true(stream_owes(s));
    say("more");
    settle("");
    close(client);
    run_until("peer fin 3 11 0;");
    client = -1;
}

static void what_is_cut_is_not_written(void **state)
{
    (void)state;
    made(&a, "truncated", DELIVERY_FIN)->cut = 5;
    exchange(&a, "octets;a sent;");
    expect("trunc");
    expect_fin();
}

static void rst_comes_at_once(void **state)
{
    (void)state;
    made(&a, "never", DELIVERY_RST)->cut = 0;
    exchange(&a, "octets;a sent;we rst 0 7 0;");
    expect_rst();
}

static void rst_at_the_start(void **state)
{
    (void)state;
    deliver(made(&a, "", DELIVERY_RST));
    stream_start(s);
    assert_heard("a sent;we rst 0 0 0;");
    expect_rst();
}

static void rst_follows_what_was_written(void **state)
{
    (void)state;
    exchange(made(&a, "half", DELIVERY_RST), "octets;a sent;we rst 4 7 0;");
    expect("half");
    expect_rst();
}

static void what_goes_behind_an_end_is_lost(void **state)
{
    (void)state;
    start();
    delivery_delay(made(&a, "a", DELIVERY_KEEP), 0, 100);
    deliver(&a);
    settle("a waits;");
    deliver(made(&b, "b", DELIVERY_FIN));
    settle("b sent;a lost;");
    deliver(made(&c, "c", DELIVERY_KEEP));
    settle("c lost;");
    step(1000, "");
    expect("b");
    close(client);
    run_until("peer fin 1 0 0;");
    client = -1;
}

static void a_hold_leaves_the_end_to_the_peer(void **state)
{
    (void)state;
    exchange(made(&a, "silence", DELIVERY_HOLD), "octets;a sent;a holds;");
    expect("silence");
    assert_false(stream_owes(s));
    say("hello?");
    step(1000000, "");
    expect_nothing();
    close(client);
    run_until("peer fin 7 13 0;");
    client = -1;
}

static void a_hold_ends_by_the_clock(void **state)
{
    (void)state;
    delivery_drip(made(&a, "ab", DELIVERY_HOLD), 0, 2, 1, 30);
    a.hold_ms = 100;
    exchange(&a, "octets;a waits;");
    step(30, "a sent;a holds;");
    step(69, "");
    expect("ab");
    expect_nothing();
    assert_false(stream_owes(s));
    step(1, "");
    expect_fin();
    assert_true(stream_owes(s));
    shutdown(client, SHUT_WR);
    run_until("peer fin 2 7 0;");
}

static void a_hold_that_is_over_already_is_a_fin(void **state)
{
    (void)state;
    delivery_delay(made(&a, "ab", DELIVERY_HOLD), 0, 200);
    a.hold_ms = 100;
    exchange(&a, "octets;a waits;");
    step(200, "a sent;");
    expect("ab");
    expect_fin();
}

static void another_delivery_does_not_end_a_hold(void **state)
{
    (void)state;
    start();
    delivery_delay(made(&a, "a", DELIVERY_KEEP), 0, 100);
    deliver(&a);
    settle("a waits;");
    deliver(made(&b, "b", DELIVERY_HOLD));
    settle("b sent;b holds;a lost;");
    step(200, "");
    expect("b");
    expect_nothing();
}

static void octets_that_nobody_read_bring_the_reset(void **state)
{
    (void)state;
    deliver(made(&a, "", DELIVERY_RST_UNREAD));
    stream_start(s);
    assert_heard("a sent;");
    settle("");
    assert_true(stream_owes(s));
    say("request");
    run_until("we rst 0 0 0;");
    assert_int_equal(received, 0);
    expect_rst();
}

static void octets_wait_unread_for_the_reset(void **state)
{
    (void)state;
    delivery_delay(made(&a, "x", DELIVERY_RST_UNREAD), 0, 10);
    deliver(&a);
    stream_start(s);
    say("request");
    settle("a waits;");
    step(10, "a sent;we rst 1 0 0;");
}

/* FIN brings the reset, too; where the peer resets first there is nothing left to reset. */
static void a_peer_may_go_without_octets(void **state)
{
    (void)state;
    deliver(made(&a, "", DELIVERY_RST_UNREAD));
    stream_start(s);
    shutdown(client, SHUT_WR);
    run_until("a sent;we rst 0 0 0;");
    expect_rst();

    connect_again();
    deliver(made(&b, "", DELIVERY_RST_UNREAD));
    stream_start(s);
    lab_reset(client);
    run_until("b sent;peer rst 0 0 0;");
    client = -1;
}

static void a_peer_that_leaves_while_the_clock_is_waited_for_is_gone(void **state)
{
    (void)state;
    delivery_drip(made(&a, "ab", DELIVERY_KEEP), 0, 2, 1, 30);
    delivery_delay(made(&b, "b", DELIVERY_KEEP), 0, 30);
    start();
    deliver(&a);
    deliver(&b);
    settle("b waits;a waits;");
    expect("a");
    close(client);
    run_until("a lost;b lost;peer fin 1 0 1;");
    client = -1;
    step(1000, "");
}

/* The peer says that it sends no more while octets are being written. */
static void leave_while_writing(delivery *d, const char *text)
{
    char all[80];
    start();
    deliver(d);
    lab_settle(base);
    assert_true(stream_owes(s));
    shutdown(client, SHUT_WR);
    lab_settle(base);
    assert_heard("");
    drain(LARGE);
    snprintf(all, sizeof(all), "%speer fin %d 0 0;", text, LARGE);
    run_until(all);
}

static void a_peer_that_leaves_while_octets_are_written_gets_them(void **state)
{
    (void)state;
    leave_while_writing(large(&a, LARGE, DELIVERY_FIN), "a sent;");
}

static void and_its_connection_ends_then(void **state)
{
    (void)state;
    leave_while_writing(large(&a, LARGE, DELIVERY_KEEP), "a sent;");
}

static void or_it_was_held(void **state)
{
    (void)state;
    leave_while_writing(large(&a, LARGE, DELIVERY_HOLD), "a sent;a holds;");
}

static void or_waits_for_the_clock(void **state)
{
    (void)state;
    char all[80];
    large(&a, LARGE, DELIVERY_KEEP);
    octets_append_text(&a.wire, "late");
    a.cut += 4;
    delivery_delay(&a, LARGE, 10);
    start();
    deliver(&a);
    lab_settle(base);
    shutdown(client, SHUT_WR);
    lab_settle(base);
    assert_heard("");
    drain(LARGE);
    snprintf(all, sizeof(all), "a waits;a lost;peer fin %d 0 %d;", LARGE, LARGE);
    run_until(all);
}

/* The end of one that was writing a large delivery. */
static void assert_reset_while_writing(size_t octets_received)
{
    char all[80];

    while (s != NULL) {
        event_base_loop(base, EVLOOP_ONCE);
    }
    octets_append(&heard, "", 1);
    size_t sent = strtoull((const char *)heard.data + strlen("a lost;peer rst "), NULL, 10);
    assert_in_range(sent, 1, a.wire.length - 1);
    snprintf(all, sizeof(all), "a lost;peer rst %zu %zu %zu;", sent, octets_received, sent);
    assert_string_equal((const char *)heard.data, all);
    octets_cut(&heard, 0);
}

static void a_peer_may_reset_at_any_time(void **state)
{
    (void)state;
    start();
    lab_reset(client);
    run_until("peer rst 0 0 0;");

    connect_again();
    start();
    deliver(large(&a, LARGE, DELIVERY_FIN));
    lab_settle(base);
    lab_reset(client);
    assert_reset_while_writing(0);

    connect_again();
    lab_reset(client);
    deliver(made(&b, "b", DELIVERY_FIN));
    stream_start(s);
    assert_heard("b lost;peer rst 0 0 0;");
    client = -1;
}

/* Each handler closes the stream: none is called any more. */
static void handlers_may_close_the_stream(void **state)
{
    static const struct {
        const char *handler;
        delivery_end end;
        int64_t delay;
        const char *heard;
    } table[] = {
        {"octets", DELIVERY_KEEP, 0, "octets;"},
        {"waits", DELIVERY_KEEP, 10, "octets;a waits;"},
        {"sent", DELIVERY_KEEP, 0, "octets;a sent;"},
        {"sent", DELIVERY_FIN, 0, "octets;a sent;"},
        {"sent", DELIVERY_RST, 0, "octets;a sent;"},
        {"holds", DELIVERY_HOLD, 0, "octets;a sent;a holds;"},
        {"change", DELIVERY_HOLD, 0, "octets;a sent;a holds;"},
        {"end", DELIVERY_RST, 0, "octets;a sent;we rst 1 7 0;"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        delivery_delay(made(&a, "a", table[i].end), 0, table[i].delay);
        closes_at = table[i].handler;
        exchange(&a, table[i].heard);
        step(100, "");
        close(client);
        connect_again();
        delivery_free(&a);
    }
}

static void the_owner_may_close_when_it_hears_of_a_loss(void **state)
{
    (void)state;
    start();
    delivery_delay(made(&a, "a", DELIVERY_KEEP), 0, 10);
    delivery_delay(made(&b, "b", DELIVERY_KEEP), 0, 10);
    deliver(&a);
    deliver(&b);
    settle("a waits;b waits;");
    closes_at = "lost";
    shutdown(client, SHUT_WR);
    run_until("a lost;");

    /* and when they are lost after an end */
    connect_again();
    start();
    deliver(&a);
    deliver(&b);
    settle("a waits;b waits;");
    closes_at = "lost";
    deliver(made(&c, "c", DELIVERY_FIN));
    settle("c sent;a lost;");
    expect("c");
    expect_fin();
    s = NULL;
}

static void closing_forgets_without_a_word(void **state)
{
    (void)state;
    start();
    deliver(made(&a, "a", DELIVERY_KEEP));
    stream_close(s);
    s = NULL;
    step(1000, "");
    expect_fin();
}

/* The peer sends more and more, and does not read. */
static void input_pauses_while_too_much_is_unsent(void **state)
{
    (void)state;
    start();
    deliver(large(&a, TOO_LARGE, DELIVERY_KEEP));
    lab_settle(base);
    say("request");
    settle("");
    assert_true(stream_owes(s));
    assert_int_equal(received, 0);
    /* Once no more than the bound is left, it is taken. */
    responses[0] = made(&b, "b", DELIVERY_FIN);
    drain(TOO_LARGE);
    while (heard.length < strlen("octets;a sent;b sent;")) {
        event_base_loop(base, EVLOOP_ONCE);
    }
    assert_int_equal(received, strlen("request"));
    expect("b");
    expect_fin();
}

/* Whoever waits for nothing more of the peer's still sees how it ends. */
static void octets_are_dropped_once_an_end_is_to_come(void **state)
{
    (void)state;
    start();
    deliver(large(&a, TOO_LARGE, DELIVERY_FIN));
    lab_settle(base);
    say("request");
    lab_settle(base);
    assert_heard("");
    lab_reset(client);
    assert_reset_while_writing(strlen("request"));
    client = -1;
}

static void a_peer_that_sends_without_end_has_its_turn(void **state)
{
    static const char flood[1 << 16];
    size_t said = 0;
    ssize_t n;

    (void)state;
    start();
    while (said < 1 << 20 && (n = send(client, flood, sizeof(flood), MSG_DONTWAIT)) > 0) {
        said += (size_t)n;
    }
    event_base_loop(base, EVLOOP_ONCE); /* one pass */
    assert_in_range(received, 1, 16 * 16384);
    while (received < said) {
        event_base_loop(base, EVLOOP_ONCE);
    }
    octets_cut(&heard, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_serves_many_requests),
        TEST(nothing_is_done_before_the_start),
        TEST(deliveries_come_from_the_loop),
        TEST(the_first_that_is_due_goes_first),
        TEST(a_step_of_the_clock_keeps_the_order),
        TEST(a_stream_keeps_its_place_among_those_who_wait),
        TEST(one_that_has_begun_is_not_mixed_with_another),
        TEST(fin_waits_for_the_peer),
        TEST(what_is_cut_is_not_written),
        TEST(rst_comes_at_once),
        TEST(rst_at_the_start),
        TEST(rst_follows_what_was_written),
        TEST(what_goes_behind_an_end_is_lost),
        TEST(a_hold_leaves_the_end_to_the_peer),
        TEST(a_hold_ends_by_the_clock),
        TEST(a_hold_that_is_over_already_is_a_fin),
        TEST(another_delivery_does_not_end_a_hold),
        TEST(octets_that_nobody_read_bring_the_reset),
        TEST(octets_wait_unread_for_the_reset),
        TEST(a_peer_may_go_without_octets),
        TEST(a_peer_that_leaves_while_the_clock_is_waited_for_is_gone),
        TEST(a_peer_that_leaves_while_octets_are_written_gets_them),
        TEST(and_its_connection_ends_then),
        TEST(or_it_was_held),
        TEST(or_waits_for_the_clock),
        TEST(a_peer_may_reset_at_any_time),
        TEST(handlers_may_close_the_stream),
        TEST(the_owner_may_close_when_it_hears_of_a_loss),
        TEST(closing_forgets_without_a_word),
        TEST(input_pauses_while_too_much_is_unsent),
        TEST(octets_are_dropped_once_an_end_is_to_come),
        TEST(a_peer_that_sends_without_end_has_its_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
