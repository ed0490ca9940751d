/* The store: what it takes, refuses and responds with, and that a reset brings back the start. */
#include "harness/base/tests/cm.h"

#include <stdio.h>
#include <string.h>

#include "responders/dns/codec/dns_type.h"
#include "responders/dns/resource.h"
#include "responders/dns/store.h"

static dns_store *store;

static int make(void **state)
{
    problem p;

    (void)state;
    store = dns_store_new();
    return dns_store_option(store, "ocsp.test/A=127.0.0.1,127.0.0.2@60", &p) != 0 ||
           dns_store_option(store, "www.test/CNAME=ocsp.test", &p) != 0;
}

static int drop(void **state)
{
    (void)state;
    dns_store_free(store);
    return 0;
}

static int put(const char *name, const char *type, const char *body, problem *p)
{
    json_t *json = json_loads(body, 0, NULL);
    int result;

    assert_non_null(json);
    memset(p, 0, sizeof(*p));
    result = dns_store_put(store, name, type, json, p);
    json_decref(json);
    return result;
}

static dns_name name_of(const char *text)
{
    dns_name name;
    problem p;

    assert_int_equal(dns_name_from_text(text, &name, &p), 0);
    return name;
}

/* Asks and holds the answers, in words, against the wanted ones; returns the code. */
static unsigned ask(const char *name, uint16_t type, const char *const *wanted)
{
    dns_name asked = name_of(name);
    char text[DNS_RR_TEXT_SIZE];
    dns_response r = {0};
    unsigned rcode;
    bool found;
    size_t i;

    dns_store_respond(store, &asked, type, &r);
    for (i = 0; wanted[i] != NULL; i++) {
        assert_true(i < r.answer.count);
        dns_rr_to_text(&r.answer.list[i], text);
        assert_string_equal(text, wanted[i]);
    }
    assert_int_equal(r.answer.count, i);
    found = i > 0 && (type == DNS_TYPE_ANY || r.answer.list[i - 1].type == type);
    for (size_t k = 0; i > 0 && k < r.answer.count;
         k++) { /* where aliases lead in a circle there is no end */
        found = found || (r.answer.list[i - 1].nnames > 0 &&
                          dns_name_equal(&r.answer.list[i - 1].names[0], &r.answer.list[k].owner));
    }
    assert_int_equal(r.authority.count, found ? 0 : 1);
    rcode = r.rcode;
    dns_response_clear(&r);
    return rcode;
}

#define ANSWERS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOTHING      ((const char *const[]){NULL})

static void answers_from_options(void **state)
{
    (void)state;
    assert_int_equal(ask("OCSP.test", DNS_TYPE_A,
                         ANSWERS("OCSP.test 60 A 127.0.0.1", "OCSP.test 60 A 127.0.0.2")),
                     DNS_RCODE_NOERROR);
    assert_int_equal(ask("www.test", DNS_TYPE_A,
                         ANSWERS("www.test 300 CNAME ocsp.test", "ocsp.test 60 A 127.0.0.1",
                                 "ocsp.test 60 A 127.0.0.2")),
                     DNS_RCODE_NOERROR);
}

static void tells_no_data_from_no_name(void **state)
{
    problem p;

    (void)state;
    assert_int_equal(ask("ocsp.test", DNS_TYPE_AAAA, NOTHING), DNS_RCODE_NOERROR);
    assert_int_equal(ask("nowhere.test", DNS_TYPE_A, NOTHING), DNS_RCODE_NXDOMAIN);
    assert_int_equal(put("dangling.test", "CNAME", "{\"values\": [\"gone.test\"]}", &p), 0);
    assert_int_equal(ask("dangling.test", DNS_TYPE_A, ANSWERS("dangling.test 300 CNAME gone.test")),
                     DNS_RCODE_NXDOMAIN);
}

/* RFC 8020: what has names under it exists, and has no data. */
static void a_name_above_another_is_no_stranger(void **state)
{
    problem p;

    (void)state;
    assert_int_equal(put("a.b.c.test", "A", "{\"values\": [\"127.0.0.1\"]}", &p), 0);
    assert_int_equal(ask("b.c.test", DNS_TYPE_A, NOTHING), DNS_RCODE_NOERROR);
    assert_int_equal(ask("C.TEST", DNS_TYPE_AAAA, NOTHING), DNS_RCODE_NOERROR);
    assert_int_equal(ask("test", DNS_TYPE_A, NOTHING), DNS_RCODE_NOERROR);
    assert_int_equal(ask(".", DNS_TYPE_A, NOTHING), DNS_RCODE_NOERROR);
    assert_int_equal(ask("x.b.c.test", DNS_TYPE_A, NOTHING), DNS_RCODE_NXDOMAIN);
    assert_int_equal(ask("c.c.test", DNS_TYPE_A, NOTHING), DNS_RCODE_NXDOMAIN);
    assert_int_equal(ask("est", DNS_TYPE_A, NOTHING), DNS_RCODE_NXDOMAIN); /* not half a label */
}

