/* See launched.h. */
#include "harness/runtime/launched.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/runtime/descendants.h"
#include "harness/runtime/launched_request.h"

#define LISTEN_BACKLOG 511 /* nginx's own default */

typedef struct {
    char text[LAUNCHED_REQUEST_OCTETS_MAX + 2]; /* one more to see what is too long, and a NUL */
    int attached[LAUNCHED_REQUEST_ATTACHED_MAX];
    size_t nattached;
    launched_request request;
} received;

void launched_say(int peer, const char *format, ...)
{
    char text[256];
    va_list list;
    int length;

    va_start(list, format);
    length = vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    if (length >= (int)sizeof(text)) {
        length = sizeof(text) - 1;
    }
    /* a driver that is gone is noticed where its messages are read */
    (void)!send(peer, text, (size_t)length, MSG_NOSIGNAL);
}

/* The sockets belong to the program alone: when it dies, they close. */
static void let_go(received *r)
{
    while (r->nattached > 0) {
        close(r->attached[--r->nattached]);
    }
    close_range(LAUNCHED_REQUEST_SOCKETS_FROM, ~0U, 0);
}

/* Takes the descriptors out of a message; more than are accepted are closed. Returns how many
 * there were. */
static size_t take_descriptors(struct msghdr *message, received *r)
{
    struct cmsghdr *rights = CMSG_FIRSTHDR(message);

    if (rights == NULL || rights->cmsg_type != SCM_RIGHTS) {
        return 0;
    }
    r->nattached = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(r->attached, CMSG_DATA(rights), r->nattached * sizeof(int));
    return (message->msg_flags & MSG_CTRUNC) != 0 ? LAUNCHED_REQUEST_ATTACHED_MAX + 1
                                                  : r->nattached;
}

/* 0 with r->request, or -1 with *p. */
static int receive(int peer, received *r, problem *p)
{
    char control[CMSG_SPACE(LAUNCHED_REQUEST_ATTACHED_MAX * sizeof(int))];
    struct iovec part = {.iov_base = r->text, .iov_len = sizeof(r->text) - 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    ssize_t length = recvmsg(peer, &message, MSG_CMSG_CLOEXEC);

    if (length < 0) {
        return problem_fail(p, "%s", strerror(errno));
    }
    r->text[length] = '\0';
    return launched_request_parse(r->text, (size_t)length, take_descriptors(&message, r),
                                  &r->request, p);
}

/* Before the program starts: clients may connect as soon as its number has been told. */
static int open_listener(const launched_request_socket *s, problem *p)
{
    char address[INET_ADDRSTRLEN];
    int on = 1;
    /* nginx takes an inherited socket as it is; a worker that another one is quicker than would
     * wait in accept() */
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
        bind(fd, (const struct sockaddr *)&s->address, sizeof(s->address)) == -1 ||
        listen(fd, LISTEN_BACKLOG) == -1 || dup2(fd, s->descriptor) == -1) {
        problem_fail(p, "cannot listen on %s:%d: %s",
                     inet_ntop(AF_INET, &s->address.sin_addr, address, sizeof(address)),
                     ntohs(s->address.sin_port), strerror(errno));
        close(fd);
        return -1;
    }
    close(fd);
    return 0;
}

static int open_sockets(const received *r, problem *p)
{
    for (size_t i = 0; i < r->request.nsockets; i++) {
        const launched_request_socket *s = &r->request.sockets[i];

        if (s->attached == -1) {
            if (open_listener(s, p) != 0) {
                return -1;
            }
        } else if (dup2(r->attached[s->attached], s->descriptor) == -1) {
            return problem_fail(p, "inherit=%d: %s", s->descriptor, strerror(errno));
        }
    }
    return 0;
}

/* Becomes the program. */
static _Noreturn void run(const received *r, const sigset_t *mask)
{
    const launched_request *request = &r->request;

    if (dup2(r->attached[0], STDOUT_FILENO) == -1 || dup2(r->attached[1], STDERR_FILENO) == -1) {
        _exit(LAUNCHED_CANNOT_RUN);
    }
    close_range(3, LAUNCHED_REQUEST_SOCKETS_FROM - 1, 0);
    for (size_t i = 0; i < request->nvariables; i++) {
        putenv(request->variables[i]);
    }
    sigprocmask(SIG_SETMASK, mask, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (strchr(request->argv[0], '/') != NULL) {
        execv(request->argv[0], request->argv); /* execvp() gives a shell what is no program */
    } else {
        execvp(request->argv[0], request->argv);
    }
    fprintf(stderr, "launcher: cannot run %s: %s\n", request->argv[0], strerror(errno));
    _exit(LAUNCHED_CANNOT_RUN);
}

/* Passes one message of the driver on; false when it is gone. */
static bool obey(int peer, pid_t child)
{
    char text[64];
    int number;
    ssize_t length = recv(peer, text, sizeof(text) - 1, 0);

    if (length <= 0) {
        return false;
    }
    text[length] = '\0';
    if (sscanf(text, "signal %d", &number) == 1) {
        kill(child, number);
    }
    return true;
}

/* Reaps what has ended; returns the program's exit status once it is among them, else -1. */
static int reap(pid_t child)
{
    int status, result = -1;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == child) {
            result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
    }
    return result;
}

static void say_left(void *arg, pid_t pid, const char *name)
{
    launched_say(*(int *)arg, "left process %d (%s)", (int)pid, name);
}

/* Starts the program that is asked for. 0 with *child, or -1 with *p; nothing of the request is
 * held then any more. */
static int start(int peer, const sigset_t *mask, pid_t *child, problem *p)
{
    static received r; /* its words may be 64 KiB */
    int rc = -1;

    r.nattached = 0;
    if (receive(peer, &r, p) == 0 && open_sockets(&r, p) == 0) {
        descendants_adopt();
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        *child = fork();
        if (*child == 0) {
            run(&r, mask);
        }
        rc = *child == -1 ? problem_fail(p, "fork: %s", strerror(errno)) : 0;
    }
    let_go(&r);
    return rc;
}

/* Serves until the program has ended or the driver is gone. Returns its exit status, -1 when it
 * still runs. */
static int attend(int peer, pid_t child)
{
    struct pollfd events[2] = {{.fd = peer, .events = POLLIN}, {.events = POLLIN}};
    struct signalfd_siginfo info;
    sigset_t ended;
    int status = -1;

    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    events[1].fd = signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
    while (status == -1 && poll(events, 2, -1) != -1) {
        if (events[0].revents != 0 && !obey(peer, child)) {
            break;
        }
        if (events[1].revents != 0 && read(events[1].fd, &info, sizeof(info)) > 0) {
            status = reap(child);
        }
    }
    close(events[1].fd);
    return status;
}

void launched_serve(int peer, const sigset_t *mask)
{
    problem p;
    pid_t child;
    int status;

    if (start(peer, mask, &child, &p) != 0) {
        launched_say(peer, "error %s", p.detail);
        return;
    }
    launched_say(peer, "pid %d", (int)child);
    status = attend(peer, child);
    descendants_end(status == -1 ? NULL : say_left, &peer);
    launched_say(peer, "exit %d", status == -1 ? 128 + SIGKILL : status);
}
