/* See door.h. */
#include "harness/runtime/door.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/base/local_socket.h"

#define BACKLOG 16

/* Gives a socket that listens the name that it is known by. */
static int put_up(int fd, const struct sockaddr_un *address, const char *path)
{
    return bind(fd, (const struct sockaddr *)address, sizeof(*address)) == -1 ||
                   chmod(address->sun_path, 0600) == -1 || listen(fd, BACKLOG) == -1 ||
                   rename(address->sun_path, path) == -1
               ? -1
               : 0;
}

int door_open(const char *path, int *fd, problem *p)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", path);
    char why[LOCAL_SOCKET_REASON];
    int held, rc;

    if (length >= (int)sizeof(address.sun_path)) {
        return problem_fail(p, "%s: longer than a socket's name may be", path);
    }
    held = local_socket_claim(path, SOCK_SEQPACKET, why);
    if (held == -1) {
        return problem_fail(p, "cannot listen on %s: %s", path, why);
    }
    unlink(address.sun_path); /* of one that was killed half-way */
    *fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    rc = *fd == -1 ? -1 : put_up(*fd, &address, path);
    if (rc != 0) {
        problem_fail(p, "cannot listen on %s: %s", path, strerror(errno));
        if (*fd != -1) {
            close(*fd);
        }
    }
    close(held);
    return rc;
}
