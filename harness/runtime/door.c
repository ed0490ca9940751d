/* See door.h. */
#include "harness/runtime/door.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

int door_open(const char *path, int *fd, problem *p)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", path);

    if (length >= (int)sizeof(address.sun_path)) {
        return problem_fail(p, "%s: longer than a socket's name may be", path);
    }
    *fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (*fd == -1 || bind(*fd, (struct sockaddr *)&address, sizeof(address)) == -1 ||
        chmod(address.sun_path, 0600) == -1 || listen(*fd, BACKLOG) == -1 ||
        rename(address.sun_path, path) == -1) {
        problem_fail(p, "cannot listen on %s: %s", path, strerror(errno));
        if (*fd != -1) {
            close(*fd);
        }
        return -1;
    }
    return 0;
}
