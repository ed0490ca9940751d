/*
 * Where the control API listens.  On a Unix socket the file system says who may talk to it.  A
 * socket file that a killed program left is replaced; one that is bound belongs to somebody.
 */
#include "responders/control/socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/base/local_socket.h"
#include "responders/net/endpoint.h"

static int open_tcp(control_socket *s, const char *text, problem *p)
{
    endpoint e;
    char address[80];

    if (strchr(text, '=') != NULL || endpoint_parse(text, 0, &e, p) != 0) {
        return problem_refuse(
            p, "", "\"tcp:%.100s\": expected tcp:ADDRESS:PORT, as in tcp:127.0.0.1:0", text);
    }
    s->fd = endpoint_bind_as(&e, SOCK_STREAM, "--control", p);
    if (s->fd < 0) {
        return -1;
    }
    endpoint_format((const struct sockaddr *)&e.address, address, sizeof(address));
    snprintf(s->where, sizeof(s->where), "tcp:%s", address);
    return 0;
}

static int open_unix(control_socket *s, const char *path, problem *p)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char why[LOCAL_SOCKET_REASON];
    mode_t mask;
    int rc, held;

    if (path[0] == '\0' || strlen(path) >= sizeof(address.sun_path)) {
        return problem_refuse(
            p, "", "\"unix:%.120s\": the path of a Unix socket has 1 to %zu octets, not %zu", path,
            sizeof(address.sun_path) - 1, strlen(path));
    }
    strcpy(address.sun_path, path);
    held = local_socket_claim(path, SOCK_STREAM, why);
    if (held < 0) {
        problem_set(p, 409, "", "cannot listen on unix:%s: %s%s", path, why,
                    strcmp(why, LOCAL_SOCKET_SERVED) == 0 ? "; choose another --control path" : "");
        return -1;
    }
    s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    mask = umask(0177); /* never open to others, not even between bind and chmod */
    rc = s->fd < 0 ? -1 : bind(s->fd, (const struct sockaddr *)&address, sizeof(address));
    umask(mask);
    if (rc != 0 || stat(path, &s->inode) != 0 || listen(s->fd, SOMAXCONN) != 0) {
        problem_set(p, 409, "", "cannot listen on unix:%s: %s", path, strerror(errno));
        if (rc == 0) {
            unlink(path);
        }
        if (s->fd >= 0) {
            close(s->fd);
        }
        s->fd = -1;
        close(held);
        return -1;
    }
    close(held);
    snprintf(s->path, sizeof(s->path), "%s", path);
    snprintf(s->where, sizeof(s->where), "unix:%s", path);
    return 0;
}

int control_socket_open(control_socket *s, const char *where, problem *p)
{
    s->fd = -1;
    if (strncmp(where, "unix:", 5) == 0) {
        return open_unix(s, where + 5, p);
    }
    if (strncmp(where, "tcp:", 4) == 0) {
        return open_tcp(s, where + 4, p);
    }
    return problem_refuse(p, "", "\"%.120s\": expected unix:PATH or tcp:ADDRESS:PORT", where);
}

void control_socket_remove(control_socket *s)
{
    const int held = s->path[0] == '\0' ? -1 : local_socket_hold(s->path);
    struct stat st;

    if (s->path[0] != '\0' && lstat(s->path, &st) == 0 && st.st_dev == s->inode.st_dev &&
        st.st_ino == s->inode.st_ino) {
        unlink(s->path);
    }
    if (held >= 0) {
        close(held);
    }
    s->path[0] = '\0';
}
