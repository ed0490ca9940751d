/*
 * Problems are shown to people: a text is one line, valid UTF-8, and says what would
 * have been accepted.  Anything that a peer sent may end up in it, so it is cleaned here.
 */
#include "harness/base/problem.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NEAREST_MAX    3
#define NEAREST_LENGTH 64

static const struct {
    int status;
    const char *title;
} titles[] = {
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {422, "Unprocessable Content"},
    {500, "Internal Server Error"},
};

/* A cut may end inside a multi-octet character, and input may be anything. */
static void make_printable(char *text)
{
    json_t *probe = json_string(text);
    bool valid = probe != NULL;

    json_decref(probe);
    for (char *s = text; *s != '\0'; s++) {
        unsigned char octet = (unsigned char)*s, next = (unsigned char)s[1];

        if (octet < 0x20 || octet == 0x7f || (octet >= 0x80 && !valid)) {
            *s = '?';
        } else if (octet == 0xc2 && next < 0xa0) { /* U+0080 to U+009F are controls, too */
            s[0] = s[1] = '?';
        }
    }
}

/* Takes an unfinished UTF-8 character off the end of a text that was cut. */
static void trim_cut(char *text)
{
    size_t end = strlen(text);
    size_t start = end;

    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80) {
        start--;
    }
    if (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0xc0) {
        text[start - 1] = '\0';
    }
}

__attribute__((format(printf, 4, 0))) static void fill(problem *p, int status, const char *pointer,
                                                       const char *format, va_list args)
{
    int length;

    memset(p, 0, sizeof(*p));
    p->status = status;

    length = snprintf(p->pointer, sizeof(p->pointer), "%s", pointer == NULL ? "" : pointer);
    if (length >= (int)sizeof(p->pointer)) {
        trim_cut(p->pointer);
    }
    make_printable(p->pointer);

    length = vsnprintf(p->detail, sizeof(p->detail), format, args);
    if (length >= (int)sizeof(p->detail)) {
        trim_cut(p->detail);
    }
    make_printable(p->detail);
}

void problem_set(problem *p, int status, const char *pointer, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(p, status, pointer, format, args);
    va_end(args);
}

int problem_refuse(problem *p, const char *pointer, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(p, 400, pointer, format, args);
    va_end(args);
    return -1;
}

int problem_fail(problem *p, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(p, 500, "", format, args);
    va_end(args);
    return -1;
}

void problem_set_method(problem *p, const char *method, const char *allow)
{
    problem_set(p, 405, "", "%s is not accepted here; accepted: %s", method, allow);
    snprintf(p->allow, sizeof(p->allow), "%s", allow);
}

json_t *problem_to_json(const problem *p)
{
    const char *title = "Error";

    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        if (titles[i].status == p->status) {
            title = titles[i].title;
        }
    }
    return json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", "about:blank", "title", title, "status",
                     p->status, "detail", p->detail, "pointer", p->pointer);
}

void problem_pointer(char *out, size_t size, const char *base, const char *member)
{
    int written = snprintf(out, size, "%s/", base);
    size_t length = written < 0 ? 0 : (size_t)written;

    for (const char *s = member; *s != '\0' && length + 2 < size; s++) {
        if (*s == '~' || *s == '/') {
            out[length++] = '~';
            out[length++] = *s == '~' ? '0' : '1';
        } else {
            out[length++] = *s;
        }
    }
    if (length < size) {
        out[length] = '\0';
    }
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* How many letters must be changed, added, left out or swapped with their neighbour. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    size_t rows[3][NEAREST_LENGTH + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];

    if (na > NEAREST_LENGTH || nb > NEAREST_LENGTH) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= nb; j++) {
        above[j] = j;
    }
    memcpy(before, above, sizeof(rows[0]));

    for (size_t i = 1; i <= na; i++) {
        size_t *spare = before;

        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);

            row[j] = least(above[j] + 1, row[j - 1] + 1, change);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < row[j]) {
                row[j] = before[j - 2] + 1;
            }
        }
        before = above;
        above = row;
        row = spare;
    }
    return above[nb];
}

/* SIZE_MAX when the words have too little in common to be worth a suggestion. */
static size_t nearness(const char *word, const char *candidate)
{
    size_t length = strlen(word);
    size_t bound = length / 3 > 2 ? length / 3 : 2;
    size_t distance = edit_distance(word, candidate);

    if (distance <= bound && distance < length) {
        return distance;
    }
    if (length >= 3 && strlen(candidate) >= 3 &&
        (strstr(candidate, word) != NULL || strstr(word, candidate) != NULL)) {
        return bound + 1;
    }
    return SIZE_MAX;
}

void problem_nearest(const char *word, const char *const *words, char *out, size_t size)
{
    const char *best[NEAREST_MAX] = {NULL};
    size_t scores[NEAREST_MAX] = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    size_t length = 0;

    out[0] = '\0';
    for (; *words != NULL; words++) {
        size_t score = nearness(word, *words);
        size_t place = 0;

        while (place < NEAREST_MAX && scores[place] <= score) {
            place++;
        }
        if (place == NEAREST_MAX) {
            continue;
        }
        for (size_t i = NEAREST_MAX - 1; i > place; i--) {
            best[i] = best[i - 1];
            scores[i] = scores[i - 1];
        }
        best[place] = *words;
        scores[place] = score;
    }
    for (size_t i = 0; i < NEAREST_MAX && best[i] != NULL; i++) {
        int written = snprintf(out + length, size - length, "%s%s", i == 0 ? "" : ", ", best[i]);

        if (written < 0 || (size_t)written >= size - length) {
            out[length] = '\0'; /* a word that does not fit is left out whole */
            return;
        }
        length += (size_t)written;
    }
}
