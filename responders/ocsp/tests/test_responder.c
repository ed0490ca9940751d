/*
 * The whole responder but its command line, over real connections on the loopback, on a clock that
 * stands: who gets what, what is owed, and that no peer can break it.
 */
#include "responders/net/tests/lab.h"
#include "responders/ocsp/tests/exchange_lab.h"

#include <event2/buffer.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

#include "responders/ocsp/responder.h"

#define USE(name) "{'fault': '" name "'}"

static exchange_lab made;

/* A running one. */
typedef struct {
    struct event_base *base;
    ocsp_responder responder;
    event_log *events;
    rule_set *rules;
    control_ops ops;
    endpoint at;
} fixture;

static void begin(fixture *f)
{
    const rule_terms terms = {
        .faults = made.faults, .keys = ocsp_match_keys, .store = &f->responder.store};
    problem p = {0};
    *f = (fixture){.base = lab_begin(), .events = event_log_new(64)};
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

static void end(fixture *f)
{
    ocsp_responder_stop(&f->responder);
    ocsp_store_free(&f->responder.store);
    rule_set_free(f->rules);
    event_log_free(f->events);
    event_base_free(f->base);
}

static void put_rules(fixture *f, const char *uses)
{
    char *quoted = memory_format("[{'id': 'r', 'sequence': [{'do': [%s]}]}]", uses);
    char *text = exchange_json(quoted);
    json_t *source = json_loads(text, 0, NULL);
    rule_list *list;
    problem p = {0};
    if (rule_set_replace(f->rules, source, &list, &p) != 0) {
        fail_msg("%s", p.detail);
    }
    assert_int_equal(f->ops.apply(f->ops.arg, list, &p), 0);
    rule_set_swap(f->rules, list);
    json_decref(source);
    free(quoted);
    free(text);
}

/* A client; what it reads never waits. */
static int join(fixture *f)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&f->at.address, f->at.length), 0);
    lab_settle(f->base);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static int ask(fixture *f)
{
    int fd = join(f);
    assert_int_equal(send(fd, made.request.data, made.request.length, MSG_NOSIGNAL),
                     made.request.length);
    lab_settle(f->base);
    return fd;
}

/* How a connection goes on for the client: all octets so far are appended to *o. */
typedef enum { OPEN, FIN, RST } outcome;

static outcome take(fixture *f, int fd, octets *o)
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
static outcome drain(fixture *f, int fd, octets *o)
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
static void assert_events(const fixture *f, uint64_t since, const char *expected)
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

static void assert_owed(const fixture *f, size_t expected)
{
    assert_int_equal(f->ops.owed(f->ops.arg), expected);
}

static const char *last(const fixture *f, const char *member)
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

/* ----- healthy ----- */

