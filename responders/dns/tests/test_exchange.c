/*
 * Every fault of the catalogue: a rule and a query in; the octets, the delivery and the events out.
 *
 * That each row would fail if its primitives did nothing is tried with primitives that only say
 * that they have done something.
 */
#include "responders/dns/tests/bench.h"
#include "responders/dns/tests/dns_reader.h"

enum { A = 1, TXT = 16, AAAA = 28 };
enum { UDP, TCP };

#define HEAD(code)  "1234 qr aa rd ra " #code "; "
#define QUESTION    "ocsp.test A; "
#define QUESTION_6  "ocsp.test AAAA; "
#define OWN         "ocsp.test 300 A 127.0.0.5"
#define OWN_6       "ocsp.test 300 AAAA ::5"
#define SOA         " / test 60 SOA ns.invalid"
#define HEALTHY     HEAD(0) QUESTION OWN
#define HEALTHY_6   HEAD(0) QUESTION_6 OWN_6
#define ERROR(code) HEAD(code) QUESTION "-"
#define TRUNCATED   "1234 qr aa tc rd ra 0; " QUESTION "-"
#define DEAD        "ocsp.test 300 A 127.255.255.254"

typedef struct {
    const char *fault;
    const char *params; /* ", \"n\": 2" */
    const char *name;   /* NULL: ocsp.test */
    uint16_t type;
    bool tcp;
    const char *message;  /* what the octets say */
    const char *delivery; /* NULL: "all" */
    bool healthy;         /* the fault does not concern this query, and no event tells it */
    bool untold;          /* it is done, but its fault is not before another query */
    unsigned before;      /* queries before this one */
    int64_t later;        /* seconds from the first query to this one */
} row;

/* The versions of clang-format do not agree on this. */
/* clang-format off */
#define ROW(f, with, asked, t, transport, ...)                                                     \
    {                                                                                              \
        .fault = f, .params = with, .name = asked, .type = t, .tcp = transport,                    \
        .message = __VA_ARGS__                                                                     \
    }
/* clang-format on */

