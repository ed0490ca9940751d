/* What was planned, what was done, what has reached the peer: an event proves only the last. */
#include "harness/base/tests/cm.h"

#include "responders/engine/plan.h"
#include "responders/engine/tests/rules_fixture.h"

/* The plan of the first request under one rule "r" with these uses. */
static plan planned(const char *uses)
{
    char *text = memory_format("[{\"id\": \"r\", \"sequence\": [{\"do\": [%s]}]}]", uses);
    rule_set *r = set_of(text);
    const char *values[] = {"web", "1", "GET"};
    plan p;

    assert_true(rule_decide(r, false, values, &p));
    rule_set_free(r);
    free(text);
    return p;
}

static void perform(plan *p, effect gives, const char *wanted)
{
    subject s = {.gives = gives};

    for (int i = 0; i < STAGES; i++) {
        plan_do(p, (stage)i, &s, NULL);
    }
    assert_string_equal(s.journal, wanted);
}

/* The names that the next event would tell, each followed by a blank. */
static void assert_told(plan *p, const char *wanted)
{
    json_t *event = json_object(), *name;
    char text[200] = "";
    size_t i;

    plan_tell(p, event);
    assert_true(json_is_array(json_object_get(event, "faults")));
    json_array_foreach(json_object_get(event, "faults"), i, name)
    {
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", json_string_value(name));
    }
    assert_string_equal(text, wanted);
    json_decref(event);
}

static void assert_described(const plan *p, const char *wanted)
{
    json_t *event = json_object(), *w = json_of(wanted);

    plan_describe(p, event);
    if (!json_equal(event, w)) {
        fail_msg("%s instead of %s", json_dumps(event, 0), wanted);
    }
    json_decref(w);
    json_decref(event);
}

static void stages_are_called_one_by_one(void **state)
{
    plan p = planned("{\"fault\": \"late-redirect\"}, {\"fault\": \"cert-status-revoked\"}");
    subject s = {.gives = EFFECT_DONE};

    (void)state;
    plan_do(&p, STAGE_PACE, &s, NULL);
    assert_string_equal(s.journal, "pause 5;");
    assert_int_equal(p.items[0].state, PLAN_OPEN);
    assert_int_equal(p.items[2].state, PLAN_DONE);
    plan_do(&p, STAGE_MODEL, &s, NULL);
    plan_do(&p, STAGE_WIRE, &s, NULL);
    assert_string_equal(s.journal, "pause 5;revoked 1 0 byKey;");
    plan_do(&p, STAGE_MODEL, &s, NULL); /* what is done is not done again */
    assert_string_equal(s.journal, "pause 5;revoked 1 0 byKey;");
    plan_clear(&p);
}

static effect look_at_context(primitive_call *call)
{
    assert_string_equal(call->context, "context");
    assert_null(call->params);
    assert_string_equal(call->why, "");
    return EFFECT_DONE;
}

static void a_primitive_gets_its_context(void **state)
{
    static const primitive looks = {
        .name = "looks", .stage = STAGE_MODEL, .things = {""}, .act = look_at_context};
    fault_act act = {.primitive = &looks, .name = "looks", .until = UINT64_MAX};
    rule_step step = {.times = RULE_FOR_EVER, .acts = {.list = &act, .count = 1}};
    rule *r = rule_new(0);
    plan p = {0};

    (void)state;
    plan_make(&p, r, &step, 0, -1);
    plan_do(&p, STAGE_MODEL, NULL, "context");
    assert_int_equal(p.items[0].state, PLAN_DONE);
    plan_clear(&p);
    rule_unref(r);
}

static void a_plan_says_what_it_has(void **state)
{
    plan p = planned("{\"fault\": \"late-redirect\"}, {\"fault\": \"cert-status-revoked\"}");

    (void)state;
    assert_true(plan_has(&p, STAGE_MODEL, STAGE_MODEL));
    assert_true(plan_has(&p, STAGE_LISTENER, STAGE_END));
    assert_false(plan_has(&p, STAGE_LISTENER, STAGE_ACCEPT));
    assert_false(plan_has(&p, STAGE_WIRE, STAGE_WIRE));
    assert_string_equal(plan_name(&p, STAGE_MODEL, STAGE_ENCODED), "cert-status-revoked");
    assert_string_equal(plan_name(&p, STAGE_MODEL, STAGE_PACE), "late-redirect");
    assert_string_equal(plan_name(&p, STAGE_END, STAGE_END), "");
    perform(&p, EFFECT_DONE, "revoked 1 0 byKey;redirect /;pause 5;");
    assert_true(plan_has(&p, STAGE_MODEL, STAGE_MODEL));
    plan_happened(&p, STAGE_LISTENER, STAGE_END);
    assert_true(plan_has(&p, STAGE_MODEL, STAGE_MODEL));
    assert_told(&p, "cert-status-revoked late-redirect ");
    assert_true(plan_has(&p, STAGE_MODEL, STAGE_MODEL));
    plan_clear(&p);
    assert_false(plan_has(&p, STAGE_LISTENER, STAGE_END));
}

