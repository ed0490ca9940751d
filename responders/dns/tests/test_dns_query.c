/* The query parser: what resolvers send, and everything that is nearly that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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

static void append(message *m, const void *octets, size_t length)
{
    memcpy(m->octets + m->length, octets, length);
    m->length += length;
}

static message query_with_opt(void)
{
    message m = query();

    append(&m, opt, OPT_SIZE);
    m.octets[11] = 1;
    return m;
}

static void assert_result(const message *m, dns_query_result wanted, uint8_t wanted_rcode,
                          const char *wanted_why)
{
    const char *why;
    dns_query q;
    uint8_t rcode;

    assert_int_equal(dns_query_parse(m->octets, m->length, &q, &rcode, &why), wanted);
    if (wanted == DNS_QUERY_OK) {
        assert_null(why);
        return;
    }
    assert_string_equal(why, wanted_why);
    if (wanted == DNS_QUERY_REJECT) {
        assert_int_equal(rcode, wanted_rcode);
        assert_int_equal(q.id, 0x1234);
    }
}

static void parses_what_nginx_sends(void **state)
{
    char text[DNS_NAME_TEXT_SIZE];
    message m = query();
    const char *why;
    dns_query q;
    uint8_t rcode;

    (void)state;
    assert_int_equal(dns_query_parse(m.octets, m.length, &q, &rcode, &why), DNS_QUERY_OK);
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
    const char *why;
    dns_query q;
    uint8_t rcode;

    (void)state;
    assert_int_equal(dns_query_parse(m.octets, m.length, &q, &rcode, &why), DNS_QUERY_OK);
    assert_true(q.edns);
    assert_int_equal(q.version, 0);
    assert_int_equal(q.udp_size, 1232);

    /* values below 512 mean 512 (RFC 6891 6.2.3) */
    m.octets[PLAIN_SIZE + 3] = 0;
    m.octets[PLAIN_SIZE + 4] = 100;
    m.octets[PLAIN_SIZE + 6] = 1;
    assert_int_equal(dns_query_parse(m.octets, m.length, &q, &rcode, &why), DNS_QUERY_OK);
    assert_int_equal(q.udp_size, DNS_UDP_SIZE);
    assert_int_equal(q.version, 1);
}

static void ignores_what_is_no_query(void **state)
{
    message m = query();

    (void)state;
    m.octets[2] |= 0x80;
    assert_result(&m, DNS_QUERY_IGNORE, 0, "an answer, not a query");
    m = query();
    for (m.length = 0; m.length < DNS_HEADER_SIZE; m.length++) {
        assert_result(&m, DNS_QUERY_IGNORE, 0, "shorter than a header");
    }
}

static void rejects_other_opcodes(void **state)
{
    message m = query();
    unsigned opcode;

    (void)state;
    for (opcode = 1; opcode < 16; opcode++) {
        m.octets[2] = (uint8_t)(opcode << 3);
        assert_result(&m, DNS_QUERY_REJECT, DNS_RCODE_NOTIMP, "opcode is not QUERY");
    }
}

static void rejects_wrong_counts(void **state)
{
    message m = query();

    (void)state;
    m.octets[5] = 0;
    assert_result(&m, DNS_QUERY_REJECT, DNS_RCODE_FORMERR, "not exactly one question");
    m.octets[5] = 2;
    assert_result(&m, DNS_QUERY_REJECT, DNS_RCODE_FORMERR, "not exactly one question");
    m = query();
    m.octets[7] = 1;
    assert_result(&m, DNS_QUERY_REJECT, DNS_RCODE_FORMERR,
                  "records in the answer or authority section of a query");
    m = query();
    m.octets[8] = 1;
    assert_result(&m, DNS_QUERY_REJECT, DNS_RCODE_FORMERR,
                  "records in the answer or authority section of a query");
    m = query();
    m.octets[11] = 1;
    assert_result(&m, DNS_QUERY_REJECT, DNS_RCODE_FORMERR, "name runs past the end of the message");
}

static void rejects_every_cut(void **state)
{
    message m = query_with_opt();
    const char *why;
    size_t length;
    dns_query q;
    uint8_t rcode;

    (void)state;
    for (length = DNS_HEADER_SIZE; length < m.length; length++) {
        assert_int_equal(dns_query_parse(m.octets, length, &q, &rcode, &why), DNS_QUERY_REJECT);
        assert_int_equal(rcode, DNS_RCODE_FORMERR);
        assert_non_null(why);
    }
    assert_result(&m, DNS_QUERY_OK, 0, NULL);
}

static void rejects_compression_in_the_question(void **state)
{
    message m = query();

    (void)state;
    m.octets[DNS_HEADER_SIZE + 5] = 0xc0;
    m.octets[DNS_HEADER_SIZE + 6] = 0x00;
    assert_result(&m, DNS_QUERY_REJECT, DNS_RCODE_FORMERR,
                  "compression pointer where none is allowed");
}

static void rejects_octets_behind(void **state)
{
    message m = query();

    (void)state;
    append(&m, "", 1);
    assert_result(&m, DNS_QUERY_REJECT, DNS_RCODE_FORMERR, "octets behind the last record");
}

static void rejects_bad_opt(void **state)
{
    message m = query_with_opt();

    (void)state;
    append(&m, opt, OPT_SIZE);
    m.octets[11] = 2;
    assert_result(&m, DNS_QUERY_REJECT, DNS_RCODE_FORMERR, "more than one OPT record");

    m = query();
    m.octets[11] = 1;
    append(&m, "\1x", 2);
    append(&m, opt, OPT_SIZE);
    assert_result(&m, DNS_QUERY_REJECT, DNS_RCODE_FORMERR, "OPT record is not owned by the root");

    m = query_with_opt();
    m.octets[m.length - 1] = 1;
    assert_result(&m, DNS_QUERY_REJECT, DNS_RCODE_FORMERR,
                  "RDLENGTH runs past the end of the message");
    append(&m, "x", 1);
    assert_result(&m, DNS_QUERY_OK, 0, NULL);
}

static void skips_other_additional_records(void **state)
{
    message m = query();

    (void)state;
    m.octets[11] = 2;
    /* owned by the question's name, by way of a pointer */
    append(&m, "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04\x7f\x00\x00\x01", 16);
    append(&m, opt, OPT_SIZE);
    assert_result(&m, DNS_QUERY_OK, 0, NULL);

    /* and by a pointer to itself */
    m.octets[PLAIN_SIZE + 1] = PLAIN_SIZE;
    assert_result(&m, DNS_QUERY_REJECT, DNS_RCODE_FORMERR,
                  "compression pointer does not point backwards");
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
        cmocka_unit_test(rejects_octets_behind),
        cmocka_unit_test(rejects_bad_opt),
        cmocka_unit_test(skips_other_additional_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
