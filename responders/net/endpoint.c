/* See endpoint.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "responders/net/endpoint.h"

#define PORT_TRIES 32
#define FORM       "expected [NAME=]ADDRESS:PORT, as in 127.0.0.1:8080, v6=[::1]:0 or 0.0.0.0:53"

static int refuse(const char *text, const char *why, problem *p)
{
    return problem_refuse(p, "", "\"%.100s\": %s; " FORM, text, why);
}

static bool parse_name(const char *text, size_t length, size_t index, endpoint *out)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    if (text == NULL) {
        snprintf(out->name, sizeof(out->name), "%zu", index);
        return true;
    }
    if (length == 0 || length >= sizeof(out->name) || strspn(text, letters) < length) {
        return false;
    }
    memcpy(out->name, text, length);
    out->name[length] = '\0';
    return true;
}

static bool parse_port(const char *text, uint16_t *port)
{
    char *end = NULL;
    unsigned long value;

    if (text[0] < '0' || text[0] > '9' || strlen(text) > 5) {
        return false;
    }
    value = strtoul(text, &end, 10);
    if (*end != '\0' || value > 65535) {
        return false;
    }
    *port = htons((uint16_t)value);
    return true;
}

static bool parse_address(const char *host, bool bracketed, uint16_t port, endpoint *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&out->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->address;

    if (!bracketed && inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = port;
        out->length = sizeof(*v4);
        return true;
    }
    if (bracketed && inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = port;
        out->length = sizeof(*v6);
        return true;
    }
    return false;
}

int endpoint_parse(const char *text, size_t index, endpoint *out, problem *p)
{
    const char *equals = strchr(text, '=');
    const char *address = equals == NULL ? text : equals + 1;
    const char *colon = strrchr(address, ':');
    const char *end = colon;
    char host[INET6_ADDRSTRLEN] = "";
    bool bracketed = address[0] == '[';
    uint16_t port = 0;
    size_t length;

    memset(out, 0, sizeof(*out));
    if (!parse_name(equals == NULL ? NULL : text, (size_t)(address - text - 1), index, out)) {
        return refuse(text, "a name is 1 to 31 letters, digits, \".\", \"_\" or \"-\"", p);
    }
    if (colon == NULL || !parse_port(colon + 1, &port)) {
        return refuse(text, "no port from 0 to 65535", p);
    }
    if (bracketed) {
        address++;
        if (end == address || end[-1] != ']') {
            return refuse(text, "not an IPv6 address in brackets", p);
        }
        end--;
    }
    length = (size_t)(end - address);
    if (length >= sizeof(host)) {
        return refuse(text, "not a numeric address", p);
    }
    memcpy(host, address, length);
    if (!parse_address(host, bracketed, port, out)) {
        return refuse(text, "not a numeric address (IPv6 needs brackets)", p);
    }
    return 0;
}

void endpoint_format(const struct sockaddr *address, char *out, size_t size)
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;

        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
        snprintf(out, size, "%s:%u", host, ntohs(v4->sin_port));
        return;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
        snprintf(out, size, "[%s]:%u", host, ntohs(v6->sin6_port));
        return;
    }
    snprintf(out, size, "%s", host);
}

static const char *bind_advice(int error, const char *option, char *out, size_t size)
{
    out[0] = '\0';
    if (error == EADDRINUSE) {
        snprintf(out, size, "address already in use; choose another %s port, or 0 for a free one",
                 option);
    } else if (error == EACCES) {
        snprintf(out, size,
                 "permission denied; choose another %s port (those below 1024 need privileges)",
                 option);
    } else if (error == EADDRNOTAVAIL) {
        snprintf(out, size, "this host has no such address; choose another for %s", option);
    } else {
        snprintf(out, size, "%s", strerror(error));
    }
    return out;
}

void endpoint_ip(const struct sockaddr_storage *address, char *out, size_t size)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

    if (address->ss_family != AF_INET6) {
        inet_ntop(AF_INET, &v4->sin_addr, out, (socklen_t)size);
    } else if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], out, (socklen_t)size);
    } else {
        inet_ntop(AF_INET6, &v6->sin6_addr, out, (socklen_t)size);
    }
}

uint16_t endpoint_port(const struct sockaddr_storage *address)
{
    return ntohs(address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)address)->sin6_port
                                                : ((const struct sockaddr_in *)address)->sin_port);
}

/* A new socket, bound; *e gets its port.  The descriptor, or -1 with errno. */
static int bind_new(endpoint *e, int type)
{
    const int on = 1;
    int error;
    int fd = socket(e->address.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -1;
    }
    if ((type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) ||
        (e->address.ss_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) ||
        bind(fd, (const struct sockaddr *)&e->address, e->length) != 0 ||
        getsockname(fd, (struct sockaddr *)&e->address, &e->length) != 0) {
        error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* Linux lets a socket that is shut down keep its port only where bind() had named it (see
 * listener.c): so a port that the kernel chose is bound once more, by its number. */
static int bind_listening(endpoint *e)
{
    bool any = endpoint_port(&e->address) == 0;
    int error, first;
    int fd = bind_new(e, SOCK_STREAM);

    if (fd >= 0 && any) {
        first = fd;
        fd = bind_new(e, SOCK_STREAM);
        close(first);
    }
    if (fd >= 0 && listen(fd, SOMAXCONN) != 0) {
        error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int endpoint_bind_as(endpoint *e, int type, const char *option, problem *p)
{
    char text[80], advice[160];
    int error;
    int fd = type == SOCK_STREAM ? bind_listening(e) : bind_new(e, type);

    if (fd < 0) {
        error = errno;
        endpoint_format((const struct sockaddr *)&e->address, text, sizeof(text));
        problem_set(p, 409, "", "cannot listen on %s: %s", text,
                    bind_advice(error, option, advice, sizeof(advice)));
    }
    return fd;
}

int endpoint_bind(endpoint *e, int type, problem *p)
{
    return endpoint_bind_as(e, type, "--listen", p);
}

/* A number that the kernel chose for UDP may be taken over TCP: then it is asked for another,
 * keeping the refused ones so that it cannot repeat. */
int endpoint_bind_both(endpoint *e, int *udp, int *tcp, problem *p)
{
    const endpoint wanted = *e;
    bool any = endpoint_port(&wanted.address) == 0;
    int refused[PORT_TRIES], nrefused = 0, i;

    do {
        *e = wanted;
        *tcp = -1;
        *udp = endpoint_bind(e, SOCK_DGRAM, p);
        if (*udp < 0) {
            break;
        }
        *tcp = endpoint_bind(e, SOCK_STREAM, p);
        if (*tcp < 0) {
            refused[nrefused++] = *udp;
            *udp = -1;
        }
    } while (*tcp < 0 && any && nrefused < PORT_TRIES);

    for (i = 0; i < nrefused; i++) {
        close(refused[i]);
    }
    return *tcp < 0 ? -1 : 0;
}
