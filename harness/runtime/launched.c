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

#define REQUEST_MAX    65536
#define WORDS_MAX      256
#define ATTACHED_MAX   8
#define LISTEN_BACKLOG 511 /* nginx's own default */

typedef struct {
    char octets[REQUEST_MAX];
    char *words[WORDS_MAX + 1]; /* ends with NULL */
    int nwords;
    int nsockets;               /* the first words */
    int program;                /* the word that names it; the variables stand before it */
    int attached[ATTACHED_MAX]; /* stdout, stderr, what is inherited */
    int nattached;
    int ntaken; /* of these */
} request;

__attribute__((format(printf, 2, 0))) static void say(int peer, const char *format, va_list list)
{
    char text[256];
    int length = vsnprintf(text, sizeof(text), format, list);

    if (length >= (int)sizeof(text)) {
        length = sizeof(text) - 1;
    }
    /* a driver that is gone is noticed where its messages are read */
    (void)!send(peer, text, (size_t)length, MSG_NOSIGNAL);
}

void launched_say(int peer, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    say(peer, format, list);
    va_end(list);
}

/* The sockets belong to the program alone: when it dies, they close. */
static void let_go(request *r)
{
    while (r->nattached > 0) {
        close(r->attached[--r->nattached]);
    }
    close_range(LAUNCHED_SOCKETS_FROM, ~0U, 0);
}

/* Says why there will be no program; by then nothing of the request is held any more. */
__attribute__((format(printf, 3, 4))) static bool refuse(int peer, request *r, const char *format,
                                                         ...)
{
    va_list list;

    let_go(r);
    va_start(list, format);
    say(peer, format, list);
    va_end(list);
    return false;
}

