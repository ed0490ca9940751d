/* See door.h. */
#include "harness/runtime/door.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 16

int door_open(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, length;

    length = snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", path);
    if (length >= (int)sizeof(address.sun_path)) {
        fprintf(stderr, "launcher: %s: longer than a socket's name may be\n", path);
        return -1;
    }

    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd == -1 || bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1 ||
        chmod(address.sun_path, 0600) == -1 || listen(fd, BACKLOG) == -1 ||
        rename(address.sun_path, path) == -1) {
        fprintf(stderr, "launcher: cannot listen on %s: %s\n", path, strerror(errno));
        return -1;
    }
    return fd;
}
