/* The builder writes what X.690 says, and the reader takes nothing else. */
#include "harness/base/tests/cm.h"

#include <string.h>

#include "responders/ocsp/codec/der.h"

static void assert_octets(octets *o, const char *expected, size_t length)
{
    assert_int_equal(o->length, length);
    assert_memory_equal(o->data, expected, length);
    octets_free(o);
}

static void lengths_are_the_shortest(void **state)
{
    static const struct {
        size_t length;
        const char *header;
        size_t header_length;
    } cases[] = {
        {0, "\x04\x00", 2},
        {0x7f, "\x04\x7f", 2},
        {0x80, "\x04\x81\x80", 3},
        {0xff, "\x04\x81\xff", 3},
        {0x100, "\x04\x82\x01\x00", 4},
        {0x12345, "\x04\x83\x01\x23\x45", 5},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        octets put = {0}, closed = {0}, value = {0};
        octets_append_fill(&value, 7, cases[i].length);
        der_put(&put, DER_OCTET_STRING, value.data, value.length);
        size_t mark = der_open(&closed, DER_OCTET_STRING);
        octets_append_span(&closed, octets_span(&value));
        der_close(&closed, mark);
        assert_int_equal(put.length, cases[i].header_length + cases[i].length);
        assert_memory_equal(put.data, cases[i].header, cases[i].header_length);
        assert_int_equal(closed.length, put.length);
        assert_memory_equal(closed.data, put.data, put.length);
        octets_free(&put);
        octets_free(&closed);
        octets_free(&value);
    }
}

static void values_nest(void **state)
{
    (void)state;
    octets o = {0};
    size_t outer = der_open(&o, DER_SEQUENCE);
    size_t inner = der_open(&o, DER_CONSTRUCTED(1));
    octets_append_fill(&o, 0x55, 0x90);
    der_close(&o, inner);
    der_put(&o, DER_NULL, NULL, 0);
    der_close(&o, outer);
    assert_int_equal(o.length, 3 + 3 + 0x90 + 2);
    assert_memory_equal(o.data, "\x30\x81\x95\xa1\x81\x90\x55", 7);
    assert_memory_equal(o.data + o.length - 3, "\x55\x05\x00", 3);
    octets_free(&o);
}

static void assert_time(int64_t epoch, const char *text)
{
    octets o = {0};
    der_put_time(&o, epoch);
    assert_int_equal(o.length, 17);
    assert_memory_equal(o.data, "\x18\x0f", 2);
    assert_memory_equal(o.data + 2, text, 15);
    octets_free(&o);
}

static void times_are_generalized_time(void **state)
{
    (void)state;
    assert_time(0, "19700101000000Z");
    assert_time(1893456000, "20300101000000Z");
    assert_time(1709251199, "20240229235959Z");
    assert_time(INT64_MAX, "99991231235959Z");
    assert_time(INT64_MIN, "00000101000000Z");
}

static bool takes(const char *der, size_t length)
{
    span in = {(const uint8_t *)der, length}, value;
    uint8_t tag;
    return der_take(&in, &tag, &value);
}

static void reader_takes_one_value_after_the_other(void **state)
{
    (void)state;
    span in = {(const uint8_t *)"\x02\x01\x05\x04\x02xyZ", 8}, value;
    assert_false(der_take_tag(&in, DER_OCTET_STRING, &value));
    assert_int_equal(in.length, 8);
    assert_true(der_take_tag(&in, DER_INTEGER, &value));
    assert_int_equal(value.length, 1);
    assert_true(der_next_is(in, DER_OCTET_STRING));
    assert_true(der_take_tag(&in, DER_OCTET_STRING, &value));
    assert_memory_equal(value.data, "xy", 2);
    assert_int_equal(in.length, 1);
}

static void reader_refuses_what_is_not_der(void **state)
{
    (void)state;
    assert_false(takes("", 0));
    assert_false(takes("\x30", 1));
    assert_false(takes("\x04\x02x", 3));         /* cut */
    assert_false(takes("\x04\x81\x7f", 3));      /* cut, and not minimal */
    assert_false(takes("\x04\x81\x01x", 4));     /* not minimal */
    assert_false(takes("\x04\x82\x00\x01x", 5)); /* leading zero */
    assert_false(takes("\x30\x80\x00\x00", 4));  /* indefinite */
    assert_false(takes("\x1f\x01\x00", 3));      /* multi-octet tag */
    assert_false(takes("\x04\x82\x01", 3));      /* the length itself is cut */
    assert_false(takes("\x04\x89\x01\x01\x01\x01\x01\x01\x01\x01\x01", 11));
    assert_false(takes("\x04\x88\xff\xff\xff\xff\xff\xff\xff\xff", 10));
    char zero[4 + 128] = "\x04\x82\x00\x80"; /* a leading zero before a long length */
    assert_false(takes(zero, sizeof(zero)));
    assert_true(takes("\x04\x00", 2));
}

static void integers_are_minimal(void **state)
{
    static const struct {
        const char *value;
        size_t length;
        bool minimal;
    } cases[] = {
        {"", 0, false},         {"\x00", 1, true},     {"\x7f", 1, true},
        {"\x00\x7f", 2, false}, {"\x00\x80", 2, true}, {"\xff\x7f", 2, true},
        {"\xff\x80", 2, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        span value = {(const uint8_t *)cases[i].value, cases[i].length};
        assert_int_equal(der_integer_is_minimal(value), cases[i].minimal);
    }
}

static void octets_cut_and_fill(void **state)
{
    (void)state;
    octets o = {0}, again = {0};
    octets_append_text(&o, "abc");
    octets_append_format(&o, "%d%s", 42, "x");
    octets_cut(&o, 100);
    octets_cut(&o, 5);
    assert_octets(&o, "abc42", 5);
    octets_append_seeded(&o, 7, 300);
    octets_append_seeded(&again, 7, 300);
    assert_memory_equal(o.data, again.data, 300);
    octets_cut(&again, 0);
    octets_append_seeded(&again, 8, 300);
    assert_memory_not_equal(o.data, again.data, 300);
    octets_free(&o);
    octets_free(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_the_shortest),
        cmocka_unit_test(values_nest),
        cmocka_unit_test(times_are_generalized_time),
        cmocka_unit_test(reader_takes_one_value_after_the_other),
        cmocka_unit_test(reader_refuses_what_is_not_der),
        cmocka_unit_test(integers_are_minimal),
        cmocka_unit_test(octets_cut_and_fill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
