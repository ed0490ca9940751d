/* Works on the parsed JSON, not on its text: a value can then not break the syntax around it. */
#include "pki/placeholders.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTER_SIZE 160

static size_t name_length(const char *text)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return strspn(text, first) == 0 ? 0 : strspn(text, more);
}

int placeholders_set(json_t *settings, const char *assignment, mint_error *e)
{
    size_t n = name_length(assignment);
    if (n == 0 || assignment[n] != '=') {
        return mint_refuse(e, "",
                           "--set: \"%s\" is not NAME=VALUE (accepted: a NAME of letters, digits "
                           "and _ that does not start with a digit)",
                           assignment);
    }
    json_t *value = json_string(assignment + n + 1); /* NULL when it is not UTF-8 */
    if (value == NULL) {
        return mint_refuse(e, "", "--set: the value of \"%.*s\" is not valid UTF-8", (int)n,
                           assignment);
    }
    char *name = strndup(assignment, n);
    int status = -1;
    if (name != NULL) {
        status = json_object_set(settings, name, value);
    }
    free(name);
    json_decref(value);
    return status == 0 ? 0 : mint_fail(e, "out of memory");
}

/* Appends `token` to the RFC 6901 pointer `at`, escaped as its section 3 says. */
static void pointer_append(char out[POINTER_SIZE], const char *at, const char *token)
{
    size_t n = (size_t)snprintf(out, POINTER_SIZE, "%s/", at);
    for (; *token != '\0' && n + 3 < POINTER_SIZE; token++) {
        if (*token == '~' || *token == '/') {
            out[n++] = '~';
            out[n++] = *token == '~' ? '0' : '1';
        } else {
            out[n++] = *token;
        }
    }
    if (n < POINTER_SIZE) {
        out[n] = '\0';
    }
}

static json_t *replace_string(const char *text, const json_t *settings, const char *at,
                              mint_error *e)
{
    char *out = NULL;
    size_t size = 0;
    json_t *result = NULL;
    FILE *stream = open_memstream(&out, &size);
    if (stream == NULL) {
        mint_fail(e, "out of memory");
        return NULL;
    }

    const char *start;
    while ((start = strstr(text, "${")) != NULL) {
        size_t n = name_length(start + 2);
        if (n == 0 || start[2 + n] != '}') {
            mint_refuse(e, at, "\"%s\" holds a \"${\" that is not ${NAME}", text);
            goto done;
        }
        char name[128];
        snprintf(name, sizeof(name), "%.*s", (int)n, start + 2);
        const char *value = json_string_value(json_object_get(settings, name));
        if (value == NULL) {
            mint_refuse(e, at, "${%s} has no value (give it with --set %s=VALUE)", name, name);
            goto done;
        }
        fwrite(text, 1, (size_t)(start - text), stream);
        fputs(value, stream);
        text = start + 2 + n + 1;
    }
    fputs(text, stream);
    if (fflush(stream) == 0) {
        result = json_stringn(out, size);
    }
    if (result == NULL) {
        mint_fail(e, "out of memory");
    }

done:
    fclose(stream);
    free(out);
    return result;
}

static json_t *replace_in(const json_t *in, const json_t *settings, const char *at, mint_error *e);

static json_t *replace_array(const json_t *in, const json_t *settings, const char *at,
                             mint_error *e)
{
    json_t *out = json_array();
    for (size_t i = 0; i < json_array_size(in); i++) {
        char index[24];
        char where[POINTER_SIZE];
        snprintf(index, sizeof(index), "%zu", i);
        pointer_append(where, at, index);
        json_t *value = replace_in(json_array_get(in, i), settings, where, e);
        if (value == NULL) {
            json_decref(out);
            return NULL;
        }
        json_array_append_new(out, value);
    }
    return out;
}

static json_t *replace_object(const json_t *in, const json_t *settings, const char *at,
                              mint_error *e)
{
    json_t *out = json_object();
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)in, name, member)
    {
        char where[POINTER_SIZE];
        pointer_append(where, at, name);
        json_t *value = replace_in(member, settings, where, e);
        if (value == NULL) {
            json_decref(out);
            return NULL;
        }
        json_object_set_new(out, name, value);
    }
    return out;
}

static json_t *replace_in(const json_t *in, const json_t *settings, const char *at, mint_error *e)
{
    switch (json_typeof(in)) {
    case JSON_STRING:
        return replace_string(json_string_value(in), settings, at, e);
    case JSON_ARRAY:
        return replace_array(in, settings, at, e);
    case JSON_OBJECT:
        return replace_object(in, settings, at, e);
    default:
        return json_deep_copy(in);
    }
}

json_t *placeholders_replace(const json_t *in, const json_t *settings, mint_error *e)
{
    return replace_in(in, settings, "", e);
}
