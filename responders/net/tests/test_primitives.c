/* What each primitive makes of a listener or of a delivery, and when it cannot. */
#include "harness/base/tests/cm.h"

#include <string.h>

#include "harness/base/memory.h"
#include "responders/engine/fault_act.h"
#include "responders/net/delivery.h"
#include "responders/net/listener.h"
#include "responders/net/primitives.h"

static const primitive *const all[] = {
    &primitives_listener_mode, &primitives_accept_hold, &primitives_accept_fin,
    &primitives_accept_rst,    &primitives_delay,       &primitives_drip_head,
    &primitives_drip_body,     &primitives_close,       NULL};

/* A response of so many octets, of which `head` are its head, on a connection that is kept. */
static delivery made(size_t head, size_t length)
{
    delivery d = {0};

    octets_append_fill(&d.wire, 'x', length);
    delivery_init(&d, head, DELIVERY_KEEP);
    return d;
}

/* Does the recipe's one primitive, its parameters as a rule would give them. Returns the sentence
 * when it is impossible, else "". */
static const char *act(const char *recipe, void *subject)
{
    const fault_line line = {"X1", "x", recipe, NULL, "s", NULL};
    json_t *use = json_object();
    primitive_call call = {.subject = subject, .why = ""};
    fault_acts acts = {0};
    problem p = {0};
    effect done;
    fault *f;

    if (fault_new(&line, all, &f, &p) != 0 ||
        fault_acts_read(f, "fault", use, "", NULL, &acts, &p) != 0) {
        fail_msg("%s", p.detail);
    }
    assert_int_equal(acts.count, 1);
    call.params = acts.list[0].params;
    done = acts.list[0].primitive->act(&call);
    assert_int_equal(done, call.why[0] == '\0' ? EFFECT_DONE : EFFECT_IMPOSSIBLE);
    fault_acts_clear(&acts);
    fault_free(f);
    json_decref(use);
    return call.why;
}

static void done(const char *recipe, void *subject)
{
    assert_string_equal(act(recipe, subject), "");
}

/* What is impossible changes nothing. */
static void impossible(const char *recipe, delivery *d, const char *why)
{
    const size_t cut = d->cut, nsegments = d->nsegments;
    const delivery_segment first = d->segments[0];

    assert_string_equal(act(recipe, d), why);
    assert_int_equal(d->cut, cut);
    assert_int_equal(d->end, DELIVERY_KEEP);
    assert_int_equal(d->nsegments, nsegments);
    assert_memory_equal(&d->segments[0], &first, sizeof(first));
}

static void listeners_are_closed_or_full(void **state)
{
    listener_mode mode = LISTENER_OPEN;

    (void)state;
    done("listener-mode mode=closed", &mode);
    assert_int_equal(mode, LISTENER_CLOSED);
    done("listener-mode mode=backlog-full", &mode);
    assert_int_equal(mode, LISTENER_BACKLOG_FULL);
}

