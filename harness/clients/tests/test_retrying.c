/*
 * How many tries are made, and what lies between them.
 */
#include "harness/clients/retrying.h"
#include "harness/clients/tests/identities.h"

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const verdict_entry *entry_of(verdict v)
{
    const verdict_entry *entry = verdict_vocabulary;
    while (entry->verdict != v) {
        entry++;
    }
    return entry;
}

static void settled(void **state)
{
    (void)state;
    const struct {
        retrying_options given;
        uint64_t tries;
        int64_t interval_ms;
        bool waits;
    } cases[] = {
        {{.interval_ms = -1}, 1, 0, false},
        {{.tries = 3, .interval_ms = -1}, 3, 0, false},
        {{.tries = 3, .interval_ms = 20}, 3, 20, true},
        {{.within_ms = 50, .interval_ms = -1}, 0, 1000, true},
        {{.until = verdict_vocabulary, .tries = 2, .interval_ms = -1}, 2, 1000, true},
        {{.until = verdict_vocabulary, .within_ms = 9, .interval_ms = 0}, 0, 0, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        problem p;
        retrying_options o = cases[i].given;
        assert_int_equal(retrying_settle(&o, &p), 0);
        assert_int_equal(o.tries, cases[i].tries);
        assert_int_equal(o.interval_ms, cases[i].interval_ms);
        assert_int_equal(retrying_waits(&o), cases[i].waits);
    }
    problem p;
    retrying_options endless = {.until = verdict_vocabulary, .interval_ms = -1};
    assert_int_equal(retrying_settle(&endless, &p), -1);
    assert_string_equal(p.detail, "--until needs --within TIME or --tries N beside it");
}

/* How many tries are made when they end with these exit statuses, the last one for ever. */
static int count(retrying_options *o, const int *statuses)
{
    problem p;
    retrying r;
    int made = 1;
    assert_int_equal(retrying_settle(o, &p), 0);
    assert_int_equal(retrying_begin(o, &r, &p), 0);
    while (retrying_again(&r, *statuses)) {
        made++;
        statuses += statuses[1] != -1;
        assert_true(made < 1000);
    }
    retrying_end(&r);
    return made;
}

static void numbers(void **state)
{
    (void)state;
    static const int absent[] = {VERDICT_NO_STAPLE, -1};
    static const int third[] = {VERDICT_NO_STAPLE, 3, VERDICT_GOOD, VERDICT_NO_STAPLE, -1};
    retrying_options o = {.interval_ms = -1};
    assert_int_equal(count(&o, absent), 1);
    o = (retrying_options){.tries = 4, .interval_ms = -1};
    assert_int_equal(count(&o, third), 4);
    o = (retrying_options){.tries = 4, .interval_ms = 0, .until = entry_of(VERDICT_GOOD)};
    assert_int_equal(count(&o, third), 3);
    assert_int_equal(count(&o, absent), 4);
    o = (retrying_options){.within_ms = 60000, .interval_ms = 0, .until = entry_of(VERDICT_GOOD)};
    assert_int_equal(count(&o, third), 3);
}

static void time_between_and_over_all(void **state)
{
    (void)state;
    static const int absent[] = {VERDICT_NO_STAPLE, -1};
    retrying_options o = {.tries = 4, .interval_ms = 20};
    int64_t begun = now_ms();
    assert_int_equal(count(&o, absent), 4);
    assert_true(now_ms() - begun >= 60);

    o = (retrying_options){.within_ms = 50, .interval_ms = 20};
    begun = now_ms();
    int made = count(&o, absent);
    assert_true(made >= 1 && made <= 4);
    assert_true(now_ms() - begun >= 45);
    o = (retrying_options){.within_ms = 20, .interval_ms = 60000}; /* does not outlast the bound */
    begun = now_ms();
    assert_int_equal(count(&o, absent), 1);
    assert_true(now_ms() - begun < 30000);
}

static void a_try_gets_what_is_left(void **state)
{
    (void)state;
    problem p;
    retrying r;
    retrying_options o = {.within_ms = 60000, .interval_ms = 0};
    assert_int_equal(retrying_begin(&o, &r, &p), 0);
    assert_int_equal(retrying_allowance(&r, 100), 100);
    int left = retrying_allowance(&r, 100000);
    assert_true(left > 10000 && left <= 60000);
    retrying_end(&r);

    o = (retrying_options){.within_ms = 1, .interval_ms = 50};
    assert_int_equal(retrying_begin(&o, &r, &p), 0);
    assert_false(retrying_again(&r, 0));
    assert_int_equal(retrying_allowance(&r, 100000), 1);
    retrying_end(&r);
    o = (retrying_options){0};
    assert_int_equal(retrying_begin(&o, &r, &p), 0);
    assert_int_equal(retrying_allowance(&r, 100000), 100000);
    retrying_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settled),
        cmocka_unit_test(numbers),
        cmocka_unit_test(time_between_and_over_all),
        cmocka_unit_test(a_try_gets_what_is_left),
    };
    return cmocka_run_group_tests_name("retrying", tests, NULL, NULL);
}
