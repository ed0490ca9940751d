/*
 * The whole name server in the test's process, over real sockets on loopback, and on clocks that
 * stand until they are moved.
 */
#ifndef STAPLELAB_DNS_RESPONDER_FIXTURE_H
#define STAPLELAB_DNS_RESPONDER_FIXTURE_H

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

static inline program_options options_of(const char *listen)
{
    program_options o = {.nlisteners = 1, .seed = 1};
    problem p;

    assert_int_equal(endpoint_parse(listen, 0, &o.listeners[0], &p), 0);
    return o;
}

static inline int begin(void **state)
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

static inline int end(void **state)
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
static inline void use(const char *uses)
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
static inline int client_of(int type)
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

static inline void send_query(int fd, bool tcp)
{
    const query q = query_of("ocsp.test", A);
    const uint8_t prefix[2] = {0, (uint8_t)q.length};

    if (tcp) {
        assert_int_equal(send(fd, prefix, sizeof(prefix), MSG_MORE), sizeof(prefix));
    }
    assert_int_equal(send(fd, q.octets, q.length, 0), q.length);
    lab_settle(base);
}

static inline bool has_nothing(int fd)
{
    uint8_t octet;

    return recv(fd, &octet, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

/* The next response, as text. */
static inline const char *receive(int fd, bool tcp)
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

static inline const char *ask(int fd, bool tcp)
{
    send_query(fd, tcp);
    return receive(fd, tcp);
}

static inline size_t count(const char *kind)
{
    return (size_t)json_integer_value(json_object_get(event_log_counts(events), kind));
}

/* A member of the last event of that kind: a string, or the first of a list, or "". */
static inline const char *last(const char *kind, const char *member)
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

static inline bool metrics_say(const char *line)
{
    struct evbuffer *out = evbuffer_new();
    bool found;

    ops.metrics(ops.arg, out);
    evbuffer_add(out, "", 1);
    found = strstr((const char *)evbuffer_pullup(out, -1), line) != NULL;
    evbuffer_free(out);
    return found;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
