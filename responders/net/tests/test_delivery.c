/* What is due when: at once, after a pause, drop by drop, and all three after a long step. */
#include "harness/base/tests/cm.h"

#include "responders/net/delivery.h"

/* 100 octets, 40 of them the head. */
static delivery made(void)
{
    delivery d = {0};
    octets_append_fill(&d.wire, 'x', 100);
    delivery_init(&d, 40);
    return d;
}

static void all_at_once(void **state)
{
    (void)state;
    delivery d = made();
    assert_int_equal(d.end, THEN_FIN);
    assert_int_equal(delivery_due(&d, 0), 100);
    assert_int_equal(delivery_next(&d, 0), 0);
    assert_true(delivery_next(&d, 100) == DELIVERY_NEVER);
    d.cut = 7;
    assert_int_equal(delivery_due(&d, 0), 7);
    assert_true(delivery_next(&d, 7) == DELIVERY_NEVER);
    d.cut = 0;
    assert_int_equal(delivery_due(&d, 1000), 0);
    assert_true(delivery_next(&d, 0) == DELIVERY_NEVER);
    delivery_free(&d);
}

static void after_a_pause(void **state)
{
    (void)state;
    delivery d = made();
    d.delay_ms = 2000;
    assert_int_equal(delivery_due(&d, 1999), 0);
    assert_int_equal(delivery_due(&d, 2000), 100);
    assert_int_equal(delivery_next(&d, 0), 2000);
    d.pause_at = 40;
    assert_int_equal(delivery_due(&d, 0), 40);
    assert_int_equal(delivery_next(&d, 40), 2000);
    assert_int_equal(delivery_due(&d, 2000), 100);
    delivery_free(&d);
}

static void drop_by_drop(void **state)
{
    (void)state;
    delivery d = made();
    d.drip_from = 40;
    d.drip_to = 100;
    d.chunk = 10;
    d.interval_ms = 500;
    assert_int_equal(delivery_due(&d, 0), 50);
    assert_int_equal(delivery_next(&d, 50), 500);
    assert_int_equal(delivery_due(&d, 499), 50);
    assert_int_equal(delivery_due(&d, 500), 60);
    /* one step of the clock over several intervals */
    assert_int_equal(delivery_due(&d, 1700), 80);
    assert_int_equal(delivery_due(&d, 2500), 100);
    assert_int_equal(delivery_due(&d, 1000000), 100);
    delivery_free(&d);
}

static void what_follows_the_drops_comes_with_the_last(void **state)
{
    (void)state;
    delivery d = made();
    d.drip_to = 40;
    d.chunk = 15;
    d.interval_ms = 10;
    assert_int_equal(delivery_due(&d, 0), 15);
    assert_int_equal(delivery_due(&d, 10), 30);
    assert_int_equal(delivery_due(&d, 20), 100);
    /* a drip of nothing delays nothing */
    d.drip_to = 0;
    assert_int_equal(delivery_due(&d, 0), 100);
    delivery_free(&d);
}

static void a_pause_and_drops_add_up(void **state)
{
    (void)state;
    delivery d = made();
    d.delay_ms = 100;
    d.drip_from = 40;
    d.drip_to = 100;
    d.chunk = 60;
    d.interval_ms = 7;
    assert_int_equal(delivery_due(&d, 99), 0);
    assert_int_equal(delivery_due(&d, 100), 100);
    d.chunk = 30;
    assert_int_equal(delivery_due(&d, 100), 70);
    assert_int_equal(delivery_next(&d, 70), 107);
    delivery_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(after_a_pause),
        cmocka_unit_test(drop_by_drop),
        cmocka_unit_test(what_follows_the_drops_comes_with_the_last),
        cmocka_unit_test(a_pause_and_drops_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
