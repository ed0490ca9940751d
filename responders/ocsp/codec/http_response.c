/* See http_response.h. */
#include "responders/ocsp/codec/http_response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "harness/base/memory.h"

static const char *reason_phrase(int code)
{
    static const struct {
        int code;
        const char *phrase;
    } known[] = {
        {200, "OK"},
        {300, "Multiple Choices"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].code == code) {
            return known[i].phrase;
        }
    }
    /* RFC 9112, 4: the phrase may be empty, a client must not depend on it. */
    return "";
}

/* IMF-fixdate (RFC 9110, 5.6.7), spelt out: strftime would follow a locale. */
static void format_date(int64_t now, char *out, size_t size)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    /* four digits of a year are all that there are */
    static const int64_t year_0 = INT64_C(-62167219200), year_9999_end = INT64_C(253402300799);
    time_t t = (time_t)(now < year_0 ? year_0 : now > year_9999_end ? year_9999_end : now);
    struct tm tm;
    gmtime_r(&t, &tm);
    snprintf(out, size, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
             months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static http_response_header *find(const http_response *r, const char *name)
{
    for (size_t i = 0; i < r->nheaders; i++) {
        if (strcasecmp(r->headers[i].name, name) == 0) {
            return &r->headers[i];
        }
    }
    return NULL;
}

const char *http_response_get(const http_response *r, const char *name)
{
    const http_response_header *header = find(r, name);
    return header == NULL ? NULL : header->value;
}

/* The header, a new one after the others where there is none of that name. */
static http_response_header *find_or_add(http_response *r, const char *name)
{
    http_response_header *header = find(r, name);
    if (header == NULL) {
        r->headers = memory_resize(r->headers, r->nheaders + 1, sizeof(r->headers[0]));
        header = &r->headers[r->nheaders++];
        *header = (http_response_header){.name = memory_text(name)};
    }
    return header;
}

void http_response_set(http_response *r, const char *name, const char *value)
{
    http_response_header *header = find_or_add(r, name);
    free(header->value);
    header->value = memory_text(value);
}

void http_response_set_date(http_response *r, const char *name, int64_t epoch)
{
    char date[64];

    format_date(epoch, date, sizeof(date));
    http_response_set(r, name, date);
}

void http_response_remove(http_response *r, const char *name)
{
    http_response_header *header = find(r, name);
    if (header == NULL) {
        return;
    }
    free(header->name);
    free(header->value);
    r->nheaders--;
    size_t after = r->nheaders - (size_t)(header - r->headers);
    memmove(header, header + 1, after * sizeof(*header));
}

void http_response_init(http_response *r, octets *body, int64_t now)
{
    *r = (http_response){.code = 200, .body = *body};
    *body = (octets){0};
    http_response_set_date(r, "Date", now);
    http_response_set(r, "Content-Type", "application/ocsp-response");
    find_or_add(r, "Content-Length");
    http_response_set(r, "Connection", "close");
}

void http_response_set_body(http_response *r, const void *body, size_t length)
{
    octets_cut(&r->body, 0);
    octets_append(&r->body, body, length);
}

void http_response_drop_body(http_response *r)
{
    octets_cut(&r->body, 0);
    http_response_remove(r, "Content-Type");
}

static int64_t told_length(const http_response *r)
{
    int64_t length = (int64_t)r->body.length + r->length_off;
    return length < 0 ? 0 : length;
}

static void encode_chunked(const octets *body, size_t chunks, octets *out)
{
    size_t each = (body->length + chunks - 1) / chunks;
    for (size_t at = 0; at < body->length; at += each) {
        size_t left = body->length - at;
        size_t length = left < each ? left : each;
        octets_append_format(out, "%zx\r\n", length);
        octets_append(out, body->data + at, length);
        octets_append_text(out, "\r\n");
    }
    octets_append_text(out, "0\r\n\r\n");
}

size_t http_response_encode(const http_response *r, octets *out)
{
    size_t start = out->length;
    if (r->raw) {
        octets_append_span(out, octets_span(&r->body));
        return 0;
    }
    octets_append_format(out, "HTTP/1.1 %d %s\r\n", r->code, reason_phrase(r->code));
    for (size_t i = 0; i < r->nheaders; i++) {
        const http_response_header *header = &r->headers[i];
        octets_append_format(out, "%s: ", header->name);
        if (header->value == NULL) {
            octets_append_format(out, "%lld", (long long)told_length(r));
        } else {
            octets_append_text(out, header->value);
        }
        octets_append_text(out, "\r\n");
    }
    octets_append_text(out, "\r\n");
    size_t head = out->length - start;
    if (r->chunks > 0) {
        encode_chunked(&r->body, r->chunks, out);
    } else {
        octets_append_span(out, octets_span(&r->body));
    }
    return head;
}

void http_response_free(http_response *r)
{
    for (size_t i = 0; i < r->nheaders; i++) {
        free(r->headers[i].name);
        free(r->headers[i].value);
    }
    free(r->headers);
    octets_free(&r->body);
    *r = (http_response){0};
}
