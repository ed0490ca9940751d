/* Which primitives can be done together, and which cannot. */
#include "harness/base/tests/cm.h"

#include "responders/engine/tests/engine_fixture.h"

static primitive at(stage s, const char *thing, bool replaces)
{
    return (primitive){.name = "p", .stage = s, .things = {thing}, .replaces = replaces};
}

/* Either way round the answer is the same; the thing told is the first one's. */
static void clash(const primitive *a, const primitive *b, const char *forth, const char *back)
{
    const char *one = primitive_clash(a, b), *other = primitive_clash(b, a);

    assert_string_equal(one == NULL ? "none" : one, forth);
    assert_string_equal(other == NULL ? "none" : other, back);
}

static void one_thing_is_changed_once_in_a_stage(void **state)
{
    const primitive body = at(STAGE_MODEL, "http/body", false);
    const primitive within = at(STAGE_MODEL, "http/body/response", false);
    const primitive beside = at(STAGE_MODEL, "http/body2", false);
    const primitive headers = at(STAGE_MODEL, "http/headers", false);
    const primitive everything = at(STAGE_MODEL, "", false);
    const primitive nothing = {.name = "p", .stage = STAGE_MODEL};

    (void)state;
    clash(&body, &body, "http/body", "http/body");
    clash(&body, &within, "http/body", "http/body/response");
    clash(&body, &beside, "none", "none");
    clash(&body, &headers, "none", "none");
    clash(&everything, &within, "", "http/body/response");
    clash(&everything, &everything, "", "");
    clash(&everything, &nothing, "none", "none");
}

static void another_stage_composes(void **state)
{
    const primitive model = at(STAGE_MODEL, "http/body", false);
    const primitive wire = at(STAGE_WIRE, "http/body", false);
    const primitive everything = at(STAGE_WIRE, "", false);

    (void)state;
    clash(&model, &wire, "none", "none");
    clash(&model, &everything, "none", "none");
}

/* Of what is replaced nothing is left, in whatever stage it was changed; what holds it is not
 * replaced. */
static void what_is_replaced_is_lost(void **state)
{
    const primitive replaced = at(STAGE_WIRE, "http/body", true);
    const primitive within = at(STAGE_MODEL, "http/body/response", false);
    const primitive same = at(STAGE_MESSAGE, "http/body", false);
    const primitive around = at(STAGE_MESSAGE, "http", false);
    const primitive headers = at(STAGE_MESSAGE, "http/headers", false);
    const primitive everything = at(STAGE_ACCEPT, "", true);

    (void)state;
    clash(&replaced, &within, "http/body", "http/body/response");
    clash(&replaced, &same, "http/body", "http/body");
    clash(&replaced, &around, "none", "none");
    clash(&replaced, &headers, "none", "none");
    clash(&everything, &headers, "", "http/headers");
    clash(&everything, &replaced, "", "http/body");
}

static void any_of_several_things_clashes(void **state)
{
    const primitive two = {
        .name = "p", .stage = STAGE_MESSAGE, .things = {"http/status", "http/headers/date"}};
    const primitive headers = at(STAGE_MESSAGE, "http/headers", false);

    (void)state;
    clash(&two, &headers, "http/headers/date", "http/headers");
}

static void parameters_are_found_by_name(void **state)
{
    (void)state;
    assert_string_equal(primitive_param(&fixture_revoked, "form")->name, "form");
    assert_null(primitive_param(&fixture_revoked, "for"));
    assert_null(primitive_param(&fixture_reset, "form"));
}

static void parameters_are_freed_with_what_is_in_them(void **state)
{
    fixture_revoked_params *p = memory_new(sizeof(*p));

    (void)state;
    p->by = memory_text("somebody"); /* a sanitizer would tell */
    primitive_params_free(&fixture_revoked, p);
    primitive_params_free(&fixture_revoked, NULL);
    primitive_params_free(&fixture_reset, NULL);
}

static void stages_have_names_in_their_order(void **state)
{
    static const char *const names[] = {"listener", "accept", "model", "encoded",
                                        "message",  "wire",   "pace",  "end"};

    (void)state;
    assert_int_equal(STAGES, sizeof(names) / sizeof(names[0]));
    for (int i = 0; i < STAGES; i++) {
        assert_string_equal(stage_name((stage)i), names[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thing_is_changed_once_in_a_stage),
        cmocka_unit_test(another_stage_composes),
        cmocka_unit_test(what_is_replaced_is_lost),
        cmocka_unit_test(any_of_several_things_clashes),
        cmocka_unit_test(parameters_are_found_by_name),
        cmocka_unit_test(parameters_are_freed_with_what_is_in_them),
        cmocka_unit_test(stages_have_names_in_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
