/* The encoder: octets of known responses, compression, and what happens when it does not fit. */
#include "harness/base/tests/cm.h"

#include <stdio.h>
#include <string.h>

#include "responders/dns/codec/dns_query.h"
#include "responders/dns/codec/dns_type.h"
#include "responders/dns/encode.h"
#include "responders/dns/model.h"

static octets out;

static int empty(void **state)
{
    (void)state;
    octets_free(&out);
    return 0;
}

static void encode(dns_response *r, size_t limit)
{
    octets_cut(&out, 0);
    dns_encode(r, limit, &out);
}

static dns_name name_of(const char *text)
{
    dns_name name;
    problem p;

    assert_int_equal(dns_name_from_text(text, &name, &p), 0);
    return name;
}

static dns_address address_of(const char *text)
{
    dns_address address;

    assert_true(dns_address_from_text(text, &address));
    return address;
}

static void add_address(dns_section *section, const dns_name *owner, uint32_t ttl, const char *text)
{
    const dns_address address = address_of(text);

    dns_section_add_address(section, owner, ttl, &address);
}

static dns_response response_to(const char *name)
{
    return (dns_response){.id = 0x1234,
                          .qr = true,
                          .aa = true,
                          .rd = true,
                          .ra = true,
                          .question = true,
                          .name = name_of(name),
                          .type = DNS_TYPE_A,
                          .class = DNS_CLASS_IN};
}

static void assert_octets(const char *wanted, size_t length)
{
    assert_int_equal(out.length, length);
    assert_memory_equal(out.data, wanted, length);
}

static void encodes_an_address(void **state)
{
    static const char wanted[] = "\x12\x34\x85\x80\0\1\0\1\0\0\0\0"
                                 "\4ocsp\4Test\0\0\1\0\1"
                                 "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\x7f\0\0\5";
    dns_response r = response_to("ocsp.Test");

    (void)state;
    add_address(&r.answer, &r.name, 300, "127.0.0.5");
    encode(&r, DNS_UDP_SIZE);
    assert_octets(wanted, sizeof(wanted) - 1);
    assert_false(r.tc);
    dns_response_clear(&r);
}

static void compresses_aliases_and_soa(void **state)
{
    static const char cname[] = "\xc0\x0c\0\5\0\1\0\0\0\1\0\4\1b\xc0\x0e";
    static const char soa[] = "\xc0\x0e\0\6\0\1\0\0\0\x3c\0\x2d"
                              "\2ns\7invalid\0\nhostmaster\xc0";
    dns_name target = name_of("b.test");
    dns_response r = response_to("a.test");
    size_t at = DNS_HEADER_SIZE + 8 + 4;

    (void)state;
    dns_section_add_cname(&r.answer, &r.name, 1, &target);
    dns_section_add_soa(&r.authority, &r.name);
    encode(&r, DNS_UDP_SIZE);
    assert_memory_equal(out.data + at, cname, sizeof(cname) - 1);
    at += sizeof(cname) - 1;
    assert_memory_equal(out.data + at, soa, sizeof(soa) - 1);
    assert_int_equal(out.length, at + 12 + 0x2d);
    dns_response_clear(&r);
}

/* Letters count: the question must come back as it was asked, and so must other names. */
static void does_not_compress_across_case(void **state)
{
    dns_name other = name_of("OTHER.TEST");
    dns_response r = response_to("a.test");

    (void)state;
    add_address(&r.answer, &other, 0, "127.0.0.1");
    encode(&r, DNS_UDP_SIZE);
    assert_memory_equal(out.data + DNS_HEADER_SIZE + 12, "\5OTHER\4TEST\0", 12);
    dns_response_clear(&r);
}

static void encodes_flags_and_codes(void **state)
{
    static const char wanted[] = "\0\7\x2a\0\0\0\0\0\0\0\0\0";
    dns_response r = {.id = 7, .opcode = 5, .tc = true};

    (void)state;
    encode(&r, DNS_UDP_SIZE);
    assert_octets(wanted, sizeof(wanted) - 1);

    r = (dns_response){.qr = true, .rcode = 11};
    encode(&r, DNS_UDP_SIZE);
    assert_int_equal(out.data[2], 0x80);
    assert_int_equal(out.data[3], 11);
}

static void puts_upper_code_bits_into_opt(void **state)
{
    static const char opt[] = "\0\0\x29\x04\xd0\1\0\0\0\0\0";
    dns_response r = {.qr = true, .edns = true, .rcode = DNS_RCODE_BADVERS};

    (void)state;
    encode(&r, DNS_UDP_SIZE);
    assert_int_equal(out.length, DNS_HEADER_SIZE + sizeof(opt) - 1);
    assert_int_equal(out.data[3] & 0x0f, 0);
    assert_int_equal(out.data[11], 1);
    assert_memory_equal(out.data + DNS_HEADER_SIZE, opt, sizeof(opt) - 1);
}

