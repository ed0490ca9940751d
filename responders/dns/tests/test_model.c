/* The structure of a response: words for its records, and what makes two of them differ. */
#include "harness/base/tests/cm.h"

#include <stdlib.h>

#include "responders/dns/codec/dns_type.h"
#include "responders/dns/model.h"

static dns_name name_of(const char *text)
{
    dns_name name;
    problem p;

    assert_int_equal(dns_name_from_text(text, &name, &p), 0);
    return name;
}

static void add_address(dns_section *section, const dns_name *owner, const char *text)
{
    dns_address address;

    assert_true(dns_address_from_text(text, &address));
    dns_section_add_address(section, owner, 300, &address);
}

static void reads_addresses(void **state)
{
    char text[DNS_ADDRESS_TEXT_SIZE];
    dns_address address;

    (void)state;
    assert_true(dns_address_from_text("127.0.0.1", &address));
    assert_int_equal(dns_address_type(&address), DNS_TYPE_A);
    assert_true(dns_address_from_text("2001:DB8:0::1", &address));
    assert_int_equal(dns_address_type(&address), DNS_TYPE_AAAA);
    dns_address_to_text(&address, text);
    assert_string_equal(text, "2001:db8::1");
    assert_false(dns_address_from_text("127.0.0.256", &address));
    assert_false(dns_address_from_text("localhost", &address));
    assert_false(dns_address_from_text("", &address));
}

static void says_records_in_words(void **state)
{
    static const char *const wanted[] = {"a.test 300 A 127.0.0.1", "a.test 300 AAAA 2001:db8::1",
                                         "a.test 5 CNAME b.test", "a.test 7 TXT (0 octets)"};
    dns_name owner = name_of("a.test"), target = name_of("b.test");
    char text[DNS_RR_TEXT_SIZE];
    dns_section section = {0};

    (void)state;
    add_address(&section, &owner, "127.0.0.1");
    add_address(&section, &owner, "2001:db8:0::1");
    dns_section_add_cname(&section, &owner, 5, &target);
    dns_section_add(&section, &owner, 16, 7);
    for (size_t i = 0; i < section.count; i++) {
        dns_rr_to_text(&section.list[i], text);
        assert_string_equal(text, wanted[i]);
    }
    free(section.list);
}

static dns_response full(void)
{
    dns_response r = {.id = 1,
                      .qr = true,
                      .question = true,
                      .name = name_of("a.test"),
                      .type = DNS_TYPE_A,
                      .class = DNS_CLASS_IN,
                      .edns = true};
    const dns_name target = name_of("b.test");

    dns_section_add_cname(&r.answer, &r.name, 5, &target);
    add_address(&r.answer, &target, "127.0.0.1");
    dns_section_add_soa(&r.authority, &r.name);
    return r;
}

static void copies_are_equal_and_their_own(void **state)
{
    dns_response r = full(), copy;

    (void)state;
    dns_response_copy(&r, &copy);
    assert_true(dns_response_equal(&r, &copy));
    dns_section_empty(&copy.answer);
    assert_int_equal(r.answer.count, 2);
    assert_false(dns_response_equal(&r, &copy));
    dns_response_clear(&r);
    dns_response_clear(&copy);
}

/* Each line changes one thing in a copy, which must be seen. */
#define CHANGES(r)                                                                                 \
    C((r).id = 2)                                                                                  \
    C((r).qr = false)                                                                              \
    C((r).aa = true)                                                                               \
    C((r).tc = true)                                                                               \
    C((r).rd = true)                                                                               \
    C((r).ra = true)                                                                               \
    C((r).opcode = 1)                                                                              \
    C((r).rcode = 1)                                                                               \
    C((r).question = false)                                                                        \
    C((r).name.octets[1] = 'A')                                                                    \
    C((r).type = 2)                                                                                \
    C((r).class = 2)                                                                               \
    C((r).edns = false)                                                                            \
    C((r).other = ((span){(const uint8_t *)"x", 1}))                                               \
    C((r).other_behind_id = true)                                                                  \
    C((r).answer.count--)                                                                          \
    C((r).answer.list[0].owner.octets[1] = 'A')                                                    \
    C((r).answer.list[0].owner_points = true)                                                      \
    C((r).answer.list[0].owner_at = 1)                                                             \
    C((r).answer.list[0].type = 1)                                                                 \
    C((r).answer.list[0].class = 2)                                                                \
    C((r).answer.list[0].ttl = 6)                                                                  \
    C((r).answer.list[0].nnames = 0)                                                               \
    C((r).answer.list[0].names[0].octets[1] = 'B')                                                 \
    C((r).answer.list[0].names[0].length--)                                                        \
    C((r).answer.list[1].octets[3] = 2)                                                            \
    C((r).answer.list[1].noctets = 3)                                                              \
    C((r).authority.list[0].ttl = 0)

static void sees_every_change(void **state)
{
    dns_response r = full(), copy;

    (void)state;
#define C(change)                                                                                  \
    dns_response_copy(&r, &copy);                                                                  \
    change;                                                                                        \
    assert_false(dns_response_equal(&r, &copy));                                                   \
    dns_response_clear(&copy);
    CHANGES(copy)
#undef C
    dns_response_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_addresses),
        cmocka_unit_test(says_records_in_words),
        cmocka_unit_test(copies_are_equal_and_their_own),
        cmocka_unit_test(sees_every_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