static void an_alias_of_itself_is_told_once(void **state)
{
    problem p;

    (void)state;
    assert_int_equal(put("self.test", "CNAME", "{\"values\": [\"self.test\"]}", &p), 0);
    assert_int_equal(ask("self.test", DNS_TYPE_A, ANSWERS("self.test 300 CNAME self.test")),
                     DNS_RCODE_NOERROR);
}

static void follows_each_alias_of_a_cycle_once(void **state)
{
    problem p;

    (void)state;
    assert_int_equal(put("a.test", "CNAME", "{\"values\": [\"b.test\"]}", &p), 0);
    assert_int_equal(put("b.test", "CNAME", "{\"values\": [\"a.test\"]}", &p), 0);
    assert_int_equal(
        ask("a.test", DNS_TYPE_A, ANSWERS("a.test 300 CNAME b.test", "b.test 300 CNAME a.test")),
        DNS_RCODE_NOERROR);
}

/* However long they are. */
static void follows_aliases_to_their_end(void **state)
{
    dns_name asked = name_of("c0.test");
    char name[32], body[64], text[DNS_RR_TEXT_SIZE];
    dns_response r = {0};
    problem p;

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "c%d.test", i);
        snprintf(body, sizeof(body), "{\"values\": [\"c%d.test\"]}", i + 1);
        assert_int_equal(put(name, "CNAME", body, &p), 0);
    }
    assert_int_equal(put("c100.test", "A", "{\"values\": [\"127.0.0.9\"]}", &p), 0);
    dns_store_respond(store, &asked, DNS_TYPE_A, &r);
    assert_int_equal(r.answer.count, 101);
    dns_rr_to_text(&r.answer.list[100], text);
    assert_string_equal(text, "c100.test 300 A 127.0.0.9");
    dns_response_clear(&r);
}

static void any_and_cname_are_not_followed(void **state)
{
    (void)state;
    assert_int_equal(ask("www.test", DNS_TYPE_ANY, ANSWERS("www.test 300 CNAME ocsp.test")),
                     DNS_RCODE_NOERROR);
    assert_int_equal(ask("www.test", DNS_TYPE_CNAME, ANSWERS("www.test 300 CNAME ocsp.test")),
                     DNS_RCODE_NOERROR);
}

static void refuses_more_than_it_can_hold(void **state)
{
    char name[32];
    problem p;

    (void)state;
    for (int i = 0; i < 1022; i++) {
        snprintf(name, sizeof(name), "n%d.test", i);
        assert_int_equal(put(name, "A", "{\"values\": [\"127.0.0.9\"]}", &p), 0);
    }
    assert_int_equal(put("more.test", "A", "{\"values\": [\"127.0.0.9\"]}", &p), -1);
    assert_int_equal(p.status, 409);
    assert_string_equal(p.detail, "no room for more than 1024 record sets");
    /* one that is there can still be changed */
    assert_int_equal(put("n0.test", "A", "{\"values\": [\"127.0.0.8\"]}", &p), 0);
}

static void check_call(int rc, int status, const problem *p, json_t *response)
{
    assert_int_equal(rc, status == 200 ? 0 : -1);
    assert_int_equal(rc == 0 ? 200 : p->status, status);
    assert_true((rc == 0) == (json_object_get(response, "records") != NULL));
    json_decref(response);
}

/* A call on one record set. */
static void call(const char *method, const char *set, const char *body, int status)
{
    json_t *json = body == NULL ? NULL : json_loads(body, 0, NULL), *response = NULL;
    problem p = {0};
    const int rc = dns_resource_one(store, method, set, json, &response, &p);

    check_call(rc, status, &p, response);
    json_decref(json);
}

static void call_all(const char *method, int status)
{
    json_t *response = NULL;
    problem p = {0};
    const int rc = dns_resource_all(store, method, &response, &p);

    check_call(rc, status, &p, response);
}

static void serves_the_resource(void **state)
{
    (void)state;
    call_all("GET", 200);
    call_all("PUT", 405);
    call("PUT", "a/b.test/A", "{\"values\": [\"127.0.0.1\"]}", 200);
    assert_int_equal(ask("a/b.test", DNS_TYPE_A, ANSWERS("a/b.test 300 A 127.0.0.1")),
                     DNS_RCODE_NOERROR);
    call("POST", "a/b.test/A", NULL, 405);
    call("DELETE", "a/b.test/A", NULL, 200);
    call("DELETE", "a/b.test/A", NULL, 404);
    call("DELETE", "a..b/A", NULL, 400);
    call("GET", "ocsp.test", NULL, 404);
}

