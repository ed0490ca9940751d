/*
 * The folder is held by flock(2) on itself: the kernel lets it go with the process, and no file is
 * left behind.
 */
#include "harness/base/local_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/base/memory.h"

/* A claim takes a millisecond; anybody who may read the folder may hold it for longer. */
#define HELD_TRIES  500
#define HELD_TRY_MS 10

int local_socket_hold(const char *path)
{
    char *copy = memory_text(path);
    const int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = -1, reason;

    free(copy);
    for (int i = 0; folder >= 0 && i < HELD_TRIES; i++) {
        rc = flock(folder, LOCK_EX | LOCK_NB);
        if (rc == 0 || errno != EWOULDBLOCK) {
            break;
        }
        poll(NULL, 0, HELD_TRY_MS);
    }
    if (rc == 0) {
        return folder;
    }
    reason = errno;
    if (folder >= 0) {
        close(folder);
    }
    errno = reason;
    return -1;
}

/* Whether somebody has bound a socket there.  One of another type is not connected to, but told so:
 * who listens does not notice. */
static int is_bound(const struct sockaddr_un *address, int type)
{
    const int other = type == SOCK_STREAM ? SOCK_SEQPACKET : SOCK_STREAM;
    const int fd = socket(AF_UNIX, other | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int rc = fd < 0 ? -1 : connect(fd, (const struct sockaddr *)address, sizeof(*address));
    const int reason = errno;

    if (fd >= 0) {
        close(fd);
    }
    return rc == 0 || reason != ECONNREFUSED;
}

/* NULL when nothing is in the way any more, or what is. */
static const char *clear(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;

    if (lstat(path, &st) != 0) {
        return NULL;
    }
    if (!S_ISSOCK(st.st_mode)) {
        return "it exists and is not a socket";
    }
    strcpy(address.sun_path, path);
    if (is_bound(&address, type)) {
        return LOCAL_SOCKET_SERVED;
    }
    return unlink(path) == 0 || errno == ENOENT ? NULL : strerror(errno);
}

int local_socket_claim(const char *path, int type, char why[LOCAL_SOCKET_REASON])
{
    const char *reason;
    int held;

    if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
        snprintf(why, LOCAL_SOCKET_REASON, "%s", strerror(ENAMETOOLONG));
        return -1;
    }
    held = local_socket_hold(path);
    if (held < 0) {
        snprintf(why, LOCAL_SOCKET_REASON, "%s",
                 errno == EWOULDBLOCK ? "another program holds its folder" : strerror(errno));
        return -1;
    }
    reason = clear(path, type);
    if (reason != NULL) {
        snprintf(why, LOCAL_SOCKET_REASON, "%s", reason);
        close(held);
        return -1;
    }
    return held;
}