/* What was not done for this request is not in it any more. */
static void what_is_not_done_is_not_had(void **state)
{
    static const effect effects[] = {EFFECT_NONE, EFFECT_IMPOSSIBLE};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        plan p = planned("{\"fault\": \"cert-status-revoked\"}");

        perform(&p, effects[i], "revoked 1 0 byKey;");
        assert_false(plan_has(&p, STAGE_MODEL, STAGE_MODEL));
        plan_happened(&p, STAGE_LISTENER, STAGE_END);
        assert_int_equal(p.items[0].state, i == 0 ? PLAN_NONE : PLAN_FAILED);
        assert_told(&p, "");
        plan_clear(&p);
    }
}

static void only_what_has_happened_is_told_and_once(void **state)
{
    plan p = planned("{\"fault\": \"cert-status-revoked\"}, {\"primitive\": \"pause\"}");

    (void)state;
    assert_told(&p, "");
    plan_happened(&p, STAGE_MODEL, STAGE_END); /* nothing was done yet that could have happened */
    assert_told(&p, "");
    perform(&p, EFFECT_DONE, "revoked 1 0 byKey;pause 2000;");
    assert_told(&p, "");
    plan_happened(&p, STAGE_PACE, STAGE_PACE);
    assert_told(&p, "pause ");
    assert_told(&p, "");
    plan_happened(&p, STAGE_MODEL, STAGE_END);
    assert_told(&p, "cert-status-revoked ");
    plan_happened(&p, STAGE_MODEL, STAGE_END);
    assert_told(&p, "");
    assert_int_equal(p.items[0].state, PLAN_TOLD);
    plan_clear(&p);
}

/* A fault of two parts is proven by both. */
static void a_fault_is_told_as_a_whole(void **state)
{
    plan p = planned("{\"fault\": \"late-redirect\"}");

    (void)state;
    perform(&p, EFFECT_DONE, "redirect /;pause 5;");
    plan_happened(&p, STAGE_PACE, STAGE_PACE);
    assert_told(&p, "");
    plan_happened(&p, STAGE_MESSAGE, STAGE_MESSAGE);
    assert_told(&p, "late-redirect ");
    assert_told(&p, "");
    plan_clear(&p);
}

static void do_in_two_parts(plan *p, effect first, effect second)
{
    subject s = {.gives = first};

    plan_do(p, STAGE_MESSAGE, &s, NULL);
    s.gives = second;
    plan_do(p, STAGE_PACE, &s, NULL);
    plan_happened(p, STAGE_LISTENER, STAGE_END);
}

/* A part that had nothing to change does not keep the other from proving the fault; one that could
 * not be done does. */
static void parts_that_were_not_done(void **state)
{
    plan p = planned("{\"fault\": \"late-redirect\"}");

    (void)state;
    do_in_two_parts(&p, EFFECT_NONE, EFFECT_DONE);
    assert_told(&p, "late-redirect ");
    assert_told(&p, "");
    plan_clear(&p);

    p = planned("{\"fault\": \"late-redirect\"}");
    do_in_two_parts(&p, EFFECT_DONE, EFFECT_IMPOSSIBLE);
    assert_told(&p, "");
    plan_clear(&p);

    p = planned("{\"fault\": \"late-redirect\"}");
    do_in_two_parts(&p, EFFECT_NONE, EFFECT_NONE);
    assert_told(&p, "");
    plan_clear(&p);
}

static void problems_are_told_once(void **state)
{
    plan p = planned("{\"fault\": \"cert-status-revoked\"}, {\"primitive\": \"pause\"}");
    event_log *events = event_log_new(8);
    json_t *fields = json_pack("{s:s}", "serial", "1"), *found;
    json_t *wanted = json_pack("{s:i, s:s, s:s, s:s, s:s}", "seq", 1, "kind", "problem", "serial",
                               "1", "fault", "pause", "detail", "there is nothing to change");
    subject s = {.gives = EFFECT_DONE};

    (void)state;
    plan_tell_problems(&p, events, fields);
    assert_int_equal(event_log_last(events), 0);
    plan_do(&p, STAGE_MODEL, &s, NULL);
    s.gives = EFFECT_IMPOSSIBLE;
    plan_do(&p, STAGE_PACE, &s, NULL);
    plan_tell_problems(&p, events, fields);
    plan_tell_problems(&p, events, fields);
    found = event_log_since(events, 0, NULL, 0);
    assert_int_equal(json_array_size(found), 1);
    json_object_del(json_array_get(found, 0), "time");
    assert_true(json_equal(json_array_get(found, 0), wanted));
    assert_int_equal(json_object_size(fields), 1);
    json_decref(found);
    json_decref(wanted);
    json_decref(fields);
    event_log_free(events);
    plan_clear(&p);
}

