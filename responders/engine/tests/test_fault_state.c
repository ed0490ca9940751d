/* A rule's memory of what it served first is kept, bounded, and forgotten with the rules. */
#include "harness/base/tests/cm.h"

#include <stdio.h>

#include "responders/engine/fault_state.h"

static int64_t first(fault_state *s, const char *rule, const char *question, int64_t now)
{
    int64_t when = -1;

    assert_true(fault_state_first(s, rule, question, now, &when));
    return when;
}

static void the_first_time_stays(void **state)
{
    fault_state *s = fault_state_new();

    (void)state;
    assert_int_equal(first(s, "r", "a A", 100), 100);
    assert_int_equal(first(s, "r", "a A", 160), 100);
    assert_int_equal(first(s, "r", "a AAAA", 170), 170);
    assert_int_equal(first(s, "r2", "a A", 180), 180);
    assert_int_equal(first(s, "r", "a A", 50), 100);
    assert_int_equal(first(s, "r", "\xff", 190), 190); /* whatever a peer sent */
    assert_int_equal(first(s, "r", "\xff", 200), 190);
    fault_state_free(s);
}

static void clearing_forgets(void **state)
{
    fault_state *s = fault_state_new();

    (void)state;
    assert_int_equal(first(s, "r", "a", 100), 100);
    fault_state_clear(s);
    assert_int_equal(first(s, "r", "a", 200), 200);
    fault_state_free(s);
    fault_state_free(NULL);
}

static void no_more_are_remembered_than_have_room(void **state)
{
    fault_state *s = fault_state_new();
    char question[32];
    int64_t when = -1;

    (void)state;
    for (int i = 0; i < FAULT_STATE_MAX; i++) {
        snprintf(question, sizeof(question), "q%d", i);
        assert_int_equal(first(s, "r", question, i), i);
    }
    for (int i = 0; i < 2; i++) {
        assert_false(fault_state_first(s, "r", "one more", 9000 + i, &when));
        assert_int_equal(when, 9000 + i);
    }
    assert_int_equal(first(s, "r", "q7", 9001), 7);
    fault_state_clear(s);
    assert_int_equal(first(s, "r", "one more", 9002), 9002);
    fault_state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_time_stays),
        cmocka_unit_test(clearing_forgets),
        cmocka_unit_test(no_more_are_remembered_than_have_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
