/* See http_request.h. */
#include "responders/ocsp/codec/http_request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static http_request_state bad(http_request *r, int status, const char *reason)
{
    problem_set(&r->wrong, status, "", "%s", reason);
    r->state = HTTP_REQUEST_BAD;
    return r->state;
}

/* token of RFC 9110, 5.6.2 */
static bool is_token(const char *text)
{
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (!isalnum(c) && strchr("!#$%&'*+-.^_`|~", c) == NULL) {
            return false;
        }
    }
    return true;
}

static bool is_visible_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f) {
            return false;
        }
    }
    return true;
}

/* Takes the next line off *rest and ends it with NUL in place: CRLF, or LF alone (RFC 9112,
 * 2.2). NULL for a CR that is elsewhere. */
static char *take_line(char **rest)
{
    char *line = *rest;
    char *end = line + strcspn(line, "\n"); /* there is one: the head ends with it */
    *rest = end + 1;
    if (end > line && end[-1] == '\r') {
        end--;
    }
    *end = '\0';
    return strchr(line, '\r') == NULL ? line : NULL;
}

static http_request_state parse_request_line(http_request *r, char *line)
{
    char *target = strchr(line, ' ');
    char *version = target == NULL ? NULL : strrchr(target + 1, ' ');
    if (version == NULL) {
        return bad(r, 400, "the request line is not METHOD SP TARGET SP HTTP-VERSION");
    }
    *target++ = '\0';
    *version++ = '\0';
    if (!is_token(line)) {
        return bad(r, 400, "the method is not a token");
    }
    if (*target == '\0' || !is_visible_ascii(target)) {
        return bad(r, 400, "the request target is empty or holds more than visible ASCII");
    }
    if (strcmp(version, "HTTP/1.0") != 0 && strcmp(version, "HTTP/1.1") != 0) {
        bool http = strncmp(version, "HTTP/", 5) == 0 && isdigit((unsigned char)version[5]);
        return http ? bad(r, 505, "the version is not HTTP/1.0 or HTTP/1.1")
                    : bad(r, 400, "the request line does not end with an HTTP version");
    }
    r->method = line;
    r->path = target;
    r->version = version + strlen("HTTP/");
    return HTTP_REQUEST_MORE;
}

static http_request_state take_content_length(http_request *r, const char *value, bool again)
{
    if (again) {
        return bad(r, 400, "there are two Content-Length headers");
    }
    size_t digits = strlen(value);
    if (digits == 0 || strspn(value, "0123456789") != digits) {
        return bad(r, 400, "Content-Length is not a number");
    }
    size_t length = 0;
    for (; *value != '\0' && length <= HTTP_REQUEST_BODY_MAX; value++) {
        length = length * 10 + (size_t)(*value - '0');
    }
    if (length > HTTP_REQUEST_BODY_MAX) {
        return bad(r, 413, "Content-Length is over 65536");
    }
    r->content_length = length;
    return HTTP_REQUEST_MORE;
}

static char *trim(char *value)
{
    value += strspn(value, " \t");
    size_t length = strlen(value);
    while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t')) {
        value[--length] = '\0';
    }
    return value;
}

static http_request_state parse_header(http_request *r, char *line, bool *has_length)
{
    char *colon = strchr(line, ':');
    if (colon == NULL) {
        return bad(r, 400, "a header line has no colon");
    }
    *colon = '\0';
    if (!is_token(line)) {
        return bad(r, 400, "the name of a header is not a token");
    }
    char *value = trim(colon + 1);
    r->nheaders++;
    if (strcasecmp(line, "Host") == 0) {
        if (r->host != NULL) {
            return bad(r, 400, "there are two Host headers");
        }
        r->host = value;
    }
    if (strcasecmp(line, "Transfer-Encoding") == 0) {
        if (r->chunked || strcasecmp(value, "chunked") != 0) {
            return bad(r, 501, "of transfer codings only chunked is supported in requests");
        }
        r->chunked = true;
    }
    if (strcasecmp(line, "Content-Length") == 0) {
        bool again = *has_length;
        *has_length = true;
        return take_content_length(r, value, again);
    }
    return HTTP_REQUEST_MORE;
}

