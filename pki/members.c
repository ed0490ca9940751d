/* One function a JSON type, and one place where the texts of refusals are made. */
#include "pki/members.h"

#include <stdio.h>
#include <string.h>

#include "harness/base/json_check.h"

#define WHERE_SIZE 200

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    default:
        return "null";
    }
}

/* The pointer to the member, or to its element when `index` is not -1. */
static void point_at(const members *m, const char *name, int index, char out[WHERE_SIZE])
{
    if (index >= 0) {
        snprintf(out, WHERE_SIZE, "%s/%s/%d", m->at, name, index);
    } else {
        snprintf(out, WHERE_SIZE, "%s/%s", m->at, name);
    }
}

/* Every value of a description is checked through here, so no two texts differ in form. */
static int refuse_type(const members *m, const char *name, int index, const json_t *value,
                       const char *accepted)
{
    char where[WHERE_SIZE];
    point_at(m, name, index, where);
    return problem_refuse(m->p, where, "%s is not valid here (accepted: %s)", type_name(value),
                          accepted);
}

int members_refuse(const members *m, const char *name, int index, const char *value,
                   const char *accepted)
{
    char where[WHERE_SIZE];
    point_at(m, name, index, where);
    return problem_refuse(m->p, where, "\"%.100s\" is not valid (accepted: %s)", value, accepted);
}

int members_check_known(const members *m, const char *const *known)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)m->object, name, value)
    {
        const char *const *k = known;
        while (*k != NULL && strcmp(*k, name) != 0) {
            k++;
        }
        if (*k == NULL) {
            char accepted[300];
            json_check_join(known, accepted, sizeof(accepted));
            return problem_refuse(m->p, m->at, "unknown member \"%.100s\" (accepted: %s)", name,
                                  accepted);
        }
    }
    return 0;
}

/* Sets *value to the member or NULL; -1 when it is required and absent. */
static int find(const members *m, const char *name, bool required, const char *accepted,
                const json_t **value)
{
    *value = json_object_get(m->object, name);
    if (*value == NULL && required) {
        return problem_refuse(m->p, m->at, "the member \"%s\" is missing (accepted: %s)", name,
                              accepted);
    }
    return 0;
}

int members_string(const members *m, const char *name, bool required, const char **out)
{
    const json_t *value;
    if (find(m, name, required, "a string", &value) != 0) {
        return -1;
    }
    if (value == NULL) {
        return 0;
    }
    if (!json_is_string(value)) {
        return refuse_type(m, name, -1, value, "a string");
    }
    *out = json_string_value(value);
    return 0;
}

int members_boolean(const members *m, const char *name, bool *out)
{
    const json_t *value = json_object_get(m->object, name);
    if (value == NULL) {
        return 0;
    }
    if (!json_is_boolean(value)) {
        return refuse_type(m, name, -1, value, "true or false");
    }
    *out = json_is_true(value);
    return 0;
}

int members_strings(const members *m, const char *name, bool required, const json_t **out)
{
    const char *accepted = required ? "an array of one or more strings" : "an array of strings";
    const json_t *value;
    if (find(m, name, required, accepted, &value) != 0) {
        return -1;
    }
    if (value == NULL) {
        return 0;
    }
    if (!json_is_array(value)) {
        return refuse_type(m, name, -1, value, accepted);
    }
    size_t size = json_array_size(value);
    if (required && size == 0) {
        char where[WHERE_SIZE];
        point_at(m, name, -1, where);
        return problem_refuse(m->p, where, "the array is empty (accepted: %s)", accepted);
    }
    for (size_t i = 0; i < size; i++) {
        const json_t *element = json_array_get(value, i);
        if (!json_is_string(element)) {
            return refuse_type(m, name, (int)i, element, "a string");
        }
    }
    *out = value;
    return 0;
}

int members_choice(const members *m, const char *name, const char *const *choices, int *out)
{
    char accepted[200];
    json_check_join(choices, accepted, sizeof(accepted));
    const json_t *value = json_object_get(m->object, name);
    if (value == NULL) {
        return 0;
    }
    if (!json_is_string(value)) {
        return refuse_type(m, name, -1, value, accepted);
    }
    for (int i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], json_string_value(value)) == 0) {
            *out = i;
            return 0;
        }
    }
    return members_refuse(m, name, -1, json_string_value(value), accepted);
}
