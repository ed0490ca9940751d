/*
 * A running responder but its command line, and clients of it on the loopback, on a clock that
 * stands.
 */
#ifndef STAPLELAB_OCSP_TESTS_RESPONDER_LAB_H
#define STAPLELAB_OCSP_TESTS_RESPONDER_LAB_H

#include "responders/net/tests/lab.h"
#include "responders/ocsp/tests/exchange_lab.h"

#include <event2/buffer.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

#include "responders/ocsp/responder.h"

static exchange_lab made; /* its request, and the certificates to load */

/* A running one. */
typedef struct {
    struct event_base *base;
    ocsp_responder responder;
    event_log *events;
    rule_set *rules;
    control_ops ops;
    endpoint at;
} responder_lab;

static inline void begin(responder_lab *f)
{
    const rule_terms terms = {
        .faults = made.faults, .keys = ocsp_match_keys, .store = &f->responder.store};
    problem p = {0};
    *f = (responder_lab){.base = lab_begin(), .events = event_log_new(64)};
    f->responder.store = minted_load(&made.pki);
    f->rules = rule_set_new(&terms, 1);
    endpoint any;
    assert_int_equal(endpoint_parse("one=127.0.0.1:0", 0, &any, &p), 0);
    if (ocsp_responder_start(&f->responder, f->base, &any, 1, f->rules, f->events, &f->ops, &p) !=
        0) {
        fail_msg("%s", p.detail);
    }
    json_t *ready = f->ops.ready(f->ops.arg);
    json_t *entry = json_array_get(json_object_get(ready, "listeners"), 0);
    struct sockaddr_in *address = (struct sockaddr_in *)&f->at.address;
    f->at.length = sizeof(*address);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address->sin_port = htons((uint16_t)json_integer_value(json_object_get(entry, "port")));
    assert_string_equal(json_string_value(json_object_get(entry, "name")), "one");
    assert_int_equal(json_integer_value(json_object_get(ready, "certificates")), 6);
    json_decref(ready);
}

static inline void end(responder_lab *f)
{
    ocsp_responder_stop(&f->responder);
    ocsp_store_free(&f->responder.store);
    rule_set_free(f->rules);
    event_log_free(f->events);
    event_base_free(f->base);
}

static inline void put_rules(responder_lab *f, const char *uses)
{
    char *quoted = exchange_rules_text(uses);
    rule_list *list;
    problem p = {0};
    if (exchange_rules_read(f->rules, quoted, &list, &p) != 0) {
        fail_msg("%s", p.detail);
    }
    assert_int_equal(f->ops.apply(f->ops.arg, list, &p), 0);
    rule_set_swap(f->rules, list);
    free(quoted);
}

/* A client; what it reads never waits. */
static inline int join(responder_lab *f)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&f->at.address, f->at.length), 0);
    lab_settle(f->base);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static inline int ask(responder_lab *f)
{
    int fd = join(f);
    assert_int_equal(send(fd, made.request.data, made.request.length, MSG_NOSIGNAL),
                     made.request.length);
    lab_settle(f->base);
    return fd;
}

/* How a connection goes on for the client: all octets so far are appended to *o. */
typedef enum { OPEN, FIN, RST } outcome;

static inline outcome take(responder_lab *f, int fd, octets *o)
{
    uint8_t data[65536];
    for (;;) {
        ssize_t n = recv(fd, data, sizeof(data), 0);
        if (n <= 0) {
            return n == 0 ? FIN : errno == ECONNRESET ? RST : OPEN;
        }
        octets_append(o, data, (size_t)n);
        lab_settle(f->base);
    }
}

/* All up to the end, and the client closes. */
static inline outcome drain(responder_lab *f, int fd, octets *o)
{
    struct pollfd more = {.fd = fd, .events = POLLIN};
    outcome how;
    while ((how = take(f, fd, o)) == OPEN) {
        poll(&more, 1, 10);
        lab_settle(f->base);
    }
    close(fd);
    lab_settle(f->base);
    return how;
}

/* The kinds of all events since `since`, and each with its faults: "accept request response[a]". */
static inline void assert_events(const responder_lab *f, uint64_t since, const char *expected)
{
    json_t *events = event_log_since(f->events, since, NULL, 0), *event, *one;
    octets text = {0};
    size_t i, k;
    json_array_foreach(events, i, event)
    {
        octets_append_format(&text, "%s%s", i == 0 ? "" : " ",
                             json_string_value(json_object_get(event, "kind")));
        json_array_foreach(json_object_get(event, "faults"), k, one)
        {
            octets_append_format(&text, "[%s]", json_string_value(one));
        }
    }
    octets_append(&text, "", 1);
    assert_string_equal((const char *)text.data, expected);
    octets_free(&text);
    json_decref(events);
}

static inline void assert_owed(const responder_lab *f, size_t expected)
{
    assert_int_equal(f->ops.owed(f->ops.arg), expected);
}

static inline const char *last(const responder_lab *f, const char *member)
{
    static char text[64];
    json_t *events = event_log_since(f->events, event_log_last(f->events) - 1, NULL, 0);
    json_t *value = json_object_get(json_array_get(events, 0), member);
    snprintf(text, sizeof(text), "%s", json_is_integer(value) ? "" : json_string_value(value));
    if (json_is_integer(value)) {
        snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(value));
    }
    json_decref(events);
    return text;
}

static inline int make(void **state)
{
    (void)state;
    exchange_lab_make(&made);
    return 0;
}

static inline int drop(void **state)
{
    (void)state;
    exchange_lab_drop(&made);
    return 0;
}

#endif