static http_request_state parse_head(http_request *r)
{
    if (memchr(r->head.data, '\0', r->head.length) != NULL) {
        return bad(r, 400, "there is a NUL in the head");
    }
    octets_append(&r->head, "", 1);
    char *rest = (char *)r->head.data;
    bool has_length = false;
    for (bool first = true;; first = false) {
        char *line = take_line(&rest);
        if (line == NULL) {
            return bad(r, 400, "there is a CR inside a line");
        }
        if (*line == '\0') {
            break;
        }
        http_request_state state =
            first ? parse_request_line(r, line) : parse_header(r, line, &has_length);
        if (state == HTTP_REQUEST_BAD) {
            return state;
        }
    }
    if (strcmp(r->version, "1.1") == 0 && r->host == NULL) {
        return bad(r, 400, "an HTTP/1.1 request has no Host header");
    }
    /* RFC 9112, 6.1: such a request may be meant to be read in two ways. */
    if (r->chunked && has_length) {
        return bad(r, 400, "there is both a Transfer-Encoding and a Content-Length");
    }
    if (r->chunked && strcmp(r->version, "1.0") == 0) {
        return bad(r, 400, "HTTP/1.0 has no Transfer-Encoding");
    }
    r->head_complete = true;
    return HTTP_REQUEST_MORE;
}

static http_request_state take_chunks(http_request *r, const uint8_t *data, size_t length)
{
    switch (http_chunks_feed(&r->chunks, data, length, HTTP_REQUEST_BODY_MAX, &r->body)) {
    case HTTP_CHUNKS_DONE:
        r->state = HTTP_REQUEST_DONE;
        break;
    case HTTP_CHUNKS_WRONG:
        return bad(r, 400, "the body is not in chunks");
    case HTTP_CHUNKS_TOO_LARGE:
        return bad(r, 413, "the chunks are over 65536 octets");
    default:
        break;
    }
    return r->state;
}

/* How many of the octets belong to the head: up to and with the line that ends it. 0 when
 * its end is not among them. */
static size_t head_end(http_request *r, const uint8_t *data, size_t length)
{
    const octets *head = &r->head;
    for (size_t i = 0; i < length; i++) {
        if (data[i] != '\n') {
            continue;
        }
        /* The two octets before this LF, wherever they are. */
        uint8_t one = 0, two = 0;
        size_t at = head->length + i;
        if (at >= 1) {
            one = i >= 1 ? data[i - 1] : head->data[at - 1];
        }
        if (at >= 2) {
            two = i >= 2 ? data[i - 2] : head->data[at - 2];
        }
        if (one == '\n' || (one == '\r' && two == '\n')) {
            return i + 1;
        }
    }
    return 0;
}

http_request_state http_request_feed(http_request *r, const uint8_t *data, size_t length)
{
    if (r->state != HTTP_REQUEST_MORE) {
        return r->state;
    }
    if (!r->head_complete) {
        /* Empty lines before the request line are ignored (RFC 9112, 2.2). */
        while (r->head.length == 0 && length > 0 && (*data == '\r' || *data == '\n')) {
            data++;
            length--;
        }
        size_t used = head_end(r, data, length);
        size_t taken = used > 0 ? used : length;
        if (r->head.length + taken > HTTP_REQUEST_HEAD_MAX) {
            return bad(r, 431, "the head of the request is over 32768 octets");
        }
        octets_append(&r->head, data, taken);
        if (used == 0) {
            return r->state;
        }
        if (parse_head(r) == HTTP_REQUEST_BAD) {
            return r->state;
        }
        data += used;
        length -= used;
    }
    if (r->chunked) {
        return take_chunks(r, data, length);
    }
    size_t missing = r->content_length - r->body.length;
    octets_append(&r->body, data, length < missing ? length : missing);
    if (r->body.length == r->content_length) {
        r->state = HTTP_REQUEST_DONE;
    }
    return r->state;
}

void http_request_free(http_request *r)
{
    octets_free(&r->head);
    octets_free(&r->body);
    *r = (http_request){0};
}