static const row rows[] = {
    ROW("servfail", "", NULL, A, UDP, ERROR(2)),
    ROW("servfail", "", NULL, A, TCP, ERROR(2)),
    ROW("servfail", "", "no.test", A, UDP, HEAD(2) "no.test A; -"),
    ROW("nxdomain", "", NULL, A, UDP, HEAD(3) QUESTION "-" SOA),
    ROW("nxdomain", "", "no.test", A, UDP, HEAD(3) "no.test A; -" SOA, .healthy = true),
    ROW("refused", "", NULL, AAAA, UDP, HEAD(5) QUESTION_6 "-"),
    ROW("notimp", "", NULL, A, UDP, ERROR(4)),
    ROW("formerr", "", NULL, A, UDP, ERROR(1)),
    ROW("formerr", ", \"question\": false", NULL, A, UDP, HEAD(1) "-; -"),
    ROW("rcode-unassigned", "", NULL, A, UDP, ERROR(6)),
    ROW("rcode-unassigned", ", \"value\": 15", NULL, A, TCP, ERROR(15)),
    ROW("nodata", "", NULL, A, UDP, HEAD(0) QUESTION "-" SOA),
    ROW("nodata", "", "no.test", A, UDP, HEAD(0) "no.test A; -" SOA),
    ROW("nodata", "", NULL, TXT, UDP, HEAD(0) "ocsp.test TXT; -" SOA, .healthy = true),
    ROW("rcode-with-answers", "", NULL, A, UDP, HEAD(2) QUESTION OWN),
    ROW("rcode-with-answers", ", \"rcode\": 3", NULL, AAAA, TCP, HEAD(3) QUESTION_6 OWN_6),
    ROW("per-type-divergence", "", NULL, A, UDP, HEALTHY, .healthy = true),
    ROW("per-type-divergence", "", NULL, AAAA, UDP, HEAD(2) QUESTION_6 "-"),
    ROW("per-type-divergence", ", \"type\": \"A\", \"rcode\": 5", NULL, A, TCP, ERROR(5)),
    ROW("per-type-divergence", ", \"type\": \"A\"", NULL, AAAA, UDP, HEALTHY_6, .healthy = true),

    ROW("drop-query", "", NULL, A, UDP, HEALTHY, "nothing"),
    ROW("drop-query", "", NULL, AAAA, TCP, HEALTHY_6, "nothing"),
    ROW("drop-first-n", "", NULL, A, UDP, HEALTHY, "nothing"),
    ROW("drop-first-n", "", NULL, A, UDP, HEALTHY, .healthy = true, .before = 1),
    ROW("drop-first-n", ", \"n\": 2", NULL, A, TCP, HEALTHY, "nothing", .before = 1),
    ROW("drop-first-n", ", \"n\": 2", NULL, A, TCP, HEALTHY, .healthy = true, .before = 2),
    ROW("drop-first-n", ", \"n\": 0", NULL, A, UDP, HEALTHY, "nothing", .before = 5),
    ROW("answer-delay", "", NULL, A, UDP, HEALTHY, "nothing, all after 2000 ms"),
    ROW("answer-delay", ", \"ms\": 86400000", NULL, AAAA, TCP, HEALTHY_6,
        "nothing, all after 86400000 ms"),

    ROW("wrong-id", "", NULL, A, UDP, "1235 qr aa rd ra 0; " QUESTION OWN),
    ROW("wrong-id", ", \"delta\": 65535", NULL, AAAA, TCP, "1233 qr aa rd ra 0; " QUESTION_6 OWN_6),
    ROW("qr-bit-clear", "", NULL, A, UDP, "1234 rd 0; " QUESTION "-"),
    ROW("qr-bit-clear", "", NULL, AAAA, TCP, "1234 rd 0; " QUESTION_6 "-"),
    ROW("truncated-udp", "", NULL, A, UDP, TRUNCATED),
    ROW("truncated-udp", "", NULL, A, TCP, HEALTHY, .healthy = true),
    ROW("tc-then-tcp-fails", "", NULL, A, UDP, TRUNCATED, "all, refuse"),
    ROW("tc-then-tcp-fails", "", NULL, A, TCP, HEALTHY, "nothing, reset"),
    ROW("tc-then-tcp-fails", ", \"mode\": \"reset\"", NULL, A, UDP, TRUNCATED, .untold = true),
    ROW("tc-then-tcp-fails", ", \"mode\": \"reset\"", NULL, A, TCP, HEALTHY, "nothing, reset"),
    ROW("tc-then-tcp-fails", ", \"mode\": \"silent\"", NULL, A, UDP, TRUNCATED, .untold = true),
    ROW("tc-then-tcp-fails", ", \"mode\": \"silent\"", NULL, A, TCP, HEALTHY, "nothing, hold"),

    ROW("message-cut", "", NULL, A, UDP, HEAD(0) "ocsp.te (cut)"),
    ROW("message-cut", ", \"at\": 12", NULL, AAAA, TCP, HEAD(0) " (cut)"),
    ROW("message-cut", ", \"at\": 65535", NULL, A, UDP, HEAD(0) QUESTION "ocsp.test 300 A  (cut)"),
    ROW("message-octets", ", \"octets\": \"81aF 0000 0000 0000 0000\"", NULL, A, UDP,
        "1234 qr rd ra 15; -; -"),
    ROW("message-octets", ", \"octets\": \"4321 8180 00000000 00000000\", \"id\": false", NULL,
        AAAA, TCP, "4321 qr rd ra 0; -; -"),
    ROW("message-octets", ", \"octets\": \"8380 0000 0000 0000 0000\"", NULL, A, UDP,
        "1234 qr tc rd ra 0; -; -"),
    ROW("message-octets", ", \"octets\": \"\"", NULL, A, TCP, " (cut)"),
    ROW("compression-loop", "", NULL, A, UDP, HEAD(0) QUESTION "ocsp.test 0 CNAME (loop)"),
    ROW("compression-loop", "", NULL, AAAA, TCP, HEAD(0) QUESTION_6 "ocsp.test 0 CNAME (loop)"),
    ROW("compression-loop", ", \"form\": \"cycle\"", NULL, A, UDP,
        HEAD(0) QUESTION "ocsp.test 0 CNAME (loop), ocsp.test 0 CNAME (loop)"),
    ROW("compression-loop", ", \"where\": \"owner\"", NULL, A, UDP,
        HEAD(0) QUESTION "(loop) 0 A 127.0.0.1"),
    ROW("compression-loop", ", \"where\": \"owner\", \"form\": \"cycle\"", NULL, AAAA, UDP,
        HEAD(0) QUESTION_6 "(loop) 0 AAAA ::1, (loop) 0 AAAA ::1"),

    ROW("wrong-address", "", NULL, A, UDP, HEAD(0) QUESTION DEAD),
    ROW("wrong-address", "", NULL, AAAA, UDP, HEAD(0) QUESTION_6 "-" SOA),
    ROW("wrong-address", "", NULL, TXT, UDP, HEAD(0) "ocsp.test TXT; -" SOA, .healthy = true),
    ROW("wrong-address", ", \"values\": [\"127.0.0.8\", \"::2\", \"127.0.0.9\"]", NULL, A, TCP,
        HEAD(0) QUESTION "ocsp.test 300 A 127.0.0.8, ocsp.test 300 A 127.0.0.9"),
    ROW("wrong-address", ", \"values\": [\"127.0.0.8\", \"::2\"]", NULL, AAAA, UDP,
        HEAD(0) QUESTION_6 "ocsp.test 300 AAAA ::2"),
    ROW("wrong-address", "", "no.test", A, UDP, HEAD(0) "no.test A; no.test 300 A 127.255.255.254"),
    ROW("wrong-address", "", "www.test", A, UDP,
        HEAD(0) "www.test A; www.test 300 CNAME ocsp.test, " DEAD),
    ROW("wrong-address", "", "cdn.test", A, UDP,
        HEAD(0) "cdn.test A; cdn.test 9 A 127.255.255.254"),
    ROW("wrong-address", ", \"values\": [\"::2\"]", "far.test", AAAA, UDP,
        HEAD(0) "far.test AAAA; far.test 300 CNAME cdn.test, cdn.test 300 AAAA ::2"),
    ROW("mixed-addresses", "", NULL, A, UDP, HEAD(0) QUESTION DEAD ", " OWN),
    ROW("mixed-addresses", "", NULL, AAAA, UDP, HEALTHY_6, .healthy = true),
    ROW("mixed-addresses", "", "no.test", AAAA, UDP, HEAD(0) "no.test AAAA; -" SOA),
    ROW("mixed-addresses", ", \"dead\": [\"::8\", \"127.0.0.8\"]", NULL, AAAA, TCP,
        HEAD(0) QUESTION_6 "ocsp.test 300 AAAA ::8, " OWN_6),

    ROW("cname-single", "", NULL, A, UDP,
        HEAD(0) QUESTION "ocsp.test 300 CNAME alias.ocsp.test, alias.ocsp.test 300 A 127.0.0.5"),
    ROW("cname-single", "", "alias.ocsp.test", A, UDP,
        HEAD(0) "alias.ocsp.test A; alias.ocsp.test 300 A 127.0.0.5"),
    ROW("cname-single", ", \"target\": \"cdn.test\"", NULL, A, TCP,
        HEAD(0) QUESTION "ocsp.test 300 CNAME cdn.test, cdn.test 9 A 127.0.0.7"),
    ROW("cname-single", ", \"target\": \"cdn.test\"", "cdn.test", A, UDP,
        HEAD(0) "cdn.test A; cdn.test 9 A 127.0.0.7", .healthy = true),
    ROW("cname-single", ", \"target\": \"other.example\"", NULL, A, UDP,
        HEAD(0) QUESTION "ocsp.test 300 CNAME other.example, other.example 300 A 127.0.0.5"),
    ROW("cname-single", ", \"in_message\": false", NULL, AAAA, UDP,
        HEAD(0) QUESTION_6 "ocsp.test 300 CNAME alias.ocsp.test"),
    ROW("cname-single", "", "no.test", A, UDP,
        HEAD(0) "no.test A; no.test 300 CNAME alias.no.test / no.test 60 SOA ns.invalid"),
    ROW("cname-chain", ", \"n\": 2", NULL, A, UDP,
        HEAD(0) QUESTION "ocsp.test 300 CNAME c1.ocsp.test, c1.ocsp.test 300 CNAME c2.ocsp.test, "
                         "c2.ocsp.test 300 A 127.0.0.5"),
    ROW("cname-chain", ", \"n\": 2", "c1.OCSP.test", AAAA, TCP,
        HEAD(
            0) "c1.OCSP.test AAAA; c1.OCSP.test 300 CNAME c2.OCSP.test, c2.OCSP.test 300 AAAA ::5"),
    ROW("cname-chain", ", \"n\": 2, \"in_message\": false", NULL, A, UDP,
        HEAD(0) QUESTION "ocsp.test 300 CNAME c1.ocsp.test"),
    ROW("cname-chain", ", \"n\": 2, \"in_message\": false", "c1.ocsp.test", A, UDP,
        HEAD(0) "c1.ocsp.test A; c1.ocsp.test 300 CNAME c2.ocsp.test"),
    ROW("cname-chain", ", \"n\": 2, \"in_message\": false", "c2.ocsp.test", A, UDP,
        HEAD(0) "c2.ocsp.test A; c2.ocsp.test 300 A 127.0.0.5"),
    ROW("cname-loop", "", NULL, A, UDP,
        HEAD(0) QUESTION
        "ocsp.test 300 CNAME loop1.ocsp.test, loop1.ocsp.test 300 CNAME ocsp.test"),
    ROW("cname-loop", ", \"length\": 1", NULL, AAAA, TCP,
        HEAD(0) QUESTION_6 "ocsp.test 300 CNAME ocsp.test"),
    ROW("cname-loop", "", "loop1.ocsp.test", A, UDP,
        HEAD(0) "loop1.ocsp.test A; loop1.ocsp.test 300 CNAME ocsp.test, "
                "ocsp.test 300 CNAME loop1.ocsp.test"),
    ROW("cname-loop", ", \"length\": 3, \"in_message\": false", "loop2.ocsp.test", A, UDP,
        HEAD(0) "loop2.ocsp.test A; loop2.ocsp.test 300 CNAME ocsp.test"),

    ROW("ttl-zero", "", NULL, A, UDP, HEAD(0) QUESTION "ocsp.test 0 A 127.0.0.5"),
    ROW("ttl-zero", "", "no.test", AAAA, TCP, HEAD(3) "no.test AAAA; - / test 0 SOA ns.invalid"),
    ROW("ttl-short-then-change", "", NULL, A, UDP, HEAD(0) QUESTION "ocsp.test 5 A 127.0.0.5"),
    ROW("ttl-short-then-change", "", NULL, A, UDP, HEAD(0) QUESTION "ocsp.test 5 A 127.0.0.5",
        .before = 2, .later = 4),
    ROW("ttl-short-then-change", "", NULL, A, UDP, HEAD(0) QUESTION "ocsp.test 5 A 127.255.255.254",
        .before = 2, .later = 5),
    ROW("ttl-short-then-change", ", \"ttl\": 7, \"values\": [\"::9\"]", NULL, AAAA, TCP,
        HEAD(0) QUESTION_6 "ocsp.test 7 AAAA ::9", .before = 1, .later = 7),
    ROW("ttl-short-then-change", "", NULL, TXT, UDP, HEAD(0) "ocsp.test TXT; -" SOA,
        .healthy = true, .before = 1, .later = 9),
    ROW("answer-change", "", NULL, A, UDP, HEALTHY, .healthy = true),
    ROW("answer-change", "", NULL, A, UDP, HEAD(0) QUESTION DEAD, .before = 1),
    ROW("answer-change", ", \"n\": 0, \"values\": [\"::9\"]", NULL, AAAA, TCP,
        HEAD(0) QUESTION_6 "ocsp.test 300 AAAA ::9"),
    ROW("error-then-address", "", NULL, A, UDP, ERROR(2)),
    ROW("error-then-address", "", NULL, A, UDP, HEALTHY, .healthy = true, .before = 1),
    ROW("error-then-address", ", \"n\": 3, \"rcode\": 5", NULL, A, TCP, ERROR(5), .before = 2),
    ROW("address-then-error", "", NULL, A, UDP, HEALTHY, .healthy = true),
    ROW("address-then-error", ", \"rcode\": 3", NULL, A, UDP, HEAD(3) QUESTION "-" SOA,
        .before = 1),
    ROW("address-then-error", ", \"n\": 0", NULL, A, TCP, ERROR(2)),
};

