/* Domain names: limits of RFC 1035, compression that must end, text and back. */
#include "harness/base/tests/cm.h"

#include <string.h>

#include "responders/dns/codec/dns_name.h"

static void assert_parses(const uint8_t *message, size_t size, size_t at, size_t after,
                          const char *text)
{
    char out[DNS_NAME_TEXT_SIZE];
    dns_name name;
    problem p;

    assert_int_equal(dns_name_parse((span){message, size}, &at, true, &name, &p), 0);
    assert_int_equal(at, after);
    dns_name_to_text(&name, out);
    assert_string_equal(out, text);
}

static void assert_refused(const uint8_t *message, size_t size, size_t at, bool compression,
                           const char *why)
{
    dns_name name;
    problem p;

    assert_int_equal(dns_name_parse((span){message, size}, &at, compression, &name, &p), -1);
    assert_string_equal(p.detail, why);
}

static dns_name name_of(const char *text)
{
    dns_name name;
    problem p;

    assert_int_equal(dns_name_from_text(text, &name, &p), 0);
    return name;
}

static void assert_no_name(const char *text, const char *why)
{
    dns_name name;
    problem p;

    assert_int_equal(dns_name_from_text(text, &name, &p), -1);
    assert_string_equal(p.detail, why);
}

static void parses_plain_and_compressed_names(void **state)
{
    static const uint8_t message[] = "\3www\7example\0"
                                     "\4ocsp\300\4"
                                     "\300\15"
                                     "\0";

    (void)state;
    assert_parses(message, 23, 0, 13, "www.example");
    assert_parses(message, 23, 13, 20, "ocsp.example");
    assert_parses(message, 23, 20, 22, "ocsp.example");
    assert_parses(message, 23, 22, 23, ".");
}

static void refuses_pointers_that_do_not_go_back(void **state)
{
    static const char why[] = "compression pointer does not point backwards";

    (void)state;
    assert_refused((const uint8_t *)"\300\0", 2, 0, true, why);
    assert_refused((const uint8_t *)"\300\4\0\0\1a\0", 7, 0, true, why);
    /* a cycle of two, entered at the second one */
    assert_refused((const uint8_t *)"\300\2\300\0", 4, 2, true, why);
    /* a label and then a pointer to it: each round would add a label */
    assert_refused((const uint8_t *)"\1a\300\0\300\2", 6, 4, true, why);
    assert_refused((const uint8_t *)"\1a\300\0", 4, 0, true, why);
    assert_refused((const uint8_t *)"\377\377", 2, 0, true, why);
}

static void refuses_what_is_cut_or_reserved(void **state)
{
    (void)state;
    assert_refused((const uint8_t *)"", 0, 0, true, "name runs past the end of the message");
    assert_refused((const uint8_t *)"\1a", 2, 0, true, "name runs past the end of the message");
    assert_refused((const uint8_t *)"\3ab", 3, 0, true, "label runs past the end of the message");
    assert_refused((const uint8_t *)"\0\300", 2, 1, true, "compression pointer is cut");
    assert_refused((const uint8_t *)"\0\300\0", 3, 1, false,
                   "compression pointer where none is allowed");
    assert_refused((const uint8_t *)"\100a\0", 3, 0, true, "label of a reserved type");
    assert_refused((const uint8_t *)"\200a\0", 3, 0, true, "label of a reserved type");
}

/* Labels of 63 octets make 64 each: three of them and one of 61 are 255 with the root. */
static size_t longest(uint8_t *out, size_t last_label)
{
    size_t at = 0, i, length;

    for (i = 0; i < 4; i++) {
        length = i < 3 ? 63 : last_label;
        out[at++] = (uint8_t)length;
        memset(out + at, 'a', length);
        at += length;
    }
    out[at++] = 0;
    return at;
}

static void knows_the_longest_name(void **state)
{
    char text[DNS_NAME_TEXT_SIZE];
    uint8_t message[300];
    size_t size, at = 0;
    dns_name name, again;
    problem p;

    (void)state;
    size = longest(message, 61);
    assert_int_equal(size, DNS_NAME_MAX);
    assert_int_equal(dns_name_parse((span){message, size}, &at, false, &name, &p), 0);
    assert_int_equal(name.length, DNS_NAME_MAX);
    dns_name_to_text(&name, text);
    again = name_of(text);
    assert_true(dns_name_equal(&name, &again));

    size = longest(message, 62);
    assert_refused(message, size, 0, false, "name is longer than 255 octets");
}

