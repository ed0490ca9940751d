/* Works on the parsed JSON, not on its text: a value can then not break the syntax around it. */
#include "pki/placeholders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"
#include "harness/base/octets.h"

static size_t name_length(const char *text)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return strspn(text, first) == 0 ? 0 : strspn(text, more);
}

int placeholders_set(json_t *settings, const char *assignment, problem *p)
{
    size_t n = name_length(assignment);
    if (n == 0 || assignment[n] != '=') {
        return problem_refuse(
            p, "",
            "--set: \"%s\" is not NAME=VALUE (accepted: a NAME of letters, digits "
            "and _ that does not start with a digit)",
            assignment);
    }
    json_t *value = json_string(assignment + n + 1); /* NULL when it is not UTF-8 */
    if (value == NULL) {
        return problem_refuse(p, "", "--set: the value of \"%.*s\" is not valid UTF-8", (int)n,
                              assignment);
    }
    char *name = memory_text_of(assignment, n);
    json_object_set_new(settings, name, value);
    free(name);
    return 0;
}

static int replace_string(const char *text, const json_t *settings, const char *at, json_t **out,
                          problem *p)
{
    octets made = {0};
    const char *start;
    while ((start = strstr(text, "${")) != NULL) {
        size_t n = name_length(start + 2);
        if (n == 0 || start[2 + n] != '}') {
            octets_free(&made);
            return problem_refuse(p, at, "\"%s\" holds a \"${\" that is not ${NAME}", text);
        }
        char *name = memory_text_of(start + 2, n);
        const char *value = json_string_value(json_object_get(settings, name));
        free(name);
        if (value == NULL) {
            octets_free(&made);
            return problem_refuse(p, at, "${%.*s} has no value (give it with --set %.*s=VALUE)",
                                  (int)n, start + 2, (int)n, start + 2);
        }
        octets_append(&made, text, (size_t)(start - text));
        octets_append_text(&made, value);
        text = start + 2 + n + 1;
    }
    octets_append_text(&made, text);
    *out = json_stringn_nocheck(made.length == 0 ? "" : (const char *)made.data, made.length);
    octets_free(&made);
    return 0;
}

static int replace_in(const json_t *in, const json_t *settings, const char *at, json_t **out,
                      problem *p);

static int replace_array(const json_t *in, const json_t *settings, const char *at, json_t **out,
                         problem *p)
{
    json_t *made = json_array();
    for (size_t i = 0; i < json_array_size(in); i++) {
        char index[24], where[sizeof(p->pointer)];
        json_t *value;
        snprintf(index, sizeof(index), "%zu", i);
        problem_pointer(where, sizeof(where), at, index);
        if (replace_in(json_array_get(in, i), settings, where, &value, p) != 0) {
            json_decref(made);
            return -1;
        }
        json_array_append_new(made, value);
    }
    *out = made;
    return 0;
}

static int replace_object(const json_t *in, const json_t *settings, const char *at, json_t **out,
                          problem *p)
{
    json_t *made = json_object();
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)in, name, member)
    {
        char where[sizeof(p->pointer)];
        json_t *value;
        problem_pointer(where, sizeof(where), at, name);
        if (replace_in(member, settings, where, &value, p) != 0) {
            json_decref(made);
            return -1;
        }
        json_object_set_new(made, name, value);
    }
    *out = made;
    return 0;
}

static int replace_in(const json_t *in, const json_t *settings, const char *at, json_t **out,
                      problem *p)
{
    switch (json_typeof(in)) {
    case JSON_STRING:
        return replace_string(json_string_value(in), settings, at, out, p);
    case JSON_ARRAY:
        return replace_array(in, settings, at, out, p);
    case JSON_OBJECT:
        return replace_object(in, settings, at, out, p);
    default:
        *out = json_deep_copy(in);
        return 0;
    }
}

int placeholders_replace(const json_t *in, const json_t *settings, json_t **out, problem *p)
{
    return replace_in(in, settings, "", out, p);
}
