/* See index_txt.h. */
#include "responders/ocsp/index_txt.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/base/memory.h"
#include "responders/ocsp/codec/serial.h"
#include "responders/ocsp/instant.h"

enum { KIND, EXPIRY, REVOCATION, SERIAL, FILE_NAME, SUBJECT, FIELDS };

/* What may stand behind the time of a revocation, as OpenSSL writes it; the last three have an
 * argument of their own, which an OCSP response has no place for. */
static const struct {
    const char *word;
    int reason;
} reasons[] = {
    {"unspecified", 0},     {"keyCompromise", 1},
    {"CACompromise", 2},    {"affiliationChanged", 3},
    {"superseded", 4},      {"cessationOfOperation", 5},
    {"certificateHold", 6}, {"removeFromCRL", 8},
    {"holdInstruction", 6}, {"keyTime", 1},
    {"CAkeyTime", 2},
};

#define REASONS (sizeof(reasons) / sizeof(reasons[0]))

/* Where in the file something is. */
typedef struct {
    const char *name;
    size_t line;
} place;

static int refuse(const place *at, problem *p, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(const place *at, problem *p, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return problem_refuse(p, "", "%s: line %zu: %s", at->name, at->line, text);
}

/* YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ (RFC 5280, 4.1.2.5). */
static bool read_time(const char *text, int64_t *out)
{
    const size_t year = strlen(text) == 13 ? 2 : 4;
    const char *century = year == 4 ? "" : text[0] < '5' ? "20" : "19";
    const char *rest = text + year;
    instant time;

    if (strlen(text) != year + 11 || strspn(text, "0123456789") != year + 10 || rest[10] != 'Z') {
        return false;
    }
    char *form = memory_format("%s%.*s-%.2s-%.2sT%.2s:%.2s:%.2sZ", century, (int)year, text, rest,
                               rest + 2, rest + 4, rest + 6, rest + 8);
    const bool ok = instant_read_text(form, &time);
    free(form);
    *out = ok ? time.seconds : 0;
    return ok;
}

static int read_reason(const place *at, char *text, int *out, problem *p)
{
    text[strcspn(text, ",")] = '\0';
    for (size_t i = 0; i < REASONS; i++) {
        if (strcasecmp(reasons[i].word, text) == 0) {
            *out = reasons[i].reason;
            return 0;
        }
    }
    return refuse(
        at, p,
        "\"%.40s\" is not a reason of a revocation; known are unspecified, keyCompromise, "
        "CACompromise, affiliationChanged, superseded, cessationOfOperation, "
        "certificateHold and removeFromCRL",
        text);
}

static int read_standing(const place *at, char *const *field, ocsp_standing *out, problem *p)
{
    char *time = field[REVOCATION];
    int64_t expiry;

    *out = (ocsp_standing){.status = OCSP_GOOD, .reason = OCSP_NO_REASON};
    if (strlen(field[KIND]) != 1 || strchr("VRE", field[KIND][0]) == NULL) {
        return refuse(at, p,
                      "begins with \"%.20s\"; a line begins with V (valid), R (revoked) or E "
                      "(expired)",
                      field[KIND]);
    }
    if (!read_time(field[EXPIRY], &expiry)) {
        return refuse(at, p, "\"%.40s\" is not a time; it looks like 301231235959Z", field[EXPIRY]);
    }
    if (field[KIND][0] != 'R') {
        return *time == '\0'
                   ? 0
                   : refuse(at, p, "it is not revoked (%s), but has the time of a revocation",
                            field[KIND]);
    }
    char *comma = strchr(time, ',');
    if (comma != NULL) {
        *comma = '\0';
    }
    out->status = OCSP_REVOKED;
    if (!read_time(time, &out->revocation_time)) {
        return refuse(at, p,
                      "\"%.40s\" is not the time of a revocation; it looks like 301231235959Z or "
                      "301231235959Z,keyCompromise",
                      time);
    }
    return comma == NULL ? 0 : read_reason(at, comma + 1, &out->reason, p);
}

/* Cuts the line at its tabs; behind a backslash one is a part of the field, as OpenSSL has it. */
static size_t split(char *line, char **field)
{
    size_t count = 1;
    field[0] = line;
    for (; *line != '\0'; line++) {
        if (line[0] == '\\' && line[1] != '\0') {
            line++;
        } else if (*line == '\t') {
            *line = '\0';
            if (count < FIELDS) {
                field[count] = line + 1;
            }
            count++;
        }
    }
    return count;
}

static int read_line(const place *at, char *line, index_txt *out, problem *p)
{
    char *field[FIELDS];
    ocsp_standing standing;
    const size_t count = split(line, field);

    if (count != FIELDS) {
        return refuse(at, p,
                      "%zu fields between tabs, not 6: V, R or E, time of expiry, time of "
                      "revocation, serial number, file, subject",
                      count);
    }
    if (read_standing(at, field, &standing, p) != 0) {
        return -1;
    }
    char *serial = serial_normalise(field[SERIAL]);
    if (serial == NULL) {
        return refuse(at, p, "\"%.60s\" is not a serial number in hex", field[SERIAL]);
    }
    if (out->count % 64 == 0) {
        out->all = memory_resize(out->all, out->count + 64, sizeof(out->all[0]));
    }
    out->all[out->count++] = (index_entry){serial, at->line, standing};
    return 0;
}

static int by_serial(const void *a, const void *b)
{
    const index_entry *one = a, *other = b;
    const int order = strcmp(one->serial, other->serial);
    return order != 0 ? order : one->line < other->line ? -1 : 1;
}

/* Sorts them, too: nothing depends on their order. */
static int check_serials(const char *name, const index_txt *index, problem *p)
{
    if (index->count > 0) {
        qsort(index->all, index->count, sizeof(index->all[0]), by_serial);
    }
    for (size_t i = 1; i < index->count; i++) {
        if (strcmp(index->all[i - 1].serial, index->all[i].serial) == 0) {
            const place at = {name, index->all[i].line};
            return refuse(&at, p, "the serial number %.130s stands in line %zu already",
                          index->all[i].serial, index->all[i - 1].line);
        }
    }
    return 0;
}

int index_txt_read(const char *name, span text, index_txt *out, problem *p)
{
    place at = {name, 0};
    size_t i = 0;

    *out = (index_txt){0};
    while (i < text.length) {
        const uint8_t *start = text.data + i;
        const uint8_t *end = memchr(start, '\n', text.length - i);
        size_t length = end != NULL ? (size_t)(end - start) : text.length - i;
        i += length + 1;
        at.line++;
        if (memchr(start, '\0', length) != NULL) {
            return refuse(&at, p, "it holds a NUL: this is no text");
        }
        length -= length > 0 && start[length - 1] == '\r' ? 1 : 0;
        if (length == 0 || start[0] == '#') {
            continue;
        }
        char *line = memory_text_of(start, length);
        const int rc = read_line(&at, line, out, p);
        free(line);
        if (rc != 0) {
            return -1;
        }
    }
    return check_serials(name, out, p);
}

void index_txt_free(index_txt *index)
{
    for (size_t i = 0; i < index->count; i++) {
        free(index->all[i].serial);
    }
    free(index->all);
    *index = (index_txt){0};
}