/* Each of many names is short; only the sum of what the pointers lead to is too long. */
static void counts_what_pointers_lead_to(void **state)
{
    uint8_t message[400];
    size_t at = 0, start = 0, before;

    (void)state;
    message[at++] = 0;
    while (at < 330) {
        before = start;
        start = at;
        message[at++] = 20;
        memset(message + at, 'b', 20);
        at += 20;
        message[at++] = (uint8_t)(0xc0 | before >> 8);
        message[at++] = (uint8_t)before;
    }
    assert_refused(message, at, start, true, "name is longer than 255 octets");
}

static void reads_and_writes_text(void **state)
{
    static const struct {
        const char *text, *again;
    } good[] = {
        {".", "."},
        {"a", "a"},
        {"OCSP.Example.", "OCSP.Example"},
        {"a\\.b.c", "a\\.b.c"},
        {"a\\\\b", "a\\\\b"},
        {"\\000x\\255.y", "\\000x\\255.y"},
        {"a b", "a\\032b"},
        {"[::1]", "[::1]"},
    };
    char text[DNS_NAME_TEXT_SIZE];
    dns_name name;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        name = name_of(good[i].text);
        dns_name_to_text(&name, text);
        assert_string_equal(text, good[i].again);
    }
}

static void refuses_bad_text(void **state)
{
    char long_label[66], long_name[300];
    dns_name name;
    size_t i;

    (void)state;
    assert_no_name("", "name is empty");
    assert_no_name("a..b", "name has an empty label");
    assert_no_name(".a", "name has an empty label");
    assert_no_name("..", "name has an empty label");
    assert_no_name("a\\", "name has a bad escape");
    assert_no_name("a\\25", "name has a bad escape");
    assert_no_name("a\\256", "name has a bad escape");

    memset(long_label, 'a', 64);
    long_label[64] = '\0';
    assert_no_name(long_label, "label is longer than 63 octets");
    long_label[63] = '\0';
    name = name_of(long_label);

    /* 127 labels of one octet are 255 octets, one more is too many */
    for (i = 0; i < 128; i++) {
        memcpy(long_name + 2 * i, "a.", 3);
    }
    assert_no_name(long_name, "name is longer than 255 octets");
    long_name[2 * 127] = '\0';
    name = name_of(long_name);
    assert_int_equal(name.length, DNS_NAME_MAX);
}

static void compares_and_lowers_letters_only(void **state)
{
    char text[DNS_NAME_TEXT_SIZE];
    dns_name a, b;

    (void)state;
    a = name_of("oCsP.Example");
    b = name_of("OcSp.eXAMPLE");
    assert_true(dns_name_equal(&a, &b));
    dns_name_lower(&a);
    dns_name_to_text(&a, text);
    assert_string_equal(text, "ocsp.example");

    a = name_of("a[");
    b = name_of("a{");
    assert_false(dns_name_equal(&a, &b));
    a = name_of("a.b");
    b = name_of("a\\.b");
    assert_false(dns_name_equal(&a, &b));
}

static void puts_labels_before_and_takes_them_away(void **state)
{
    char text[DNS_NAME_TEXT_SIZE];
    uint8_t message[300];
    dns_name name, out;
    size_t at = 0, i;
    problem p;

    (void)state;
    name = name_of("example");
    assert_true(dns_name_prepend("www", &name, &out));
    dns_name_to_text(&out, text);
    assert_string_equal(text, "www.example");
    dns_name_parent(&out, &out);
    assert_true(dns_name_equal(&out, &name));
    dns_name_parent(&out, &out);
    assert_int_equal(out.length, 1);
    dns_name_parent(&out, &out);
    assert_int_equal(out.length, 1);

    assert_int_equal(dns_name_parse((span){message, longest(message, 59)}, &at, false, &name, &p),
                     0);
    assert_int_equal(name.length, 253);
    assert_true(dns_name_prepend("x", &name, &out));
    assert_false(dns_name_prepend("xy", &name, &out));
    assert_false(dns_name_prepend("", &name, &out));
    for (i = 0; i < 64; i++) {
        text[i] = 'l';
    }
    text[64] = '\0';
    name = name_of("example");
    assert_false(dns_name_prepend(text, &name, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_plain_and_compressed_names),
        cmocka_unit_test(refuses_pointers_that_do_not_go_back),
        cmocka_unit_test(refuses_what_is_cut_or_reserved),
        cmocka_unit_test(knows_the_longest_name),
        cmocka_unit_test(counts_what_pointers_lead_to),
        cmocka_unit_test(reads_and_writes_text),
        cmocka_unit_test(refuses_bad_text),
        cmocka_unit_test(compares_and_lowers_letters_only),
        cmocka_unit_test(puts_labels_before_and_takes_them_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
