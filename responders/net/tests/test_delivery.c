/* What is due when: at once, after a pause, drop by drop, and all of them after a long step. */
#include "harness/base/tests/cm.h"

#include "responders/net/delivery.h"

/* 100 octets, 40 of them the head. */
static delivery made(void)
{
    delivery d = {0};
    octets_append_fill(&d.wire, 'x', 100);
    delivery_init(&d, 40, DELIVERY_FIN);
    return d;
}

/* Holds a delivery against the time of each of its octets, and asks in between, too. */
static void assert_times(const delivery *d, int64_t (*time_of)(size_t index))
{
    for (size_t i = 0; i < d->cut; i++) {
        int64_t time = time_of(i);
        if (delivery_next(d, i) != time) {
            fail_msg("octet %zu is due at %lld", i, (long long)delivery_next(d, i));
        }
        size_t due = delivery_due(d, time), early = delivery_due(d, time - 1);
        if (due <= i || due > d->cut || early > i || (due < d->cut && time_of(due) <= time) ||
            (early > 0 && time_of(early - 1) >= time)) {
            fail_msg("octet %zu: %zu are due at its time, %zu before", i, due, early);
        }
    }
    assert_true(delivery_next(d, d->cut) == DELIVERY_NEVER);
    assert_int_equal(delivery_due(d, DELIVERY_NEVER - 1), d->cut);
}

static int64_t zero(size_t index)
{
    (void)index;
    return 0;
}

static void all_at_once(void **state)
{
    (void)state;
    delivery d = made();
    assert_int_equal(d.end, DELIVERY_FIN);
    assert_int_equal(d.head, 40);
    assert_int_equal(delivery_due(&d, 0), 100);
    assert_times(&d, zero);
    d.cut = 7;
    assert_times(&d, zero);
    d.cut = 0;
    assert_int_equal(delivery_due(&d, 1000), 0);
    assert_true(delivery_next(&d, 0) == DELIVERY_NEVER);
    delivery_free(&d);
    assert_null(d.segments);
}

static int64_t late_body(size_t index)
{
    return index < 40 ? 30 : 2030;
}

static void after_pauses(void **state)
{
    (void)state;
    delivery d = made();
    delivery_delay(&d, 40, 1500);
    delivery_delay(&d, 0, 30);
    delivery_delay(&d, 40, 500);
    assert_times(&d, late_body);
    /* a pause behind the octets delays nothing */
    delivery_delay(&d, 100, 500);
    delivery_delay(&d, 1000, 500);
    assert_times(&d, late_body);
    d.cut = 20;
    assert_times(&d, late_body);
    delivery_free(&d);
}

static int64_t slow_body(size_t index)
{
    return index < 40 ? 0 : (int64_t)(index - 40) / 10 * 500;
}

static void drop_by_drop(void **state)
{
    (void)state;
    delivery d = made();
    delivery_drip(&d, 40, 100, 10, 500);
    assert_times(&d, slow_body);
    /* one step of the clock over several intervals */
    assert_int_equal(delivery_due(&d, 1700), 80);
    /* a drip of nothing changes nothing */
    delivery_drip(&d, 50, 50, 1, 1);
    delivery_drip(&d, 60, 50, 1, 1);
    assert_times(&d, slow_body);
    d.cut = 77;
    assert_times(&d, slow_body);
    delivery_free(&d);
}

static int64_t slow_head(size_t index)
{
    return (int64_t)(index < 40 ? index / 15 : 2) * 10;
}

static void what_follows_the_drops_comes_with_the_last(void **state)
{
    (void)state;
    delivery d = made();
    delivery_drip(&d, 0, 40, 15, 10);
    assert_times(&d, slow_head);
    d.cut = 20;
    assert_times(&d, slow_head);
    delivery_free(&d);
}

static int64_t slow_head_with_a_pause(size_t index)
{
    return index < 20 ? (int64_t)(index / 15) * 10 : 15;
}

static void and_follows_a_pause_in_the_last(void **state)
{
    (void)state;
    delivery d = made();
    delivery_drip(&d, 0, 30, 15, 10);
    delivery_delay(&d, 20, 5);
    assert_times(&d, slow_head_with_a_pause);
    delivery_free(&d);
}

static int64_t slow_and_late(size_t index)
{
    return index < 40 ? 100 + (int64_t)(index / 15) * 10
                      : 120 + 2000 + (int64_t)(index - 40) / 7 * 9;
}

