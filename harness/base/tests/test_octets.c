/* A message while it is being made: what is appended stays, whatever is appended to it. */
#include "harness/base/tests/cm.h"

#include <string.h>

#include "harness/base/octets.h"

static void every_way_to_append(void **state)
{
    octets o = {0};

    (void)state;
    octets_append(&o, "ab\0c", 4);
    octets_append(&o, NULL, 0);
    octets_append_text(&o, "de");
    octets_append_span(&o, (span){(const uint8_t *)"fgh", 2});
    octets_append_format(&o, "%d-%s", 42, "x");
    octets_append_format(&o, "%s", "");
    octets_append_fill(&o, 0xff, 3);
    octets_append_fill(&o, 0xff, 0);
    assert_int_equal(o.length, 15);
    assert_memory_equal(o.data, "ab\0cdefg42-x\xff\xff\xff", 15);
    octets_free(&o);
    assert_null(o.data);
    assert_int_equal(o.length, 0);
    octets_append_text(&o, "again");
    assert_int_equal(octets_span(&o).length, 5);
    assert_ptr_equal(octets_span(&o).data, o.data);
    octets_free(&o);
}

static void it_grows_and_keeps_what_it_has(void **state)
{
    octets o = {0};

    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        uint8_t octet = (uint8_t)(i % 251);

        octets_append(&o, &octet, 1);
    }
    assert_int_equal(o.length, 100000);
    assert_true(o.capacity >= o.length);
    for (unsigned i = 0; i < 100000; i++) {
        assert_int_equal(o.data[i], i % 251);
    }
    octets_free(&o);
}

static void room_that_is_reserved_is_not_yet_used(void **state)
{
    octets o = {0};
    uint8_t *room;

    (void)state;
    octets_append_text(&o, "abc");
    room = octets_reserve(&o, 1000);
    assert_int_equal(o.length, 3);
    assert_ptr_equal(room, o.data + 3);
    memset(room, 'x', 1000);
    o.length += 1000;
    assert_ptr_equal(octets_reserve(&o, 0), o.data + 1003);
    octets_free(&o);
}

static void cutting_never_lengthens(void **state)
{
    octets o = {0};

    (void)state;
    octets_cut(&o, 0);
    octets_append_text(&o, "abcdef");
    octets_cut(&o, 7);
    assert_int_equal(o.length, 6);
    octets_cut(&o, 2);
    octets_append_text(&o, "X");
    assert_int_equal(o.length, 3);
    assert_memory_equal(o.data, "abX", 3);
    octets_free(&o);
}

static void seeded_octets_depend_on_the_seed_alone(void **state)
{
    static const uint8_t of_seed_1[] = {0x91, 0xbe, 0xf8, 0x71};
    octets one = {0}, same = {0}, other = {0};

    (void)state;
    octets_append_seeded(&one, 1, 64);
    octets_append_seeded(&same, 1, 10);
    octets_append_seeded(&other, 2, 64);
    assert_int_equal(one.length, 64);
    assert_memory_equal(one.data, same.data, 10);
    assert_memory_not_equal(one.data, other.data, 64);
    assert_memory_equal(one.data, of_seed_1, sizeof(of_seed_1)); /* as splitmix64 says */
    octets_free(&one);
    octets_free(&same);
    octets_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_append),
        cmocka_unit_test(it_grows_and_keeps_what_it_has),
        cmocka_unit_test(room_that_is_reserved_is_not_yet_used),
        cmocka_unit_test(cutting_never_lengthens),
        cmocka_unit_test(seeded_octets_depend_on_the_seed_alone),
    };
    return cmocka_run_group_tests_name("octets", tests, NULL, NULL);
}
