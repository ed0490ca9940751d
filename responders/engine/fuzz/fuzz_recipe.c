/*
 * A recipe is text that a program's author writes: whatever it is, it is read or refused with its
 * place, and a fault that comes of it can be used and told.  The first line is the recipe, the
 * second, where there is one, the sequence.
 */
#include "responders/engine/recipe.h"
#include "responders/engine/tests/engine_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const fault *f)
{
    json_t *given = json_pack("{s:s}", "target", "/");
    json_t *told = fault_to_json(f);
    fault_acts acts = {0};
    problem p = {0};

    if (told == NULL) {
        abort();
    }
    if (fault_acts_read(f, "fault", given, "", NULL, &acts, &p) != 0 && p.detail[0] == '\0') {
        abort();
    }
    for (size_t i = 0; i < acts.count; i++) {
        subject s = {.gives = EFFECT_DONE};
        primitive_call call = {.subject = &s, .params = acts.list[i].params};

        acts.list[i].primitive->act(&call);
    }
    fault_acts_clear(&acts);
    json_decref(told);
    json_decref(given);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = memory_text_of(data, size);
    char *end = strchr(text, '\n');
    fault_line line = {.id = "X1", .name = "x", .recipe = text, .summary = "s"};
    recipe_sequence sequence;
    problem p = {0};
    recipe r;
    fault *f;

    if (end != NULL) {
        *end = '\0';
        line.sequence = end + 1;
    }
    if (recipe_parse(line.recipe, &r, &p) == 0) {
        for (size_t i = 0; i < r.nparts; i++) {
            for (size_t k = 0; k < r.parts[i].nsettings; k++) {
                if (r.parts[i].settings[k].value == NULL) {
                    abort();
                }
            }
        }
    } else if (p.status != 500 || p.detail[0] == '\0') {
        abort();
    }
    recipe_clear(&r);
    recipe_sequence_parse(line.sequence, &sequence, &p);
    if (fault_new(&line, fixture_primitives, &f, &p) == 0) {
        use(f);
        fault_free(f);
    }
    free(text);
    return 0;
}