#define NROWS (sizeof(rows) / sizeof(rows[0]))

/* "all", or "nothing" and "all after 2000 ms", or how it ends, and what becomes of the listener. */
static const char *delivery_of(const dns_exchange *x)
{
    static const char *const ends[] = {[DELIVERY_KEEP] = "",
                                       [DELIVERY_FIN] = ", fin",
                                       [DELIVERY_RST] = ", reset",
                                       [DELIVERY_HOLD] = ", hold"};
    const delivery *d = &x->delivery;
    const size_t now = delivery_due(d, 0);
    static char text[128];
    char then[64] = "";

    assert_true(d->cut == 0 || d->cut == d->wire.length);
    if (now < d->cut) {
        const int64_t ms = delivery_next(d, now);

        assert_int_equal(delivery_due(d, ms - 1), now);
        assert_int_equal(delivery_due(d, ms), d->cut);
        snprintf(then, sizeof(then), ", all after %lld ms", (long long)ms);
    }
    snprintf(text, sizeof(text), "%s%s%s%s", now == 0 ? "nothing" : "all", then, ends[d->end],
             x->refuse ? ", refuse" : "");
    return text;
}

static const char *message_of(const dns_exchange *x, bool tcp, reader *r)
{
    const octets *wire = &x->delivery.wire;

    if (!tcp) {
        assert_int_equal(x->delivery.head, 0);
        return reader_read(r, wire->data, wire->length);
    }
    assert_int_equal(x->delivery.head, 2);
    assert_int_equal(wire->data[0] << 8 | wire->data[1], wire->length - 2);
    return reader_read(r, wire->data + 2, wire->length - 2);
}