static void add_addresses(dns_response *r, size_t count)
{
    while (count-- > 0) {
        add_address(&r->answer, &r->name, 300, "127.0.0.1");
    }
}

static void truncates_what_does_not_fit(void **state)
{
    dns_response r = response_to("ocsp.test");
    const size_t bare = DNS_HEADER_SIZE + 11 + 4;

    (void)state;
    add_addresses(&r, (DNS_UDP_SIZE - bare) / 16);
    encode(&r, DNS_UDP_SIZE);
    assert_false(r.tc);
    assert_int_equal(out.length, bare + (DNS_UDP_SIZE - bare) / 16 * 16);

    add_addresses(&r, 1);
    r.edns = true;
    encode(&r, DNS_UDP_SIZE);
    assert_true(r.tc);
    assert_int_equal(out.length, bare + 11);
    assert_int_equal(out.data[2] & 0x02, 0x02);
    assert_memory_equal(out.data + 4, "\0\1\0\0\0\0\0\1", 8);
    assert_int_equal(r.answer.count, 0);
    dns_response_clear(&r);
}

static void truncates_at_the_end_of_a_message(void **state)
{
    dns_response r = response_to("ocsp.test");

    (void)state;
    add_addresses(&r, 4200);
    encode(&r, 1000000);
    assert_true(r.tc);
    assert_int_equal(out.length, DNS_HEADER_SIZE + 11 + 4);
    dns_response_clear(&r);
}

static void writes_an_owner_that_points(void **state)
{
    dns_response r = response_to("a.test");

    (void)state;
    add_addresses(&r, 1);
    r.answer.list[0].owner_points = true;
    r.answer.list[0].owner_at = 0x1abc;
    encode(&r, DNS_UDP_SIZE);
    assert_memory_equal(out.data + DNS_HEADER_SIZE + 12, "\xda\xbc\0\1", 4);
    dns_response_clear(&r);
}

/* Offsets beyond 14 bits cannot be pointed to: such names are written out. */
static void points_no_further_than_it_can(void **state)
{
    dns_name late = name_of("late.example"), read;
    dns_response r = response_to("a.test");
    problem p;
    size_t at;

    (void)state;
    add_addresses(&r, 1100);
    add_address(&r.answer, &late, 0, "127.0.0.1");
    add_address(&r.answer, &late, 0, "127.0.0.1");
    encode(&r, DNS_MESSAGE_MAX);
    assert_false(r.tc);
    at = out.length - 14 - late.length;
    assert_int_equal(dns_name_parse(octets_span(&out), &at, true, &read, &p), 0);
    assert_true(dns_name_equal(&read, &late));
    dns_response_clear(&r);
}

/* Of more names than are remembered the rest is written out, and can be read all the same. */
static void writes_names_that_it_does_not_remember(void **state)
{
    dns_response r = response_to("a.test");
    dns_name name = r.name, next, read;
    size_t at = DNS_HEADER_SIZE + 12;
    char label[16];
    problem p;

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(label, sizeof(label), "c%d", i);
        assert_true(dns_name_prepend(label, &r.name, &next));
        dns_section_add_cname(&r.answer, &name, 0, &next);
        name = next;
    }
    encode(&r, DNS_MESSAGE_MAX);
    for (size_t i = 0; i < r.answer.count; i++) {
        assert_int_equal(dns_name_parse(octets_span(&out), &at, true, &read, &p), 0);
        assert_true(dns_name_equal(&read, &r.answer.list[i].owner));
        at += 10;
        assert_int_equal(dns_name_parse(octets_span(&out), &at, true, &read, &p), 0);
        assert_true(dns_name_equal(&read, &r.answer.list[i].names[0]));
    }
    assert_int_equal(at, out.length);
    dns_response_clear(&r);
}

/* The name's own labels must not be taken for the name that is asked for next. */
static void compresses_names_that_repeat_a_label(void **state)
{
    static const char wanted[] = "\1a\1a\1a\0";
    dns_response r = response_to("a.a.a");

    (void)state;
    encode(&r, DNS_UDP_SIZE);
    assert_memory_equal(out.data + DNS_HEADER_SIZE, wanted, sizeof(wanted) - 1);
    assert_int_equal(out.length, DNS_HEADER_SIZE + sizeof(wanted) - 1 + 4);
    dns_response_clear(&r);
}

static void writes_other_octets_instead(void **state)
{
    dns_response r = response_to("a.test");

    (void)state;
    r.other = (span){(const uint8_t *)"echo", 4};
    encode(&r, DNS_UDP_SIZE);
    assert_octets("echo", 4);
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
        cmocka_unit_test(writes_names_that_it_does_not_remember),
        cmocka_unit_test(compresses_names_that_repeat_a_label),
        cmocka_unit_test(writes_other_octets_instead),
    };

    return cmocka_run_group_tests(tests, NULL, empty);
}