/* At accept there is nothing yet to deliver. */
static void connections_are_held_closed_or_reset(void **state)
{
    static const struct {
        const char *recipe;
        delivery_end end;
        int64_t hold_ms;
    } cases[] = {
        {"accept-hold", DELIVERY_HOLD, 0},
        {"accept-hold ms=1500", DELIVERY_HOLD, 1500},
        {"accept-fin", DELIVERY_FIN, 0},
        {"accept-rst", DELIVERY_RST_UNREAD, 0},
        {"accept-rst wait=true", DELIVERY_RST_UNREAD, 0},
        {"accept-rst wait=false", DELIVERY_RST, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        delivery d = made(0, 0);

        done(cases[i].recipe, &d);
        assert_int_equal(d.cut, 0);
        assert_int_equal(d.end, cases[i].end);
        assert_int_equal(d.hold_ms, cases[i].hold_ms);
        delivery_free(&d);
        d = made(40, 100); /* and nothing of what there is */
        done(cases[i].recipe, &d);
        assert_int_equal(d.cut, 0);
        delivery_free(&d);
    }
}

static void a_delay_is_before_the_head_or_the_body(void **state)
{
    delivery d = made(40, 100);

    (void)state;
    done("delay", &d);
    assert_int_equal(delivery_due(&d, 1999), 0);
    assert_int_equal(delivery_due(&d, 2000), 100);
    delivery_free(&d);

    d = made(40, 100);
    done("delay ms=7 before=body", &d);
    assert_int_equal(delivery_due(&d, 6), 40);
    assert_int_equal(delivery_due(&d, 7), 100);
    assert_int_equal(d.cut, 100);
    assert_int_equal(d.end, DELIVERY_KEEP);
    delivery_free(&d);
}

static void what_does_not_exist_cannot_wait(void **state)
{
    delivery nothing = made(0, 0), headers = made(40, 40);

    (void)state;
    impossible("delay", &nothing, "there is nothing to send that could wait");
    impossible("delay before=body", &headers, "there is nothing to send that could wait");
    done("delay ms=5", &headers);
    assert_int_equal(delivery_due(&headers, 4), 0);
    delivery_free(&nothing);
    delivery_free(&headers);
}

static void head_and_body_come_drop_by_drop(void **state)
{
    delivery d = made(40, 100);

    (void)state;
    done("drip-head chunk=15 ms=10", &d);
    assert_int_equal(delivery_due(&d, 0), 15);
    assert_int_equal(delivery_due(&d, 10), 30);
    assert_int_equal(delivery_due(&d, 20), 100);
    delivery_free(&d);

    d = made(40, 100);
    done("drip-body chunk=20 ms=10", &d);
    assert_int_equal(delivery_due(&d, 0), 60);
    assert_int_equal(delivery_due(&d, 19), 80);
    assert_int_equal(delivery_due(&d, 20), 100);
    delivery_free(&d);

    d = made(2, 3);
    done("drip-head", &d); /* one octet a second */
    assert_int_equal(delivery_due(&d, 999), 1);
    assert_int_equal(delivery_due(&d, 1000), 3);
    delivery_free(&d);
}

/* One chunk is no drip: the fault would be told though nobody could see it. */
static void one_chunk_is_no_drip(void **state)
{
    static const char why[] = "all that would come drop by drop is one chunk";
    delivery d = made(40, 100), bare = made(0, 0);

    (void)state;
    impossible("drip-head chunk=40", &d, why);
    impossible("drip-body chunk=60", &d, why);
    impossible("drip-body chunk=1000", &d, why);
    impossible("drip-head", &bare, why);
    impossible("drip-body", &bare, why);
    done("drip-body chunk=59", &d);
    assert_int_equal(delivery_due(&d, 0), 99);
    delivery_free(&d);
    delivery_free(&bare);
}

static void a_close_says_where_and_how(void **state)
{
    static const struct {
        const char *recipe;
        size_t cut;
        delivery_end end;
    } cases[] = {
        {"close", 100, DELIVERY_FIN},
        {"close how=rst", 100, DELIVERY_RST},
        {"close how=hold", 100, DELIVERY_HOLD},
        {"close within=nothing", 0, DELIVERY_FIN},
        {"close within=nothing how=rst", 0, DELIVERY_RST},
        {"close within=head", 20, DELIVERY_FIN},
        {"close within=head at=0", 0, DELIVERY_FIN},
        {"close within=head at=39 how=hold", 39, DELIVERY_HOLD},
        {"close within=body", 70, DELIVERY_FIN},
        {"close within=body at=0", 40, DELIVERY_FIN},
        {"close within=body at=59 how=rst", 99, DELIVERY_RST},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        delivery d = made(40, 100);

        done(cases[i].recipe, &d);
        assert_int_equal(d.cut, cases[i].cut);
        assert_int_equal(d.end, cases[i].end);
        assert_int_equal(d.hold_ms, 0);
        delivery_free(&d);
    }
}

static void nothing_is_cut_behind_its_end(void **state)
{
    static const char why[] = "the part of the response that would be cut is not as long as that";
    delivery d = made(40, 100), headers = made(40, 40), bare = made(0, 100);

    (void)state;
    impossible("close within=head at=40", &d, why);
    impossible("close within=body at=60", &d, why);
    impossible("close within=body", &headers, why);
    impossible("close within=head", &bare, why);
    done("close within=whole", &headers);
    assert_int_equal(headers.cut, 40);
    delivery_free(&d);
    delivery_free(&headers);
    delivery_free(&bare);
}

/* What replaces everything is alone; pauses, drips and an end compose. */
static void what_composes(void **state)
{
    (void)state;
    assert_non_null(primitive_clash(&primitives_accept_rst, &primitives_delay));
    assert_non_null(primitive_clash(&primitives_accept_hold, &primitives_accept_fin));
    assert_non_null(primitive_clash(&primitives_listener_mode, &primitives_close));
    assert_non_null(primitive_clash(&primitives_drip_body, &primitives_drip_body));
    assert_null(primitive_clash(&primitives_delay, &primitives_drip_body));
    assert_null(primitive_clash(&primitives_drip_head, &primitives_drip_body));
    assert_null(primitive_clash(&primitives_delay, &primitives_close));
}

/* All that a fault can be made of is told, and its defaults are ones that it takes. */
static void each_is_described(void **state)
{
    (void)state;
    for (size_t i = 0; all[i] != NULL; i++) {
        const char *recipe =
            all[i] == &primitives_listener_mode ? "listener-mode mode?closed" : all[i]->name;
        const fault_line line = {"X1", "x", recipe, NULL, "s", NULL};
        problem p = {0};
        fault *f;

        if (fault_new(&line, all, &f, &p) != 0) {
            fail_msg("%s", p.detail);
        }
        assert_true(strlen(all[i]->summary) > 0);
        fault_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listeners_are_closed_or_full),
        cmocka_unit_test(connections_are_held_closed_or_reset),
        cmocka_unit_test(a_delay_is_before_the_head_or_the_body),
        cmocka_unit_test(what_does_not_exist_cannot_wait),
        cmocka_unit_test(head_and_body_come_drop_by_drop),
        cmocka_unit_test(one_chunk_is_no_drip),
        cmocka_unit_test(a_close_says_where_and_how),
        cmocka_unit_test(nothing_is_cut_behind_its_end),
        cmocka_unit_test(what_composes),
        cmocka_unit_test(each_is_described),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