/* The order in which faults come does not matter. */
static void all_of_them_add_up(void **state)
{
    (void)state;
    for (int order = 0; order < 4; order++) {
        delivery d = made();
        if (order & 1) {
            delivery_delay(&d, 0, 100);
            delivery_drip(&d, 40, 100, 7, 9);
            delivery_drip(&d, 0, 40, 15, 10);
            delivery_delay(&d, 40, 2000);
        } else {
            delivery_drip(&d, 0, 40, 15, 10);
            delivery_delay(&d, 40, 2000);
            delivery_delay(&d, 0, 100);
            delivery_drip(&d, 40, 100, 7, 9);
        }
        d.cut = order & 2 ? 99 : 100;
        assert_times(&d, slow_and_late);
        delivery_free(&d);
    }
}

static int64_t paused_drops(size_t index)
{
    return (int64_t)(index / 10) * 5 + (index >= 20 ? 100 : 0) + (index >= 33 ? 1000 : 0) +
           (index >= 36 ? 10000 : 0) + (index >= 40 ? 7 : 0) + (index >= 97 ? 100000 : 0);
}

static void pauses_among_drops_leave_the_drops_whole(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        int64_t ms;
    } pauses[] = {{20, 100}, {33, 1000}, {36, 10000}, {40, 7}, {97, 100000}};
    delivery before = made(), after = made(), backwards = made();
    delivery_drip(&after, 0, 100, 10, 5);
    for (size_t i = 0; i < 5; i++) {
        delivery_delay(&before, pauses[i].at, pauses[i].ms);
        delivery_delay(&after, pauses[i].at, pauses[i].ms);
        delivery_delay(&backwards, pauses[4 - i].at, pauses[4 - i].ms);
    }
    delivery_drip(&before, 0, 100, 10, 5);
    delivery_drip(&backwards, 0, 100, 10, 5);
    assert_times(&before, paused_drops);
    assert_times(&after, paused_drops);
    assert_times(&backwards, paused_drops);
    delivery_free(&before);
    delivery_free(&after);
    delivery_free(&backwards);
}

static int64_t replaced_drops(size_t index)
{
    return index < 50 ? (int64_t)(index / 10) * 5 : 25 + (int64_t)(index - 50) / 25 * 7;
}

static void a_second_drip_replaces_the_first(void **state)
{
    (void)state;
    delivery d = made();
    delivery_drip(&d, 0, 100, 10, 5);
    delivery_drip(&d, 50, 100, 25, 7);
    assert_times(&d, replaced_drops);
    delivery_free(&d);
}

static void drops_without_an_interval_come_at_once(void **state)
{
    (void)state;
    delivery d = made();
    delivery_drip(&d, 0, 100, 1, 0);
    assert_int_equal(delivery_due(&d, 0), 100);
    assert_times(&d, zero);
    delivery_free(&d);
}

/* As many octets as a fault can ask for: nothing is done for each. */
static void large_ones_are_quick_and_do_not_overflow(void **state)
{
    (void)state;
    const size_t length = 268435456;
    const int64_t day = 86400000;
    delivery d = {0};
    d.wire.length = length; /* nobody looks at them */
    delivery_init(&d, 40, DELIVERY_FIN);
    delivery_drip(&d, 40, length, 1, day);
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(delivery_due(&d, (int64_t)(length - 50) * day), length - 9);
        assert_true(delivery_next(&d, length - 1) == (int64_t)(length - 41) * day);
    }
    /* a sum that no clock reaches */
    d.wire.length = d.cut = SIZE_MAX;
    delivery_drip(&d, 40, SIZE_MAX, 1, day);
    assert_true(delivery_next(&d, SIZE_MAX - 1) == DELIVERY_NEVER);
    assert_int_equal(delivery_due(&d, day), 42);
    delivery_delay(&d, SIZE_MAX - 1, DELIVERY_NEVER);
    assert_true(delivery_next(&d, SIZE_MAX - 1) == DELIVERY_NEVER);
    d.wire.length = 0;
    delivery_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(after_pauses),
        cmocka_unit_test(drop_by_drop),
        cmocka_unit_test(what_follows_the_drops_comes_with_the_last),
        cmocka_unit_test(and_follows_a_pause_in_the_last),
        cmocka_unit_test(all_of_them_add_up),
        cmocka_unit_test(pauses_among_drops_leave_the_drops_whole),
        cmocka_unit_test(a_second_drip_replaces_the_first),
        cmocka_unit_test(drops_without_an_interval_come_at_once),
        cmocka_unit_test(large_ones_are_quick_and_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
