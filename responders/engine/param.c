/* See param.h. */
#include "responders/engine/param.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_check.h"
#include "harness/base/memory.h"

static void *member_of(const param *p, void *params)
{
    return (char *)params + p->offset;
}

static bool is_nullable(const param *p)
{
    return p->fallback != NULL && strcmp(p->fallback, "null") == 0;
}

static void integer_accepts(const param *p, char *out, size_t size)
{
    snprintf(out, size, "an integer from %lld to %lld", (long long)p->min, (long long)p->max);
}

static bool integer_read(const param *p, const json_t *value, const void *store, void *member)
{
    const json_int_t number = json_integer_value(value);

    (void)store;
    if (!json_is_integer(value) || number < p->min || number > p->max) {
        return false;
    }
    *(int64_t *)member = number;
    return true;
}

static void boolean_accepts(const param *p, char *out, size_t size)
{
    (void)p;
    snprintf(out, size, "true or false");
}

static bool boolean_read(const param *p, const json_t *value, const void *store, void *member)
{
    (void)p;
    (void)store;
    *(bool *)member = json_is_true(value);
    return json_is_boolean(value);
}

static void choice_accepts(const param *p, char *out, size_t size)
{
    const int length = snprintf(out, size, "one of ");

    json_check_join(p->choices, out + length, size - (size_t)length);
}

static bool choice_read(const param *p, const json_t *value, const void *store, void *member)
{
    (void)store;
    for (int i = 0; json_is_string(value) && p->choices[i] != NULL; i++) {
        if (strcmp(p->choices[i], json_string_value(value)) == 0) {
            *(int *)member = i;
            return true;
        }
    }
    return false;
}

static void text_accepts(const param *p, char *out, size_t size)
{
    (void)p;
    snprintf(out, size, "a string");
}

static bool text_read(const param *p, const json_t *value, const void *store, void *member)
{
    (void)p;
    (void)store;
    if (!json_is_string(value)) {
        return false;
    }
    *(char **)member = memory_text(json_string_value(value));
    return true;
}

static void text_clear(void *member)
{
    free(*(char **)member);
}

const param_type param_integer = {
    .name = "integer", .accepts = integer_accepts, .read = integer_read};
const param_type param_boolean = {
    .name = "boolean", .accepts = boolean_accepts, .read = boolean_read};
const param_type param_choice = {.name = "choice", .accepts = choice_accepts, .read = choice_read};
const param_type param_text = {
    .name = "string", .accepts = text_accepts, .read = text_read, .clear = text_clear};

void param_accepts(const param *p, char *out, size_t size)
{
    char what[256];

    p->type->accepts(p, what, sizeof(what));
    snprintf(out, size, "%s%s%s%s%s", what, p->unit == NULL ? "" : " (",
             p->unit == NULL ? "" : p->unit, p->unit == NULL ? "" : ")",
             is_nullable(p) ? ", or null" : "");
}

json_t *param_fallback(const param *p)
{
    return p->fallback == NULL ? NULL : json_loads(p->fallback, JSON_DECODE_ANY, NULL);
}

int param_read(const param *p, const json_t *value, const void *store, const char *whose,
               const char *where, void *params, problem *why)
{
    char pointer[sizeof(why->pointer)], wanted[320], quoted[64];

    if (json_is_null(value) ? is_nullable(p)
                            : p->type->read(p, value, store, member_of(p, params))) {
        return 0;
    }
    param_accepts(p, wanted, sizeof(wanted));
    json_check_quote(value, quoted, sizeof(quoted));
    problem_pointer(pointer, sizeof(pointer), where, p->name);
    return problem_refuse(why, pointer, "\"%s\" of %s must be %s, not %s", p->name, whose, wanted,
                          quoted);
}

void param_clear(const param *p, void *params)
{
    if (p->type->clear != NULL) {
        p->type->clear(member_of(p, params));
    }
}