/* Reads a request; false when the peer is gone or what it sent is none. */
static bool receive(int peer, request *r)
{
    char control[CMSG_SPACE(ATTACHED_MAX * sizeof(int))];
    struct iovec part = {.iov_base = r->octets, .iov_len = sizeof(r->octets) - 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    struct cmsghdr *rights;
    ssize_t length, at;

    length = recvmsg(peer, &message, MSG_CMSG_CLOEXEC);
    rights = length < 0 ? NULL : CMSG_FIRSTHDR(&message);
    if (length < 0 || (length == 0 && rights == NULL)) { /* without words, but not the end */
        return false;
    }

    if (rights != NULL && rights->cmsg_type == SCM_RIGHTS) {
        r->nattached = (int)((rights->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(r->attached, CMSG_DATA(rights), rights->cmsg_len - CMSG_LEN(0));
    }
    if (r->nattached < 2) {
        return refuse(peer, r, "error a request carries the descriptors for stdout and stderr");
    }

    r->octets[length] = '\0';
    for (at = 0; at < length && r->nwords < WORDS_MAX; at += (ssize_t)strlen(&r->octets[at]) + 1) {
        r->words[r->nwords++] = &r->octets[at];
    }
    r->words[r->nwords] = NULL;
    if (at < length || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        return refuse(peer, r,
                      "error a request has at most %d words of %d octets and %d descriptors",
                      WORDS_MAX, REQUEST_MAX - 1, ATTACHED_MAX);
    }

    for (r->program = 0; r->program < r->nwords; r->program++) {
        if (strchr(r->words[r->program], '=') == NULL) {
            return true;
        }
    }
    return refuse(peer, r, "error a request names a program to run");
}

/* "listen=DESCRIPTOR,ADDRESS,PORT": a socket that listens there, as that descriptor. Before the
 * program starts: clients may connect as soon as its number has been told. */
static bool open_listener(int peer, request *r, const char *word)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    char text[INET_ADDRSTRLEN];
    unsigned short port;
    int descriptor, fd, on = 1;

    if (sscanf(word, "listen=%d,%15[0-9.],%hu", &descriptor, text, &port) != 3 ||
        descriptor < LAUNCHED_SOCKETS_FROM || inet_pton(AF_INET, text, &address.sin_addr) != 1) {
        return refuse(peer, r,
                      "error %s: not listen=DESCRIPTOR,ADDRESS,PORT, DESCRIPTOR from %d on", word,
                      LAUNCHED_SOCKETS_FROM);
    }

    address.sin_port = htons(port);
    /* nginx takes an inherited socket as it is; a worker that another one is quicker than would
     * wait in accept() */
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1 ||
        listen(fd, LISTEN_BACKLOG) == -1 || dup2(fd, descriptor) == -1) {
        refuse(peer, r, "error cannot listen on %s:%hu: %s", text, port, strerror(errno));
        close(fd);
        return false;
    }
    close(fd);
    return true;
}

/* "inherit=DESCRIPTOR": the next attached socket, as that descriptor. */
static bool take_attached(int peer, request *r, const char *word)
{
    int descriptor;

    if (sscanf(word, "inherit=%d", &descriptor) != 1 || descriptor < LAUNCHED_SOCKETS_FROM) {
        return refuse(peer, r, "error %s: not inherit=DESCRIPTOR, DESCRIPTOR from %d on", word,
                      LAUNCHED_SOCKETS_FROM);
    }
    if (r->ntaken == r->nattached) {
        return refuse(peer, r, "error %s: no descriptor is attached for it", word);
    }
    if (dup2(r->attached[r->ntaken++], descriptor) == -1) {
        return refuse(peer, r, "error %s: %s", word, strerror(errno));
    }
    return true;
}

static bool open_sockets(int peer, request *r)
{
    const char *word;

    for (; r->nsockets < r->nwords; r->nsockets++) {
        word = r->words[r->nsockets];
        if (strncmp(word, "listen=", 7) == 0) {
            if (!open_listener(peer, r, word)) {
                return false;
            }
        } else if (strncmp(word, "inherit=", 8) == 0) {
            if (!take_attached(peer, r, word)) {
                return false;
            }
        } else {
            break;
        }
    }
    return true;
}

/* Becomes the program. */
static _Noreturn void run(request *r, const sigset_t *mask)
{
    if (dup2(r->attached[0], STDOUT_FILENO) == -1 || dup2(r->attached[1], STDERR_FILENO) == -1) {
        _exit(LAUNCHED_CANNOT_RUN);
    }
    close_range(3, LAUNCHED_SOCKETS_FROM - 1, 0);

    for (int i = r->nsockets; i < r->program; i++) {
        putenv(r->words[i]);
    }

    sigprocmask(SIG_SETMASK, mask, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(r->words[r->program], &r->words[r->program]);
    fprintf(stderr, "launcher: cannot run %s: %s\n", r->words[r->program], strerror(errno));
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

void launched_serve(int peer, const sigset_t *mask)
{
    static request r;
    struct pollfd events[2] = {{.fd = peer, .events = POLLIN}, {.events = POLLIN}};
    struct signalfd_siginfo info;
    sigset_t ended;
    int status = -1;
    pid_t child;

    r.nwords = r.nsockets = r.nattached = 0;
    r.ntaken = 2;
    if (!receive(peer, &r) || !open_sockets(peer, &r)) {
        return;
    }

    descendants_adopt();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    events[1].fd = signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
    child = fork();
    if (child == 0) {
        run(&r, mask);
    }
    if (child == -1) {
        close(events[1].fd);
        refuse(peer, &r, "error fork: %s", strerror(errno));
        return;
    }
    let_go(&r);
    launched_say(peer, "pid %d", (int)child);

    while (status == -1 && poll(events, 2, -1) != -1) {
        if (events[0].revents != 0 && !obey(peer, child)) {
            break;
        }
        if (events[1].revents != 0 && read(events[1].fd, &info, sizeof(info)) > 0) {
            status = reap(child);
        }
    }

    descendants_end(status == -1 ? NULL : say_left, &peer);
    launched_say(peer, "exit %d", status == -1 ? 128 + SIGKILL : status);
    close(events[1].fd);
}