static void plans_describe_themselves(void **state)
{
    rule_set *r = set_of("[{\"id\": \"p\", \"probability\": 0.95, \"match\": {\"serial\": \"1\"},"
                         " \"sequence\": [{\"times\": 1, \"do\": [{\"fault\": \"late-redirect\"},"
                         " {\"fault\": \"cert-status-revoked\"}]}]}]");
    const char *known[] = {"web", "1", "GET"}, *other[] = {"web", "2", "GET"};
    plan p;

    (void)state;
    assert_false(rule_decide(r, false, other, &p));
    assert_described(&p, "{\"rule\": null, \"generation\": 1, \"ordinal\": null, \"draw\": null,"
                         " \"planned\": []}");
    plan_clear(&p);
    assert_true(p.generation == 1);

    assert_true(rule_decide(r, false, known, &p));
    assert_true(p.draw >= 0);
    p.draw = 0.5;
    assert_described(&p, "{\"rule\": \"p\", \"generation\": 1, \"ordinal\": 0, \"draw\": 0.5,"
                         " \"planned\": [\"cert-status-revoked\", \"late-redirect\"]}");
    plan_clear(&p);
    assert_described(&p, "{\"rule\": null, \"generation\": 1, \"ordinal\": null, \"draw\": null,"
                         " \"planned\": []}");

    assert_true(rule_decide(r, false, known, &p)); /* past the last step */
    p.draw = -1;
    assert_described(&p, "{\"rule\": \"p\", \"generation\": 1, \"ordinal\": 1, \"draw\": null,"
                         " \"planned\": []}");
    plan_clear(&p);
    rule_set_free(r);
}

/* A fault of two parts is one fault, also with another's part between the two. */
static void a_fault_is_described_once(void **state)
{
    static const fault_line lines[] = {
        {"A1", "both-ends", "cert-status; pause ms=1", NULL, "s", NULL},
        {"A2", "between", "location target=/", NULL, "s", NULL},
        {0},
    };
    catalogue *fixture = rules_catalogue;
    problem why = {0};
    plan p;

    (void)state;
    assert_int_equal(catalogue_new(lines, fixture_primitives, &rules_catalogue, &why), 0);
    p = planned("{\"fault\": \"both-ends\"}, {\"fault\": \"between\"}");
    assert_described(&p, "{\"rule\": \"r\", \"generation\": 1, \"ordinal\": 0, \"draw\": null,"
                         " \"planned\": [\"both-ends\", \"between\"]}");
    perform(&p, EFFECT_DONE, "revoked 1 0 byKey;redirect /;pause 1;");
    plan_happened(&p, STAGE_MODEL, STAGE_MESSAGE);
    assert_told(&p, "between ");
    plan_happened(&p, STAGE_PACE, STAGE_PACE);
    assert_told(&p, "both-ends ");
    plan_clear(&p);
    catalogue_free(rules_catalogue);
    rules_catalogue = fixture;
}

/* What another request is to bring is not done by this one, nor is the fault that it belongs to. */
static void what_comes_later_is_not_told(void **state)
{
    plan p = planned("{\"fault\": \"late-redirect\"}");

    (void)state;
    perform(&p, EFFECT_LATER, "redirect /;pause 5;");
    plan_happened(&p, STAGE_LISTENER, STAGE_END);
    assert_told(&p, "");
    plan_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_later_is_not_told),
        cmocka_unit_test(stages_are_called_one_by_one),
        cmocka_unit_test(a_primitive_gets_its_context),
        cmocka_unit_test(a_plan_says_what_it_has),
        cmocka_unit_test(what_is_not_done_is_not_had),
        cmocka_unit_test(only_what_has_happened_is_told_and_once),
        cmocka_unit_test(a_fault_is_told_as_a_whole),
        cmocka_unit_test(parts_that_were_not_done),
        cmocka_unit_test(problems_are_told_once),
        cmocka_unit_test(plans_describe_themselves),
        cmocka_unit_test(a_fault_is_described_once),
    };

    return cmocka_run_group_tests(tests, rules_begin, rules_end);
}
