/*
 * RFC 9112: the status line (section 4), fields (5), and the length of a body (6.3).
 */
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "harness/clients/get_response.h"

enum { LENGTH_DIGITS_MAX = 9, STATUS_LINE_MIN = 13 /* HTTP/1.1 200 CR LF is the shortest */ };

/* What the fields of one head say of the body. */
typedef struct {
    bool has_length;
    size_t length;
    bool coded;
} framing;

static int no_http(problem *p)
{
    return problem_fail(p, "what came is no HTTP/1 response");
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* The status, or 0 when the line is none. */
static int status_of(span head)
{
    const uint8_t *d = head.data;
    if (head.length < STATUS_LINE_MIN - 1 || memcmp(d, "HTTP/1.", 7) != 0 || !is_digit(d[7]) ||
        d[8] != ' ' || d[9] < '1' || d[9] > '9' || !is_digit(d[10]) || !is_digit(d[11]) ||
        (head.length > 12 && d[12] != ' ' && d[12] != '\r')) {
        return 0;
    }
    return (d[9] - '0') * 100 + (d[10] - '0') * 10 + (d[11] - '0');
}

/* The value of `line` without the white space around it when its name is `name`. */
static bool is_field(span line, const char *name, span *value)
{
    size_t length = strlen(name);
    if (line.length <= length || line.data[length] != ':' ||
        strncasecmp((const char *)line.data, name, length) != 0) {
        return false;
    }
    *value = (span){line.data + length + 1, line.length - length - 1};
    while (value->length > 0 && strchr(" \t", value->data[0]) != NULL && value->data[0] != '\0') {
        value->data++;
        value->length--;
    }
    while (value->length > 0 &&
           (value->data[value->length - 1] == ' ' || value->data[value->length - 1] == '\t')) {
        value->length--;
    }
    return true;
}

static int take_length(span value, framing *f, problem *p)
{
    size_t length = 0;
    bool wrong = value.length == 0 || value.length > LENGTH_DIGITS_MAX;
    for (size_t i = 0; i < value.length && !wrong; i++) {
        wrong = !is_digit(value.data[i]);
        length = length * 10 + (size_t)(value.data[i] - '0');
    }
    if (wrong || (f->has_length && f->length != length)) {
        return problem_fail(p, "the response's Content-Length is no number, too large or there "
                               "with two values");
    }
    f->has_length = true;
    f->length = length;
    return 0;
}

/* Reads the lines after the first one. */
static int read_fields(span head, framing *f, problem *p)
{
    const uint8_t *end = head.data + head.length;
    const uint8_t *at = memmem(head.data, head.length, "\r\n", 2);
    while (at != NULL && at + 2 < end) {
        const uint8_t *start = at + 2;
        at = memmem(start, (size_t)(end - start), "\r\n", 2);
        span line = {start, (size_t)((at == NULL ? end : at) - start)};
        span value;
        if (is_field(line, "content-length", &value) && take_length(value, f, p) != 0) {
            return -1;
        }
        f->coded = f->coded || is_field(line, "transfer-encoding", &value);
    }
    return 0;
}

/* The final response's body, which begins at `body`. */
static int read_body(span body, const framing *f, bool ended, get_response *out, problem *p)
{
    bool none = out->status == 204 || out->status == 304;
    out->coded = f->coded;
    out->body = body;
    if (none) {
        out->body.length = 0;
        return 1;
    }
    if (f->coded || !f->has_length) {
        return ended;
    }
    if (body.length >= f->length) {
        out->body.length = f->length;
        return 1;
    }
    return ended ? problem_fail(p, "the response was cut short: %zu of %zu octets of its body came",
                                body.length, f->length)
                 : 0;
}

int get_response_read(span data, bool ended, get_response *out, problem *p)
{
    *out = (get_response){0};
    for (;;) {
        size_t seen = data.length < 7 ? data.length : 7;
        if (memcmp(seen == 0 ? "" : (const char *)data.data, "HTTP/1.", seen) != 0) {
            return no_http(p);
        }
        const uint8_t *end =
            data.length == 0 ? NULL : memmem(data.data, data.length, "\r\n\r\n", 4);
        if (end == NULL) {
            return ended ? problem_fail(p, data.length == 0 ? "the server closed the connection"
                                                            : "the response was cut short within "
                                                              "its head")
                         : 0;
        }
        framing f = {0};
        span head = {data.data, (size_t)(end - data.data)};
        span rest = {end + 4, data.length - head.length - 4};
        int status = status_of(head);
        if (status == 0) {
            return no_http(p);
        }
        out->status = status >= 200 ? status : 0;
        if (read_fields(head, &f, p) != 0) {
            return -1;
        }
        if (out->status != 0) {
            return read_body(rest, &f, ended, out, p);
        }
        data = rest;
    }
}
