/* The encoder: octets of known answers, compression, and what happens when it does not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "responders/dns/codec/dns_query.h"
#include "responders/dns/codec/dns_type.h"
#include "responders/dns/model.h"

static dns_octets out;

static dns_name name_of(const char *text)
{
    dns_name name;

    assert_null(dns_name_from_text(text, &name));
    return name;
}

static dns_reply reply_to(const char *name)
{
    return (dns_reply){.id = 0x1234,
                       .qr = true,
                       .aa = true,
                       .rd = true,
                       .ra = true,
                       .question = true,
                       .name = name_of(name),
                       .type = DNS_TYPE_A,
                       .class = DNS_CLASS_IN};
}

static void assert_octets(const char *octets, size_t length)
{
    assert_int_equal(out.length, length);
    assert_memory_equal(out.data, octets, length);
}

static void encodes_an_address(void **state)
{
    static const char wanted[] = "\x12\x34\x85\x80\0\1\0\1\0\0\0\0"
                                 "\4ocsp\4Test\0\0\1\0\1"
                                 "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\x7f\0\0\5";
    dns_reply r = reply_to("ocsp.Test");

    (void)state;
    assert_true(dns_section_add_address(&r.answer, &r.name, DNS_TYPE_A, 300, "127.0.0.5"));
    dns_reply_encode(&r, DNS_UDP_SIZE, &out);
    assert_octets(wanted, sizeof(wanted) - 1);
    assert_false(r.tc);
    dns_reply_clear(&r);
}

static void compresses_aliases_and_soa(void **state)
{
    static const char cname[] = "\xc0\x0c\0\5\0\1\0\0\0\1\0\4\1b\xc0\x0e";
    static const char soa[] = "\xc0\x0e\0\6\0\1\0\0\0\x3c\0\x2d"
                              "\2ns\7invalid\0\nhostmaster\xc0";
    dns_name target = name_of("b.test");
    dns_reply r = reply_to("a.test");
    size_t at = DNS_HEADER_SIZE + 8 + 4;

    (void)state;
    assert_true(dns_section_add_cname(&r.answer, &r.name, 1, &target));
    assert_true(dns_section_add_soa(&r.authority, &r.name));
    dns_reply_encode(&r, DNS_UDP_SIZE, &out);
    assert_memory_equal(out.data + at, cname, sizeof(cname) - 1);
    at += sizeof(cname) - 1;
    assert_memory_equal(out.data + at, soa, sizeof(soa) - 1);
    assert_int_equal(out.length, at + 12 + 0x2d);
    dns_reply_clear(&r);
}

/* Letters count: the question must come back as it was asked, and so must other names. */
static void does_not_compress_across_case(void **state)
{
    dns_name other = name_of("OTHER.TEST");
    dns_reply r = reply_to("a.test");

    (void)state;
    assert_true(dns_section_add_address(&r.answer, &other, DNS_TYPE_A, 0, "127.0.0.1"));
    dns_reply_encode(&r, DNS_UDP_SIZE, &out);
    assert_memory_equal(out.data + DNS_HEADER_SIZE + 12, "\5OTHER\4TEST\0", 12);
    dns_reply_clear(&r);
}

static void encodes_flags_and_codes(void **state)
{
    static const char wanted[] = "\0\7\x2a\0\0\0\0\0\0\0\0\0";
    dns_reply r = {.id = 7, .opcode = 5, .tc = true};

    (void)state;
    dns_reply_encode(&r, DNS_UDP_SIZE, &out);
    assert_octets(wanted, sizeof(wanted) - 1);

    r = (dns_reply){.qr = true, .rcode = 11};
    dns_reply_encode(&r, DNS_UDP_SIZE, &out);
    assert_int_equal(out.data[2], 0x80);
    assert_int_equal(out.data[3], 11);
}

static void puts_upper_code_bits_into_opt(void **state)
{
    static const char opt[] = "\0\0\x29\x04\xd0\1\0\0\0\0\0";
    dns_reply r = {.qr = true, .edns = true, .rcode = DNS_RCODE_BADVERS};

    (void)state;
    dns_reply_encode(&r, DNS_UDP_SIZE, &out);
    assert_int_equal(out.length, DNS_HEADER_SIZE + sizeof(opt) - 1);
    assert_int_equal(out.data[3] & 0x0f, 0);
    assert_int_equal(out.data[11], 1);
    assert_memory_equal(out.data + DNS_HEADER_SIZE, opt, sizeof(opt) - 1);
}

static void add_addresses(dns_reply *r, size_t count)
{
    while (count-- > 0) {
        assert_true(dns_section_add_address(&r->answer, &r->name, DNS_TYPE_A, 300, "127.0.0.1"));
    }
}

