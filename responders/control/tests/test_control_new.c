/* Where the control API begins and ends; what it says is tested with a program around it. */
#include "harness/base/tests/cm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "responders/control/control.h"

typedef struct {
    struct event_base *base;
    char folder[64], where[128];
    control_ops ops; /* no function of it is called here */
} control_setup;

static int start(void **state)
{
    control_setup *f = calloc(1, sizeof(*f));

    strcpy(f->folder, "/tmp/staplelab-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->where, sizeof(f->where), "unix:%s/control", f->folder);
    f->base = event_base_new();
    f->ops = (control_ops){.program = "none", .events = event_log_new(1)};
    *state = f;
    return 0;
}

static int stop(void **state)
{
    control_setup *f = *state;

    event_log_free(f->ops.events);
    event_base_free(f->base);
    assert_int_equal(rmdir(f->folder), 0); /* nothing is left in it */
    free(f);
    return 0;
}

static void it_gives_the_loop_the_priorities_that_it_needs(void **state)
{
    control_setup *f = *state;
    control *c, *second;
    problem p = {0};

    assert_int_equal(control_new(f->base, f->where, NULL, &f->ops, &c, &p), 0);
    assert_int_equal(event_base_get_npriorities(f->base), CONTROL_PRIORITIES);
    assert_string_equal(control_where(c), f->where);
    assert_int_equal(control_new(f->base, f->where, NULL, &f->ops, &second, &p), -1);
    assert_int_equal(p.status, 409);
    control_poke(c);
    control_free(c);
}

static void on_nothing(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
}

/* libevent gives no priorities to a loop in which something is due already. */
static void a_loop_in_use_is_refused(void **state)
{
    control_setup *f = *state;
    struct event *due = event_new(f->base, -1, 0, on_nothing, NULL);
    control *c;
    problem p = {0};

    event_active(due, EV_TIMEOUT, 0);
    assert_int_equal(control_new(f->base, f->where, NULL, &f->ops, &c, &p), -1);
    assert_string_equal(p.detail, "cannot set up the control API on its event loop");
    event_free(due);
}

static void none_is_nothing(void **state)
{
    (void)state;
    control_poke(NULL);
    control_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_gives_the_loop_the_priorities_that_it_needs, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_loop_in_use_is_refused, start, stop),
        cmocka_unit_test(none_is_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