static void puts_removes_and_resets(void **state)
{
    problem p;

    (void)state;
    assert_int_equal(put("Ocsp.Test.", "aaaa", "{\"values\": [\"::1\"], \"ttl\": 0}", &p), 0);
    assert_int_equal(ask("ocsp.test", DNS_TYPE_AAAA, ANSWERS("ocsp.test 0 AAAA ::1")),
                     DNS_RCODE_NOERROR);
    assert_int_equal(put("ocsp.test", "A", "{\"values\": [\"127.0.0.9\"]}", &p), 0);
    assert_int_equal(ask("ocsp.test", DNS_TYPE_A, ANSWERS("ocsp.test 300 A 127.0.0.9")),
                     DNS_RCODE_NOERROR);
    assert_int_equal(dns_store_remove(store, "www.test", "CNAME", &p), 0);
    assert_int_equal(ask("www.test", DNS_TYPE_A, NOTHING), DNS_RCODE_NXDOMAIN);
    assert_int_equal(dns_store_remove(store, "www.test", "CNAME", &p), -1);
    assert_int_equal(p.status, 404);

    dns_store_reset(store);
    assert_int_equal(ask("ocsp.test", DNS_TYPE_AAAA, NOTHING), DNS_RCODE_NOERROR);
    answers_from_options(state);
}

static void refuses_bad_sets_and_keeps_the_old(void **state)
{
    static const struct {
        const char *name, *type, *body, *pointer;
        int status;
    } bad[] = {
        {"a..b", "A", "{\"values\": [\"127.0.0.1\"]}", "", 400},
        {"ocsp.test", "MX", "{\"values\": [\"127.0.0.1\"]}", "", 400},
        {"ocsp.test", "A", "[]", "", 400},
        {"ocsp.test", "A", "{}", "/values", 400},
        {"ocsp.test", "A", "{\"values\": []}", "/values", 400},
        {"ocsp.test", "A", "{\"values\": \"127.0.0.1\"}", "/values", 400},
        {"ocsp.test", "A", "{\"values\": [\"127.0.0.1\", \"::1\"]}", "/values/1", 400},
        {"ocsp.test", "A", "{\"values\": [7]}", "/values/0", 400},
        {"ocsp.test", "A", "{\"values\": [\"127.0.0.1\"], \"ttl\": -1}", "/ttl", 400},
        {"ocsp.test", "A", "{\"values\": [\"127.0.0.1\"], \"ttl\": 2147483648}", "/ttl", 400},
        {"ocsp.test", "A", "{\"values\": [\"127.0.0.1\"], \"tll\": 1}", "/tll", 400},
        {"x.test", "CNAME", "{\"values\": [\"a\", \"b\"]}", "/values", 400},
        {"x.test", "CNAME", "{\"values\": [\"a..b\"]}", "/values/0", 400},
        {"ocsp.test", "CNAME", "{\"values\": [\"a\"]}", "", 409},
        {"www.test", "A", "{\"values\": [\"127.0.0.1\"]}", "", 409},
    };
    problem p;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(put(bad[i].name, bad[i].type, bad[i].body, &p), -1);
        assert_int_equal(p.status, bad[i].status);
        assert_string_equal(p.pointer, bad[i].pointer);
        assert_true(p.detail[0] != '\0');
    }
    answers_from_options(state);
}

static void refuses_bad_options(void **state)
{
    static const char *const bad[] = {
        "",
        "ocsp.test",
        "new.test=127.0.0.1",
        "new.test/A",
        "new.test/A=",
        "new.test/A=127.0.0.1,",
        "new.test/A=127.0.0.1@",
        "new.test/A=127.0.0.1@-1",
        "new.test/A=127.0.0.1@1s",
        "new.test/A=127.0.0.1@99999999999999999999",
        "new.test/A=::1",
        "new.test/TXT=hello",
        "/A=127.0.0.1",
        "ocsp.test/A=127.0.0.3",
        "ocsp.test/CNAME=a.test",
    };
    problem p;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        memset(&p, 0, sizeof(p));
        assert_int_equal(dns_store_option(store, bad[i], &p), -1);
        assert_true(p.detail[0] != '\0');
    }
    answers_from_options(state);
}

static void lists_all_sets(void **state)
{
    json_t *wanted = json_loads("[{\"name\": \"ocsp.test\", \"type\": \"A\", \"ttl\": 60,"
                                "  \"values\": [\"127.0.0.1\", \"127.0.0.2\"]},"
                                " {\"name\": \"www.test\", \"type\": \"CNAME\", \"ttl\": 300,"
                                "  \"values\": [\"ocsp.test\"]}]",
                                0, NULL);
    json_t *all = dns_store_to_json(store);

    (void)state;
    assert_true(json_equal(all, wanted));
    json_decref(all);
    json_decref(wanted);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_from_options),
        TEST(tells_no_data_from_no_name),
        TEST(a_name_above_another_is_no_stranger),
        TEST(an_alias_of_itself_is_told_once),
        TEST(follows_each_alias_of_a_cycle_once),
        TEST(follows_aliases_to_their_end),
        TEST(any_and_cname_are_not_followed),
        TEST(refuses_more_than_it_can_hold),
        TEST(serves_the_resource),
        TEST(puts_removes_and_resets),
        TEST(refuses_bad_sets_and_keeps_the_old),
        TEST(refuses_bad_options),
        TEST(lists_all_sets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