static void truncates_what_does_not_fit(void **state)
{
    dns_reply r = reply_to("ocsp.test");
    const size_t bare = DNS_HEADER_SIZE + 11 + 4;

    (void)state;
    add_addresses(&r, (DNS_UDP_SIZE - bare) / 16);
    dns_reply_encode(&r, DNS_UDP_SIZE, &out);
    assert_false(r.tc);
    assert_int_equal(out.length, bare + (DNS_UDP_SIZE - bare) / 16 * 16);

    add_addresses(&r, 1);
    r.edns = true;
    dns_reply_encode(&r, DNS_UDP_SIZE, &out);
    assert_true(r.tc);
    assert_int_equal(out.length, bare + 11);
    assert_int_equal(out.data[2] & 0x02, 0x02);
    assert_memory_equal(out.data + 4, "\0\1\0\0\0\0\0\1", 8);
    dns_reply_clear(&r);
}

static void truncates_at_the_end_of_a_message(void **state)
{
    dns_reply r = reply_to("ocsp.test");

    (void)state;
    add_addresses(&r, 4200);
    dns_reply_encode(&r, 1000000, &out);
    assert_true(r.tc);
    assert_int_equal(out.length, DNS_HEADER_SIZE + 11 + 4);
    dns_reply_clear(&r);
}

static void writes_an_owner_that_points(void **state)
{
    dns_reply r = reply_to("a.test");

    (void)state;
    add_addresses(&r, 1);
    r.answer.list[0].owner_points = true;
    r.answer.list[0].owner_at = 0x1abc;
    dns_reply_encode(&r, DNS_UDP_SIZE, &out);
    assert_memory_equal(out.data + DNS_HEADER_SIZE + 12, "\xda\xbc\0\1", 4);
    dns_reply_clear(&r);
}

/* Offsets beyond 14 bits cannot be pointed to: such names are written out. */
static void points_no_further_than_it_can(void **state)
{
    dns_name late = name_of("late.example"), read;
    dns_reply r = reply_to("a.test");
    const char *wrong;
    size_t at;

    (void)state;
    add_addresses(&r, 1100);
    assert_true(dns_section_add_address(&r.answer, &late, DNS_TYPE_A, 0, "127.0.0.1"));
    assert_true(dns_section_add_address(&r.answer, &late, DNS_TYPE_A, 0, "127.0.0.1"));
    dns_reply_encode(&r, DNS_MESSAGE_MAX, &out);
    assert_false(r.tc);
    at = out.length - 14 - late.length;
    wrong = dns_name_parse(out.data, out.length, &at, true, &read);
    assert_null(wrong);
    assert_true(dns_name_equal(&read, &late));
    dns_reply_clear(&r);
}

static void refuses_values_of_the_other_family(void **state)
{
    dns_reply r = reply_to("a.test");

    (void)state;
    assert_false(dns_section_add_address(&r.answer, &r.name, DNS_TYPE_A, 0, "::1"));
    assert_false(dns_section_add_address(&r.answer, &r.name, DNS_TYPE_AAAA, 0, "127.0.0.1"));
    assert_false(dns_section_add_address(&r.answer, &r.name, DNS_TYPE_A, 0, "localhost"));
    assert_int_equal(r.answer.count, 0);
    dns_reply_clear(&r);
}

static void says_records_in_words(void **state)
{
    dns_name target = name_of("b.test");
    char text[DNS_RR_TEXT_SIZE];
    dns_reply r = reply_to("a.test");

    (void)state;
    add_addresses(&r, 1);
    dns_section_add_address(&r.answer, &r.name, DNS_TYPE_AAAA, 0, "2001:db8:0::1");
    dns_section_add_cname(&r.answer, &r.name, 5, &target);
    dns_rr_to_text(&r.answer.list[0], text);
    assert_string_equal(text, "a.test 300 A 127.0.0.1");
    dns_rr_to_text(&r.answer.list[1], text);
    assert_string_equal(text, "a.test 0 AAAA 2001:db8::1");
    dns_rr_to_text(&r.answer.list[2], text);
    assert_string_equal(text, "a.test 5 CNAME b.test");
    dns_reply_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_an_address),
        cmocka_unit_test(compresses_aliases_and_soa),
        cmocka_unit_test(does_not_compress_across_case),
        cmocka_unit_test(encodes_flags_and_codes),
        cmocka_unit_test(puts_upper_code_bits_into_opt),
        cmocka_unit_test(truncates_what_does_not_fit),
        cmocka_unit_test(truncates_at_the_end_of_a_message),
        cmocka_unit_test(writes_an_owner_that_points),
        cmocka_unit_test(points_no_further_than_it_can),
        cmocka_unit_test(refuses_values_of_the_other_family),
        cmocka_unit_test(says_records_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