/* The event that is to follow, by what the delivery does. */
static json_t *outcome_of(dns_exchange *x)
{
    if (x->refuse) {
        json_decref(dns_exchange_refused(x));
    }
    if (x->delivery.cut > 0) {
        return dns_exchange_sent(x);
    }
    if (x->delivery.end == DELIVERY_HOLD) {
        return dns_exchange_held(x, true);
    }
    return x->delivery.end == DELIVERY_RST ? dns_exchange_reset(x)
                                           : dns_exchange_dropped(x, DNS_EXCHANGE_FAULT);
}

/* What the row's last query gets; the message and the delivery, as text. */
static void carry_out(bench *l, const row *one, dns_exchange *x)
{
    const query q = query_of(one->name == NULL ? "ocsp.test" : one->name, one->type);
    char uses[512];
    problem p;

    snprintf(uses, sizeof(uses), "{\"fault\": \"%s\"%s}", one->fault, one->params);
    if (bench_rules(l, uses, &p) != 0) {
        fail_msg("%s: %s: %s", uses, p.pointer, p.detail);
    }
    for (unsigned i = 0; i < one->before; i++) {
        bench_exchange(l, &q, one->tcp, NOW, x);
        dns_exchange_clear(x);
    }
    bench_exchange(l, &q, one->tcp, NOW + one->later, x);
}

