/* A small blocking HTTP client: it keeps its connection, and can ask now and listen later. */
#ifndef STAPLELAB_HTTP_FIXTURE_H
#define STAPLELAB_HTTP_FIXTURE_H

#include "harness/base/tests/cm.h"

#include <arpa/inet.h>
#include <sys/time.h>
#include <sys/un.h>

#include "responders/program/tests/fake_program.h"

#define HANG_SECONDS 30 /* a bound for a test that went wrong */

typedef struct {
    int status;
    char headers[1024];
    char text[64 * 1024]; /* the body */
    json_t *body;         /* parsed, or NULL */
} response;

static inline int connected(int family, const struct sockaddr *address, socklen_t length)
{
    const struct timeval bound = {.tv_sec = HANG_SECONDS};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound)), 0);
    assert_int_equal(connect(fd, address, length), 0);
    return fd;
}

static inline int connect_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    return connected(AF_UNIX, (const struct sockaddr *)&address, sizeof(address));
}

static inline int connect_tcp(int port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    return connected(AF_INET, (const struct sockaddr *)&address, sizeof(address));
}

static inline void send_text(int fd, const char *text)
{
    const size_t length = strlen(text);

    assert_int_equal(send(fd, text, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* `header` is a whole line with its CRLF, or "". */
static inline void http_ask_with(int fd, const char *method, const char *target, const char *header,
                                 const char *body)
{
    char head[512];

    snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: lab\r\n%sContent-Length: %zu\r\n\r\n",
             method, target, header, body == NULL ? 0 : strlen(body));
    send_text(fd, head);
    if (body != NULL) {
        send_text(fd, body);
    }
}

static inline void http_ask(int fd, const char *method, const char *target, const char *body)
{
    http_ask_with(fd, method, target, "", body);
}

static inline void response_clear(response *a)
{
    json_decref(a->body);
    memset(a, 0, sizeof(*a));
}

/* Reads one response and no octet more. `bodiless`: one to HEAD. */
static inline void http_hear(int fd, response *a, bool bodiless)
{
    size_t length = 0, wanted = 0;
    const char *field;

    response_clear(a);
    while (length < 4 || memcmp(a->headers + length - 4, "\r\n\r\n", 4) != 0) {
        assert_true(length < sizeof(a->headers) - 1);
        assert_int_equal(read(fd, a->headers + length, 1), 1);
        length++;
    }
    assert_int_equal(sscanf(a->headers, "HTTP/1.1 %d", &a->status), 1);
    field = strcasestr(a->headers, "\r\nContent-Length:");
    if (field != NULL && !bodiless) {
        wanted = strtoul(field + 17, NULL, 10);
    }
    assert_true(wanted < sizeof(a->text));
    for (length = 0; length < wanted;) {
        ssize_t n = read(fd, a->text + length, wanted - length);

        assert_true(n > 0);
        length += (size_t)n;
    }
    a->body = json_loads(a->text, 0, NULL);
}

/* Asks and hears; asserts the status. */
static inline void http(int fd, const char *method, const char *target, const char *body,
                        int status, response *a)
{
    http_ask(fd, method, target, body);
    http_hear(fd, a, false);
    if (a->status != status) {
        fail_msg("%s %s: %d instead of %d: %s", method, target, a->status, status, a->text);
    }
}

static inline json_int_t integer_of(const response *a, const char *member)
{
    json_t *value = json_object_get(a->body, member);

    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static inline void assert_body(const response *a, const char *wanted)
{
    json_t *w = json_loads(wanted, 0, NULL);

    assert_non_null(w);
    if (!json_equal(a->body, w)) {
        fail_msg("%s instead of %s", a->text, wanted);
    }
    json_decref(w);
}

#endif
