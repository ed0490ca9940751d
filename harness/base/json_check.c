/* See json_check.h. */
#include "harness/base/json_check.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

void json_check_join(const char *const *words, char *out, size_t size)
{
    size_t length = 0;

    out[0] = '\0';
    for (size_t i = 0; words[i] != NULL && length < size; i++) {
        int written = snprintf(out + length, size - length, "%s%s", i == 0 ? "" : ", ", words[i]);

        length += written < 0 ? 0 : (size_t)written;
    }
}

void json_check_quote(const json_t *value, char *out, size_t size)
{
    const size_t room = size - 1;
    size_t length =
        json_dumpb(value, out, room,
                   JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));

    if (value == NULL) {
        snprintf(out, size, "nothing");
        return;
    }
    if (length <= room) {
        out[length] = '\0';
        return;
    }
    snprintf(out, size, "%s",
             json_is_object(value)  ? "an object"
             : json_is_array(value) ? "an array"
                                    : "a long string");
}

static int refuse(const json_t *value, const char *where, const char *member, const char *accepted,
                  problem *p)
{
    char pointer[sizeof(p->pointer)], quoted[64];

    problem_pointer(pointer, sizeof(pointer), where, member);
    json_check_quote(value, quoted, sizeof(quoted));
    return problem_refuse(p, pointer, "\"%s\" must be %s, not %s", member, accepted, quoted);
}

int json_check_members(json_t *value, const char *where, const char *const *members, problem *p)
{
    const char *name;
    json_t *ignored;

    if (!json_is_object(value)) {
        char quoted[64];

        json_check_quote(value, quoted, sizeof(quoted));
        return problem_refuse(p, where, "must be a JSON object, not %s", quoted);
    }
    json_object_foreach(value, name, ignored)
    {
        char pointer[sizeof(p->pointer)], accepted[256];
        size_t i = 0;

        while (members[i] != NULL && strcmp(members[i], name) != 0) {
            i++;
        }
        if (members[i] != NULL) {
            continue;
        }
        problem_pointer(pointer, sizeof(pointer), where, name);
        json_check_join(members, accepted, sizeof(accepted));
        return problem_refuse(p, pointer, "unknown member \"%.80s\"; accepted: %s", name, accepted);
    }
    return 0;
}

int json_check_integer(const json_t *object, const char *where, const char *member, json_int_t min,
                       json_int_t max, json_int_t *out, problem *p)
{
    const json_t *value = json_object_get(object, member);

    if (value == NULL) {
        return 0;
    }
    if (!json_is_integer(value) || json_integer_value(value) < min ||
        json_integer_value(value) > max) {
        char accepted[96];

        snprintf(accepted, sizeof(accepted),
                 "an integer from %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT, min, max);
        return refuse(value, where, member, accepted, p);
    }
    *out = json_integer_value(value);
    return 0;
}

int json_check_string(const json_t *object, const char *where, const char *member, const char **out,
                      problem *p)
{
    const json_t *value = json_object_get(object, member);

    if (value == NULL) {
        return 0;
    }
    if (!json_is_string(value)) {
        return refuse(value, where, member, "a string", p);
    }
    *out = json_string_value(value);
    return 0;
}

int json_check_boolean(const json_t *object, const char *where, const char *member, bool *out,
                       problem *p)
{
    const json_t *value = json_object_get(object, member);

    if (value == NULL) {
        return 0;
    }
    if (!json_is_boolean(value)) {
        return refuse(value, where, member, "true or false", p);
    }
    *out = json_is_true(value);
    return 0;
}