static void a_request_is_served(void **state)
{
    (void)state;
    fixture f;
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
    fixture f;
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

static void many_at_once_are_counted(void **state)
{
    (void)state;
    fixture f;
    int fds[20];
    struct evbuffer *text = evbuffer_new();
    begin(&f);
    for (size_t i = 0; i < 20; i++) {
        fds[i] = i % 2 == 0 ? ask(&f) : join(&f);
    }
    assert_owed(&f, 20);
    f.ops.metrics(f.ops.arg, text);
    evbuffer_add(text, "", 1);
    const char *metrics = (const char *)evbuffer_pullup(text, -1);
    assert_non_null(strstr(metrics, "\nfaulty_ocspd_connections_total 20\n"));
    assert_non_null(strstr(metrics, "\nfaulty_ocspd_requests_total 10\n"));
    assert_non_null(strstr(metrics, "\nfaulty_ocspd_responses_total 10\n"));
    assert_non_null(strstr(metrics, "\nfaulty_ocspd_connections_open 20\n"));
    /* from the middle, from both ends */
    for (size_t i = 0; i < 20; i++) {
        close(fds[(i * 7 + 5) % 20]);
        lab_settle(f.base);
    }
    assert_owed(&f, 0);
    assert_int_equal(f.responder.connections.open, 0);
    evbuffer_free(text);
    end(&f);
}

/* ----- what is done to connections ----- */

static void silence_ends_by_the_clock_or_the_peer(void **state)
{
    (void)state;
    fixture f;
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
    fixture f;
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
    fixture f;
    octets o = {0};
    begin(&f);
    put_rules(&f, USE("no-close-keepalive"));
    int fd = ask(&f);
    lab_step(f.base, 3600000);
    assert_owed(&f, 0);
    assert_int_equal(take(&f, fd, &o), OPEN);
    assert_non_null(memmem(o.data, o.length, "Connection: keep-alive", 22));
    assert_events(&f, 0, "accept request response held[no-close-keepalive]");
    /* a second request is not served: octets behind the first are ignored */
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
    fixture f;
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
    assert_events(&f, 0, "accept request held[slow-headers][fixed-latency]");
    lab_step(f.base, 60000);
    assert_int_equal(drain(&f, fd, &o), FIN);
    assert_events(&f, 3, "response close");
    octets_free(&o);
    end(&f);
}

/* ----- peers ----- */

static void a_peer_that_gives_up_is_told(void **state)
{
    (void)state;
    fixture f;
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
    fixture f;
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
    fixture f;
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

/* ----- the control API's part ----- */

static void a_reset_forgets(void **state)
{
    (void)state;
    fixture f;
    octets o = {0};
    problem p = {0};
    json_t *response, *body = json_pack("{s:s}", "status", "revoked");
    begin(&f);
    assert_true(f.ops.resource(f.ops.arg, "PUT", "/v1/certificates/1001", body, &response, &p));
    assert_string_equal(json_string_value(json_object_get(response, "status")), "revoked");
    json_decref(response);
    json_decref(body);
    assert_false(f.ops.resource(f.ops.arg, "GET", "/v1/nothing", NULL, &response, &p));
    int silent = join(&f);
    int asked = ask(&f);
    f.ops.reset(f.ops.arg);
    assert_owed(&f, 0);
    assert_int_not_equal(drain(&f, silent, &o), OPEN);
    drain(&f, asked, &o);
    assert_true(f.ops.resource(f.ops.arg, "GET", "/v1/certificates/1001", NULL, &response, &p));
    assert_string_equal(json_string_value(json_object_get(response, "status")), "good");
    json_decref(response);
    octets_free(&o);
    end(&f);
}

static void a_listener_follows_the_rules(void **state)
{
    (void)state;
    fixture f;
    octets o = {0};
    begin(&f);
    put_rules(&f, USE("connection-refused"));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&f.at.address, f.at.length), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(fd);
    put_rules(&f, "");
    assert_events(&f, 0, "listener[connection-refused] listener");
    fd = ask(&f);
    assert_int_equal(drain(&f, fd, &o), FIN);
    octets_free(&o);
    end(&f);
}

static void a_taken_port_is_told(void **state)
{
    (void)state;
    fixture f;
    control_ops ops;
    ocsp_responder second = {0};
    problem p = {0};
    begin(&f);
    endpoint two[2] = {f.at, f.at};
    ((struct sockaddr_in *)&two[0].address)->sin_port = 0;
    assert_int_equal(ocsp_responder_start(&second, f.base, two, 2, f.rules, f.events, &ops, &p),
                     -1);
    assert_non_null(strstr(p.detail, "already in use"));
    end(&f);
}

/* What is open at the end is closed. */
static void a_stop_closes_all(void **state)
{
    (void)state;
    fixture f;
    octets o = {0};
    begin(&f);
    put_rules(&f, USE("slow-body"));
    int fds[3] = {ask(&f), join(&f), ask(&f)};
    end(&f);
    for (int i = 0; i < 3; i++) {
        uint8_t data[65536];
        ssize_t n;
        while ((n = recv(fds[i], data, sizeof(data), 0)) > 0) {
        }
        assert_true(n == 0 || errno == ECONNRESET);
        close(fds[i]);
    }
    octets_free(&o);
}

static int make(void **state)
{
    (void)state;
    exchange_lab_make(&made);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    exchange_lab_drop(&made);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_served),
        cmocka_unit_test(a_request_may_come_in_drops),
        cmocka_unit_test(many_at_once_are_counted),
        cmocka_unit_test(silence_ends_by_the_clock_or_the_peer),
        cmocka_unit_test(connections_end_as_the_rule_says),
        cmocka_unit_test(a_response_is_left_open),
        cmocka_unit_test(octets_come_at_their_pace),
        cmocka_unit_test(a_peer_that_gives_up_is_told),
        cmocka_unit_test(a_large_body_is_owed_until_it_is_read),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(a_reset_forgets),
        cmocka_unit_test(a_listener_follows_the_rules),
        cmocka_unit_test(a_taken_port_is_told),
        cmocka_unit_test(a_stop_closes_all),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
