/* The parts put together: what the control API asks of them, how they start and how they stop. */
#include "responders/ocsp/tests/responder_lab.h"

#include <sys/resource.h>

static void many_at_once_are_counted(void **state)
{
    (void)state;
    responder_lab f;
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

static void a_reset_forgets(void **state)
{
    (void)state;
    responder_lab f;
    octets o = {0};
    problem p = {0};
    json_t *response, *body = json_pack("{s:s}", "status", "revoked");
    begin(&f);
    assert_string_equal(f.ops.resources[1].path, "/v1/certificates/");
    assert_int_equal(f.ops.resources[1].serve(f.ops.arg, "PUT", "1001", body, &response, &p), 0);
    assert_string_equal(json_string_value(json_object_get(response, "status")), "revoked");
    json_decref(response);
    json_decref(body);
    assert_string_equal(f.ops.resources[0].path, "/v1/certificates");
    assert_int_equal(f.ops.resources[0].serve(f.ops.arg, "GET", "", NULL, &response, &p), 0);
    json_decref(response);
    int silent = join(&f);
    int asked = ask(&f);
    f.ops.reset(f.ops.arg);
    assert_owed(&f, 0);
    assert_int_not_equal(drain(&f, silent, &o), OPEN);
    drain(&f, asked, &o);
    assert_int_equal(f.ops.resources[1].serve(f.ops.arg, "GET", "1001", NULL, &response, &p), 0);
    assert_string_equal(json_string_value(json_object_get(response, "status")), "good");
    json_decref(response);
    octets_free(&o);
    end(&f);
}

static void a_listener_follows_the_rules(void **state)
{
    (void)state;
    responder_lab f;
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

/* Who comes when descriptors have run out is served once one is free. */
static void descriptors_may_run_out(void **state)
{
    (void)state;
    responder_lab f;
    octets o = {0};
    struct rlimit before, none_left;
    begin(&f);
    int first = join(&f);
    int second = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(second, (struct sockaddr *)&f.at.address, f.at.length), 0);
    send(second, made.request.data, made.request.length, MSG_NOSIGNAL);
    fcntl(second, F_SETFL, O_NONBLOCK);
    const int next = dup(second);
    close(next);
    getrlimit(RLIMIT_NOFILE, &before);
    none_left = before;
    none_left.rlim_cur = (rlim_t)next;
    setrlimit(RLIMIT_NOFILE, &none_left);
    lab_settle(f.base);
    assert_events(&f, 0, "accept");
    close(first);
    lab_settle(f.base);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_events(&f, 1, "close accept request response");
    assert_int_equal(drain(&f, second, &o), FIN);
    octets_free(&o);
    end(&f);
}

static void a_taken_port_is_told(void **state)
{
    (void)state;
    responder_lab f;
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
    responder_lab f;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_at_once_are_counted),     cmocka_unit_test(a_reset_forgets),
        cmocka_unit_test(a_listener_follows_the_rules), cmocka_unit_test(descriptors_may_run_out),
        cmocka_unit_test(a_taken_port_is_told),         cmocka_unit_test(a_stop_closes_all),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
