/* See recipe.h. */
#include "responders/engine/recipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/memory.h"

static const char name_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
static const char word_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./";

static int refuse(const char *at, const char *wanted, problem *p)
{
    return problem_fail(p, "at \"%.40s\": expected %s", at, wanted);
}

static bool take_name(const char **at, char **out)
{
    const size_t length = strspn(*at, name_letters);

    if (length == 0) {
        return false;
    }
    *out = memory_text_of(*at, length);
    *at += length;
    return true;
}

/* JSON, and where that is none a word. */
static int take_value(const char **at, json_t **out, problem *p)
{
    const size_t letters = strspn(*at, word_letters);
    json_error_t error;

    *out = json_loadb(*at, strlen(*at), JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &error);
    if (*out != NULL) {
        *at += error.position;
        return 0;
    }
    if (letters == 0) {
        return refuse(*at, "a value: JSON or a word", p);
    }
    *out = json_stringn(*at, letters);
    *at += letters;
    return 0;
}

static bool take_number(const char **at, int64_t *out)
{
    const char first = **at == '-' ? (*at)[1] : **at;
    char *end;

    errno = 0;
    *out = strtoll(*at, &end, 10);
    if (first < '0' || first > '9' || errno != 0) {
        return false;
    }
    *at = end;
    return true;
}

static bool take_text(const char **at, const char *text)
{
    const size_t length = strlen(text);

    if (strncmp(*at, text, length) != 0) {
        return false;
    }
    *at += length;
    return true;
}

static int take_setting(const char **at, recipe_setting *out, problem *p)
{
    if (!take_name(at, &out->name)) {
        return refuse(*at, "the name of a parameter", p);
    }
    out->fixed = **at == '=';
    if (**at != '=' && **at != '?') {
        return refuse(*at, "\"=\" or \"?\"", p);
    }
    ++*at;
    if (take_value(at, &out->value, p) != 0) {
        return -1;
    }
    if (**at != '[') {
        return 0;
    }
    ++*at;
    out->ranged = true;
    if (out->fixed || !take_number(at, &out->min) || !take_text(at, "..") ||
        !take_number(at, &out->max) || !take_text(at, "]")) {
        return refuse(*at, "a range [MIN..MAX] after NAME?VALUE", p);
    }
    return 0;
}

static int take_part(const char **at, recipe_part *out, problem *p)
{
    if (!take_name(at, &out->primitive)) {
        return refuse(*at, "the name of a primitive", p);
    }
    while (take_text(at, " ")) {
        out->settings = memory_resize(out->settings, out->nsettings + 1, sizeof(out->settings[0]));
        out->settings[out->nsettings] = (recipe_setting){0};
        if (take_setting(at, &out->settings[out->nsettings++], p) != 0) {
            return -1;
        }
    }
    return 0;
}

int recipe_parse(const char *text, recipe *out, problem *p)
{
    *out = (recipe){0};
    do {
        out->parts = memory_resize(out->parts, out->nparts + 1, sizeof(out->parts[0]));
        out->parts[out->nparts] = (recipe_part){0};
        if (take_part(&text, &out->parts[out->nparts++], p) != 0) {
            return -1;
        }
    } while (take_text(&text, "; "));
    return *text == '\0' ? 0 : refuse(text, "\"; \" and another primitive, or the end", p);
}

void recipe_clear(recipe *r)
{
    for (size_t i = 0; i < r->nparts; i++) {
        recipe_part *part = &r->parts[i];

        for (size_t k = 0; k < part->nsettings; k++) {
            free(part->settings[k].name);
            json_decref(part->settings[k].value);
        }
        free(part->settings);
        free(part->primitive);
    }
    free(r->parts);
    *r = (recipe){0};
}

int recipe_sequence_parse(const char *text, recipe_sequence *out, problem *p)
{
    *out = (recipe_sequence){0};
    if (text == NULL) {
        return 0;
    }
    out->healthy = strcmp(text, "healthy n") == 0 || strcmp(text, "healthy n, faulty m") == 0;
    out->faulty = strcmp(text, "faulty n") == 0 || strcmp(text, "healthy n, faulty m") == 0;
    if (!out->healthy && !out->faulty) {
        return refuse(text, "\"healthy n\", \"faulty n\" or \"healthy n, faulty m\"", p);
    }
    return 0;
}
