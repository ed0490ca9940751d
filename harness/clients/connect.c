/*
 * Each address of a host in turn, on a socket that does not block.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/clients/connect.h"
#include "harness/clients/resolve.h"

/* Waits until a connection that is under way is there. 0, or -1 with *p. */
static int wait_for_connection(bound *b, int fd, problem *p)
{
    int failure = 0;
    socklen_t length = sizeof(failure);
    if (bound_wait(b, fd, POLLOUT, p) != 0) {
        return -1;
    }
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length);
    return failure == 0 ? 0 : problem_fail(p, "%s", strerror(failure));
}

/* One address. 0 with *out, or -1 with *p. */
static int connect_address(bound *b, const struct addrinfo *address, int *out, problem *p)
{
    int rc = 0;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1) {
        return problem_fail(p, "%s", strerror(errno));
    }
    if (connect(fd, address->ai_addr, address->ai_addrlen) == -1) {
        rc = errno == EINPROGRESS ? wait_for_connection(b, fd, p)
                                  : problem_fail(p, "%s", strerror(errno));
    }
    if (rc != 0) {
        close(fd);
        return -1;
    }

    /* the last flight of a handshake must not wait for an acknowledgement */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    *out = fd;
    return 0;
}

int connect_within(bound *b, const char *host, const char *port, int *fd, problem *p)
{
    struct addrinfo *addresses;
    if (resolve_within(b, host, port, &addresses, p) != 0) {
        return -1;
    }

    problem why = {0};
    int connected = -1;
    for (struct addrinfo *a = addresses;
         a != NULL && connected != 0 && why.status != BOUND_OVER && why.status != BOUND_LET_GO;
         a = a->ai_next) {
        connected = connect_address(b, a, fd, &why);
    }
    freeaddrinfo(addresses);
    if (connected != 0) {
        problem_set(p, why.status, "", "no connection: %s", why.detail);
    }
    return connected;
}
