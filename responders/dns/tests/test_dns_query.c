/* The query parser: what resolvers send, and everything that is nearly that. */
#include "harness/base/tests/cm.h"

#include <string.h>

#include "responders/dns/codec/dns_query.h"
#include "responders/dns/codec/dns_type.h"

/* ID 0x1234, RD, one question: ocsp.test A IN. */
static const uint8_t plain[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
                               "\x04ocsp\x04test\x00\x00\x01\x00\x01";
#define PLAIN_SIZE (sizeof(plain) - 1)

/* OPT: root, type 41, 1232 octets, version 0, no options. */
static const uint8_t opt[] = "\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00";
#define OPT_SIZE (sizeof(opt) - 1)

typedef struct {
    uint8_t octets[512];
    size_t length;
} message;

static message query(void)
{
    message m = {.length = PLAIN_SIZE};

    memcpy(m.octets, plain, PLAIN_SIZE);
    return m;
}

static void append(message *m, const void *data, size_t length)
{
    memcpy(m->octets + m->length, data, length);
    m->length += length;
}

static message query_with_opt(void)
{
    message m = query();

    append(&m, opt, OPT_SIZE);
    m.octets[11] = 1;
    return m;
}

static dns_query parse(const message *m)
{
    dns_query q;
    problem p;

    assert_int_equal(dns_query_parse((span){m->octets, m->length}, &q, &p), 0);
    return q;
}

static dns_query assert_refused(const message *m, const char *why)
{
    dns_query q;
    problem p;

    assert_int_equal(dns_query_parse((span){m->octets, m->length}, &q, &p), -1);
    assert_string_equal(p.detail, why);
    return q;
}

static void assert_rejected(const message *m, uint8_t rcode, const char *why)
{
    const dns_query q = assert_refused(m, why);

    assert_false(q.ignored);
    assert_int_equal(q.rcode, rcode);
    assert_int_equal(q.id, 0x1234);
}

static void parses_what_nginx_sends(void **state)
{
    char text[DNS_NAME_TEXT_SIZE];
    message m = query();
    dns_query q;

    (void)state;
    q = parse(&m);
    assert_int_equal(q.id, 0x1234);
    assert_true(q.rd);
    assert_int_equal(q.type, DNS_TYPE_A);
    assert_int_equal(q.class, DNS_CLASS_IN);
    assert_false(q.edns);
    assert_int_equal(q.udp_size, DNS_UDP_SIZE);
    dns_name_to_text(&q.name, text);
    assert_string_equal(text, "ocsp.test");
}

static void parses_edns(void **state)
{
    message m = query_with_opt();
    dns_query q;

    (void)state;
    q = parse(&m);
    assert_true(q.edns);
    assert_int_equal(q.version, 0);
    assert_int_equal(q.udp_size, 1232);

    /* values below 512 mean 512 (RFC 6891 6.2.3) */
    m.octets[PLAIN_SIZE + 3] = 0;
    m.octets[PLAIN_SIZE + 4] = 100;
    m.octets[PLAIN_SIZE + 6] = 1;
    q = parse(&m);
    assert_int_equal(q.udp_size, DNS_UDP_SIZE);
    assert_int_equal(q.version, 1);
}

static void ignores_what_is_no_query(void **state)
{
    message m = query();

    (void)state;
    m.octets[2] |= 0x80;
    assert_true(assert_refused(&m, "a response, not a query").ignored);
    m = query();
    for (m.length = 0; m.length < DNS_HEADER_SIZE; m.length++) {
        assert_true(assert_refused(&m, "shorter than a header").ignored);
    }
}

static void rejects_other_opcodes(void **state)
{
    message m = query();
    unsigned opcode;

    (void)state;
    for (opcode = 1; opcode < 16; opcode++) {
        m.octets[2] = (uint8_t)(opcode << 3);
        assert_rejected(&m, DNS_RCODE_NOTIMP, "opcode is not QUERY");
    }
}

static void rejects_wrong_counts(void **state)
{
    message m = query();

    (void)state;
    m.octets[5] = 0;
    assert_rejected(&m, DNS_RCODE_FORMERR, "not exactly one question");
    m.octets[5] = 2;
    assert_rejected(&m, DNS_RCODE_FORMERR, "not exactly one question");
    m = query();
    m.octets[7] = 1;
    assert_rejected(&m, DNS_RCODE_FORMERR, "records in the answer or authority section of a query");
    m = query();
    m.octets[8] = 1;
    assert_rejected(&m, DNS_RCODE_FORMERR, "records in the answer or authority section of a query");
    m = query();
    m.octets[11] = 1;
    assert_rejected(&m, DNS_RCODE_FORMERR, "name runs past the end of the message");
}

static void rejects_every_cut(void **state)
{
    message m = query_with_opt();
    dns_query q;
    problem p;

    (void)state;
    for (size_t length = DNS_HEADER_SIZE; length < m.length; length++) {
        assert_int_equal(dns_query_parse((span){m.octets, length}, &q, &p), -1);
        assert_false(q.ignored);
        assert_int_equal(q.rcode, DNS_RCODE_FORMERR);
    }
    parse(&m);
}

static void rejects_compression_in_the_question(void **state)
{
    message m = query();

    (void)state;
    m.octets[DNS_HEADER_SIZE + 5] = 0xc0;
    m.octets[DNS_HEADER_SIZE + 6] = 0x00;
    assert_rejected(&m, DNS_RCODE_FORMERR, "compression pointer where none is allowed");
}

static void rejects_trailing_octets(void **state)
{
    message m = query();

    (void)state;
    append(&m, "", 1);
    assert_rejected(&m, DNS_RCODE_FORMERR, "trailing octets after the last record");
}

static void rejects_bad_opt(void **state)
{
    message m = query_with_opt();

    (void)state;
    append(&m, opt, OPT_SIZE);
    m.octets[11] = 2;
    assert_rejected(&m, DNS_RCODE_FORMERR, "more than one OPT record");

    m = query();
    m.octets[11] = 1;
    append(&m, "\1x", 2);
    append(&m, opt, OPT_SIZE);
    assert_rejected(&m, DNS_RCODE_FORMERR, "OPT record is not owned by the root");

    m = query_with_opt();
    m.octets[m.length - 1] = 1;
    assert_rejected(&m, DNS_RCODE_FORMERR, "RDLENGTH runs past the end of the message");
    append(&m, "x", 1);
    parse(&m);
}

static void skips_other_additional_records(void **state)
{
    message m = query();

    (void)state;
    m.octets[11] = 2;
    /* owned by the question's name, by way of a pointer */
    append(&m, "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04\x7f\x00\x00\x01", 16);
    append(&m, opt, OPT_SIZE);
    parse(&m);

    /* and by a pointer to itself */
    m.octets[PLAIN_SIZE + 1] = PLAIN_SIZE;
    assert_rejected(&m, DNS_RCODE_FORMERR, "compression pointer does not point backwards");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_what_nginx_sends),
        cmocka_unit_test(parses_edns),
        cmocka_unit_test(ignores_what_is_no_query),
        cmocka_unit_test(rejects_other_opcodes),
        cmocka_unit_test(rejects_wrong_counts),
        cmocka_unit_test(rejects_every_cut),
        cmocka_unit_test(rejects_compression_in_the_question),
        cmocka_unit_test(rejects_trailing_octets),
        cmocka_unit_test(rejects_bad_opt),
        cmocka_unit_test(skips_other_additional_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