/* Whether octets and delivery are what the row says; complains if not and asked to. */
static bool row_holds(const row *one, const primitive *const *primitives, bool complain)
{
    static reader r;
    const char *wanted = one->delivery == NULL ? "all" : one->delivery, *message, *way;
    dns_exchange x;
    bool holds;
    bench l;

    bench_begin(&l, primitives);
    carry_out(&l, one, &x);
    message = message_of(&x, one->tcp, &r);
    way = delivery_of(&x);
    holds = strcmp(message, one->message) == 0 && strcmp(way, wanted) == 0;
    if (!holds && complain) {
        print_error("%s%s, %zu:\n  \"%s\" (%s), not\n  \"%s\" (%s)\n", one->fault, one->params,
                    (size_t)(one - rows), message, way, one->message, wanted);
    }
    dns_exchange_clear(&x);
    bench_end(&l);
    return holds;
}

static void each_fault_does_what_it_says(void **state)
{
    bool all = true;

    (void)state;
    for (size_t i = 0; i < NROWS; i++) {
        all = row_holds(&rows[i], dns_fault_primitives, true) && all;
    }
    assert_true(all);
}

/* Until an event of its outcome is written nothing is told, and then once. */
static void each_fault_is_told_when_it_has_happened(void **state)
{
    (void)state;
    for (size_t i = 0; i < NROWS; i++) {
        const row *one = &rows[i];
        dns_exchange x;
        json_t *event;
        bench l;

        bench_begin(&l, dns_fault_primitives);
        carry_out(&l, one, &x);
        assert_null(json_object_get(bench_event(&l, "query"), "faults"));
        if (delivery_due(&x.delivery, 0) < x.delivery.cut) {
            event = dns_exchange_held(&x, false);
        } else {
            event = outcome_of(&x);
        }
        if (strcmp(texts_of(json_object_get(event, "faults")),
                   one->healthy || one->untold ? "" : one->fault) != 0) {
            fail_msg("%s, row %zu: told: %s", one->fault, i,
                     texts_of(json_object_get(event, "faults")));
        }
        json_decref(event);
        if (x.about != NULL) {
            event = outcome_of(&x);
            assert_int_equal(json_array_size(json_object_get(event, "faults")), 0);
            json_decref(event);
        }
        assert_null(bench_event(&l, "problem"));
        dns_exchange_clear(&x);
        bench_end(&l);
    }
}

