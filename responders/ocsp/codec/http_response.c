/* See http_answer.h. */
#include "responders/ocsp/codec/http_response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

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
    time_t t = (time_t)now;
    struct tm tm;
    gmtime_r(&t, &tm);
    snprintf(out, size, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
             months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static http_header *find(http_answer *h, const char *name)
{
    for (size_t i = 0; i < h->nheaders; i++) {
        if (strcasecmp(h->headers[i].name, name) == 0) {
            return &h->headers[i];
        }
    }
    return NULL;
}

void http_answer_set_header(http_answer *h, const char *name, const char *value)
{
    http_header *header = find(h, name);
    if (header == NULL && h->nheaders < HTTP_ANSWER_HEADERS_MAX) {
        header = &h->headers[h->nheaders++];
        header->name = name;
        header->value = NULL;
    }
    if (header != NULL) {
        free(header->value);
        header->value = strdup(value);
    }
}

void http_answer_remove_header(http_answer *h, const char *name)
{
    http_header *header = find(h, name);
    if (header == NULL) {
        return;
    }
    free(header->value);
    h->nheaders--;
    size_t behind = h->nheaders - (size_t)(header - h->headers);
    memmove(header, header + 1, behind * sizeof(*header));
}

static void set_length(http_answer *h)
{
    char text[32];
    snprintf(text, sizeof(text), "%zu", h->body.length);
    http_answer_set_header(h, "Content-Length", text);
}

void http_answer_init(http_answer *h, octets *body, int64_t now)
{
    char date[64];
    format_date(now, date, sizeof(date));
    *h = (http_answer){.code = 200, .body = *body};
    *body = (octets){0};
    http_answer_set_header(h, "Date", date);
    http_answer_set_header(h, "Content-Type", "application/ocsp-response");
    set_length(h);
    http_answer_set_header(h, "Connection", "close");
}

void http_answer_set_plain(http_answer *h, int code)
{
    h->code = code;
    http_answer_remove_header(h, "Content-Type");
    http_answer_set_body(h, NULL, 0);
}

void http_answer_set_body(http_answer *h, const void *body, size_t length)
{
    octets_cut(&h->body, 0);
    octets_append(&h->body, body, length);
    set_length(h);
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

size_t http_answer_encode(const http_answer *h, octets *out)
{
    size_t start = out->length;
    if (h->raw) {
        octets_append_span(out, octets_span(&h->body));
        return 0;
    }
    octets_append_format(out, "HTTP/1.1 %d %s\r\n", h->code, reason_phrase(h->code));
    for (size_t i = 0; i < h->nheaders; i++) {
        octets_append_format(out, "%s: %s\r\n", h->headers[i].name, h->headers[i].value);
    }
    octets_append_text(out, "\r\n");
    size_t head = out->length - start;
    if (h->chunks > 0) {
        encode_chunked(&h->body, h->chunks, out);
    } else {
        octets_append_span(out, octets_span(&h->body));
    }
    return head;
}

void http_answer_free(http_answer *h)
{
    for (size_t i = 0; i < h->nheaders; i++) {
        free(h->headers[i].value);
    }
    octets_free(&h->body);
    *h = (http_answer){0};
}
