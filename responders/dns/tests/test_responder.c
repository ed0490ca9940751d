/*
 * The whole name server in this process, over real sockets on loopback, and on a clock that
 * stands until it is moved.
 */
#include "responders/net/tests/lab.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "responders/dns/faults/catalogue.h"
#include "responders/dns/match.h"
#include "responders/dns/responder.h"
#include "responders/dns/tests/dns_builder.h"
#include "responders/dns/tests/dns_reader.h"

enum { A = 1 };

#define HEALTHY "1234 qr aa rd ra 0; ocsp.test A; ocsp.test 300 A 127.0.0.5"
#define ERROR   "1234 qr aa rd ra 2; ocsp.test A; -"

static struct event_base *base;
static dns_responder *responder;
static catalogue *faults;
static rule_set *rules;
static event_log *events;
static control_ops ops;
static uint16_t port;
static int send_error; /* of sendmsg, where it is not 0 */

/* In the place of the C library's: the wall clock stands, too. */
time_t time(time_t *out)
{
    const time_t now = (time_t)(lab_clock_ms / 1000);

    if (out != NULL) {
        *out = now;
    }
    return now;
}

/* In the place of the C library's, so that a datagram can fail to be sent. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (send_error != 0) {
        errno = send_error;
        return -1;
    }
    return syscall(SYS_sendmsg, fd, message, flags);
}

static program_options options_of(const char *listen)
{
    program_options o = {.nlisteners = 1, .seed = 1};
    problem p;

    assert_int_equal(endpoint_parse(listen, 0, &o.listeners[0], &p), 0);
    return o;
}

static int begin(void **state)
{
    const program_options o = options_of("127.0.0.1:0");
    json_t *ready;
    problem p;

    (void)state;
    base = lab_begin();
    responder = dns_responder_new();
    events = event_log_new(100000);
    assert_int_equal(catalogue_new(dns_fault_lines, dns_fault_primitives, &faults, &p), 0);
    assert_int_equal(dns_store_option(dns_responder_store(responder), "ocsp.test/A=127.0.0.5", &p),
                     0);
    rules = rule_set_new(&(rule_terms){.faults = faults,
                                       .keys = dns_match_keys,
                                       .store = dns_responder_store(responder)},
                         1);
    assert_int_equal(dns_responder_start(responder, base, &o, rules, events, &ops, &p), 0);
    dns_responder_started(responder, NULL);
    ready = ops.ready(ops.arg);
    port = (uint16_t)json_integer_value(
        json_object_get(json_array_get(json_object_get(ready, "listeners"), 0), "port"));
    json_decref(ready);
    return 0;
}

static int end(void **state)
{
    (void)state;
    dns_responder_stop(responder);
    dns_responder_free(responder);
    rule_set_free(rules);
    event_log_free(events);
    catalogue_free(faults);
    event_base_free(base);
    return 0;
}

/* Puts one step with these faults in force, as the control API does. */
static void use(const char *uses)
{
    char text[512];
    rule_list *list;
    json_t *source;
    problem p;

    snprintf(text, sizeof(text), "[{\"id\": \"r\", \"sequence\": [{\"do\": [%s]}]}]", uses);
    source = json_loads(text, 0, NULL);
    assert_int_equal(rule_set_replace(rules, source, &list, &p), 0);
    json_decref(source);
    assert_int_equal(ops.apply(ops.arg, list, &p), 0);
    rule_set_swap(rules, list);
}

/* A client of that type of socket; -1 with errno when it is refused. */
static int client_of(int type)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, type, 0);

    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        const int wrong = errno;

        close(fd);
        errno = wrong;
        return -1;
    }
    return fd;
}

static void send_query(int fd, bool tcp)
{
    const query q = query_of("ocsp.test", A);
    const uint8_t prefix[2] = {0, (uint8_t)q.length};

    if (tcp) {
        assert_int_equal(send(fd, prefix, sizeof(prefix), MSG_MORE), sizeof(prefix));
    }
    assert_int_equal(send(fd, q.octets, q.length, 0), q.length);
    lab_settle(base);
}

static bool has_nothing(int fd)
{
    uint8_t octet;

    return recv(fd, &octet, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

/* The next response, as text. */
static const char *receive(int fd, bool tcp)
{
    static reader r;
    static uint8_t data[65535];
    uint8_t prefix[2];
    ssize_t length;

    if (!tcp) {
        length = recv(fd, data, sizeof(data), MSG_DONTWAIT);
        assert_true(length >= 0);
        return reader_read(&r, data, (size_t)length);
    }
    assert_int_equal(recv(fd, prefix, 2, MSG_DONTWAIT), 2);
    length = prefix[0] << 8 | prefix[1];
    assert_int_equal(recv(fd, data, (size_t)length, MSG_DONTWAIT), length);
    return reader_read(&r, data, (size_t)length);
}

static const char *ask(int fd, bool tcp)
{
    send_query(fd, tcp);
    return receive(fd, tcp);
}

static size_t count(const char *kind)
{
    return (size_t)json_integer_value(json_object_get(event_log_counts(events), kind));
}

/* A member of the last event of that kind: a string, or the first of a list, or "". */
static const char *last(const char *kind, const char *member)
{
    static char text[128];
    json_t *match = json_pack("{s:s}", "kind", kind);
    json_t *list = event_log_since(events, 0, match, 0);
    const json_t *value = json_object_get(json_array_get(list, json_array_size(list) - 1), member);

    value = json_is_array(value) ? json_array_get(value, 0) : value;
    snprintf(text, sizeof(text), "%s", value == NULL ? "" : json_string_value(value));
    json_decref(list);
    json_decref(match);
    return text;
}

static bool metrics_say(const char *line)
{
    struct evbuffer *out = evbuffer_new();
    bool found;

    ops.metrics(ops.arg, out);
    evbuffer_add(out, "", 1);
    found = strstr((const char *)evbuffer_pullup(out, -1), line) != NULL;
    evbuffer_free(out);
    return found;
}

/* ----- healthy ----- */

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

/* ----- the clock ----- */

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

/* ----- TCP that fails ----- */

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

/* ----- the assembly ----- */

static void the_store_is_changed_and_reset(void **state)
{
    json_t *body = json_pack("{s:[s]}", "values", "127.0.0.9"), *response = NULL;
    int udp = client_of(SOCK_DGRAM);
    problem p;

    (void)state;
    assert_true(ops.resource(ops.arg, "PUT", "/v1/records/ocsp.test/A", body, &response, &p));
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_transports_are_served),
        TEST(queries_come_in_any_pieces),
        TEST(what_is_no_query_is_passed_over),
        TEST(the_peer_ends_a_connection),
        TEST(an_idle_connection_is_owed_its_first_query),
        TEST(so_many_connections_are_served_and_no_more),
        TEST(a_closed_connection_makes_room),
        TEST(a_delayed_response_waits_for_the_clock),
        TEST(one_step_of_the_clock_brings_all_in_order),
        TEST(a_connection_takes_its_delayed_responses_along),
        TEST(so_many_responses_wait_and_no_more),
        TEST(a_ttl_passes_with_the_clock),
        TEST(a_reset_forgets_what_waits),
        TEST(what_waits_at_the_end_is_freed),
        TEST(what_cannot_be_sent_is_dropped),
        TEST(dropped_queries_leave_the_connection),
        TEST(connections_are_refused_until_the_rules_change),
        TEST(a_reset_ends_everything),
        TEST(silence_leaves_the_connection_to_the_peer),
        TEST(the_store_is_changed_and_reset),
        TEST(a_taken_port_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
