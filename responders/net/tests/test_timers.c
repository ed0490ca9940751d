/* What waits for the clock comes in the order of the times, then of the setting. */
#include "responders/net/tests/lab.h"

#include "responders/net/timers.h"

#define COUNT 5000

typedef struct one one;
struct one {
    timer timer;
    char name;
    void (*then)(one *); /* what it does when it fires */
};

static struct event_base *base;
static timers *queue;
static char fired[64];
static one a, b, c, d;

static void fire(void *arg)
{
    one *self = arg;
    size_t length = strlen(fired);
    assert_null(self->timer.queue);
    fired[length] = self->name;
    fired[length + 1] = '\0';
    if (self->then != NULL) {
        self->then(self);
    }
}

static void made(one *self, char name)
{
    *self = (one){.timer = {.fire = fire, .arg = self}, .name = name};
}

static int begin(void **state)
{
    (void)state;
    base = lab_begin();
    queue = timers_new(base);
    fired[0] = '\0';
    made(&a, 'a');
    made(&b, 'b');
    made(&c, 'c');
    made(&d, 'd');
    return 0;
}

static int end(void **state)
{
    (void)state;
    timers_free(queue);
    event_base_free(base);
    return 0;
}

static void set(one *self, int64_t ms)
{
    timers_set(queue, &self->timer, timers_now() + ms);
}

static void assert_fired(int64_t step, const char *names)
{
    fired[0] = '\0';
    lab_step(base, step);
    assert_string_equal(fired, names);
}

static void the_order_is_that_of_the_times(void **state)
{
    (void)state;
    set(&a, 30);
    set(&b, 10);
    set(&c, 20);
    set(&d, 20);
    assert_fired(9, "");
    assert_fired(1, "b");
    assert_fired(100, "cda");
    assert_fired(100, "");
}

static void what_is_due_comes_from_the_loop(void **state)
{
    (void)state;
    set(&a, 0);
    set(&b, -50);
    assert_string_equal(fired, "");
    assert_fired(0, "ba");
}

static void setting_again_moves(void **state)
{
    (void)state;
    set(&a, 10);
    set(&b, 10);
    set(&a, 10); /* behind b now */
    set(&c, 5);
    set(&c, 40);
    assert_fired(10, "ba");
    assert_fired(30, "c");
}

static void what_is_cancelled_does_not_come(void **state)
{
    (void)state;
    timers_cancel(&a.timer);
    set(&a, 10);
    set(&b, 20);
    set(&c, 30);
    set(&d, 40);
    timers_cancel(&a.timer);
    timers_cancel(&c.timer);
    timers_cancel(&d.timer);
    assert_fired(100, "b");
    timers_cancel(&b.timer);
    set(&b, 1);
    timers_cancel(&b.timer);
    assert_int_equal(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), 0);
    assert_fired(100, "");
}

static void cancel_next(one *self)
{
    (void)self;
    timers_cancel(&b.timer);
    timers_cancel(&d.timer);
}

static void one_that_fires_may_cancel_others(void **state)
{
    (void)state;
    a.then = cancel_next;
    set(&a, 10);
    set(&b, 10);
    set(&c, 11);
    set(&d, 50);
    assert_fired(20, "ac");
    assert_fired(100, "");
}

static void set_again(one *self)
{
    self->then = NULL;
    set(self, 10);
    set(&d, 0);
}

static void one_that_fires_may_be_set_again(void **state)
{
    (void)state;
    a.then = set_again;
    set(&a, 10);
    set(&b, 15);
    assert_fired(15, "abd");
    assert_fired(9, "");
    assert_fired(1, "a");
}

static void each_is_waited_for_in_turn(void **state)
{
    (void)state;
    set(&b, 10);
    timers_cancel(&b.timer);
    set(&c, 5);
    set(&b, 7);
    assert_fired(5, "c");
    assert_fired(1, "");
    assert_fired(1, "b");
}

static int64_t seen;

static void fire_counted(void *arg)
{
    assert_true(((timer *)arg)->due >= seen);
    seen = ((timer *)arg)->due;
}

static void many_are_forgotten_or_come_in_order(void **state)
{
    (void)state;
    static timer all[COUNT];
    seen = 0;
    memset(all, 0, sizeof(all));
    for (int i = 0; i < COUNT; i++) {
        all[i].fire = fire_counted;
        all[i].arg = &all[i];
        timers_set(queue, &all[i], timers_now() + 100 + i * 7919 % COUNT);
    }
    lab_step(base, COUNT / 2);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(all[i].queue == NULL, all[i].due <= timers_now());
    }
    /* the rest is forgotten with the queue */
    timers_free(queue);
    for (int i = 0; i < COUNT; i++) {
        assert_null(all[i].queue);
    }
    queue = timers_new(base);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_order_is_that_of_the_times),
        TEST(what_is_due_comes_from_the_loop),
        TEST(setting_again_moves),
        TEST(what_is_cancelled_does_not_come),
        TEST(one_that_fires_may_cancel_others),
        TEST(one_that_fires_may_be_set_again),
        TEST(each_is_waited_for_in_turn),
        TEST(many_are_forgotten_or_come_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