static void each_fault_has_a_row_and_a_source(void **state)
{
    (void)state;
    for (const fault_line *line = dns_fault_lines; line->name != NULL; line++) {
        bool proven = false;

        for (size_t i = 0; i < NROWS; i++) {
            proven = proven || (strcmp(rows[i].fault, line->name) == 0 && !rows[i].healthy &&
                                !rows[i].untold);
        }
        if (!proven) {
            fail_msg("no row of the table proves %s", line->name);
        }
        assert_non_null(line->source);
    }
}

/* ----- what a row is worth ----- */

#define PRIMITIVES_MAX 64

static effect does_nothing(primitive_call *call)
{
    (void)call;
    return EFFECT_DONE;
}

/* The primitives, of which that one (NULL: each) only says that it has done something. */
typedef struct {
    primitive copies[PRIMITIVES_MAX];
    const primitive *list[PRIMITIVES_MAX + 1];
} lazy_primitives;

static void make_lazy(lazy_primitives *l, const primitive *which)
{
    memset(l, 0, sizeof(*l));
    for (size_t i = 0; dns_fault_primitives[i] != NULL; i++) {
        assert_true(i < PRIMITIVES_MAX);
        l->copies[i] = *dns_fault_primitives[i];
        if (which == NULL || which == dns_fault_primitives[i]) {
            l->copies[i].act = does_nothing;
        }
        l->list[i] = &l->copies[i];
    }
}

static void no_row_holds_when_nothing_is_done(void **state)
{
    static lazy_primitives lazy;

    (void)state;
    make_lazy(&lazy, NULL);
    for (size_t i = 0; i < NROWS; i++) {
        if (row_holds(&rows[i], lazy.list, false) != rows[i].healthy) {
            fail_msg("%s, row %zu, cannot tell whether anything is done", rows[i].fault, i);
        }
    }
}

static void each_primitive_of_a_fault_is_needed(void **state)
{
    static lazy_primitives lazy;
    bench l;

    (void)state;
    bench_begin(&l, dns_fault_primitives);
    for (size_t i = 0; i < catalogue_count(l.faults); i++) {
        const fault *f = catalogue_at(l.faults, i);

        for (size_t part = 0; part < f->nparts; part++) {
            bool needed = false;

            make_lazy(&lazy, f->parts[part].primitive);
            for (size_t k = 0; k < NROWS && !needed; k++) {
                needed = strcmp(rows[k].fault, f->line->name) == 0 &&
                         !row_holds(&rows[k], lazy.list, false);
            }
            if (!needed) {
                fail_msg("no row of %s needs %s", f->line->name, f->parts[part].primitive->name);
            }
        }
    }
    bench_end(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_does_what_it_says),
        cmocka_unit_test(each_fault_is_told_when_it_has_happened),
        cmocka_unit_test(each_fault_has_a_row_and_a_source),
        cmocka_unit_test(no_row_holds_when_nothing_is_done),
        cmocka_unit_test(each_primitive_of_a_fault_is_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
