/*
 * launcher: the first process of a container; starts programs when the driver asks for them.
 *
 * A program started by the container engine costs a tenth of a second, one by the launcher a
 * millisecond, and it can inherit sockets that already listen.  The driver asks over a Unix
 * socket in the folder that both share; every connection is one program, which lives no longer
 * than its connection.  The first connection is the lease: when it closes, because the driver
 * has finished or died, the launcher ends and the container with it.
 *
 * A request is one message (SOCK_SEQPACKET) of NUL-ended words, with the descriptors for the
 * program's stdout and stderr attached (SCM_RIGHTS):
 *     [listen=DESCRIPTOR,ADDRESS,PORT]... [NAME=VALUE]... PROGRAM [ARGUMENT]...
 * The launcher answers "error TEXT" or "pid N", and "exit N" when the program has ended (128 + the
 * signal that ended it); "left N" before that when N processes were left over, which it ends.  A
 * message "signal N" is passed on.  All messages are text.
 */
#include "harness/runtime/descendants.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define REQUEST_MAX    65536
#define WORDS_MAX      256
#define BACKLOG        16
#define LISTEN_BACKLOG 511 /* nginx's own default */
#define LISTENERS_FROM 100 /* inherited sockets have these numbers and above */

#define EXIT_USAGE      2
#define EXIT_CANNOT_RUN 127

typedef struct {
    char octets[REQUEST_MAX];
    char *words[WORDS_MAX + 1]; /* ends with NULL */
    int nwords;
    int nlisteners; /* the first words */
    int output[2];  /* stdout and stderr of the program */
} request;

__attribute__((format(printf, 2, 3))) static void say(int peer, const char *format, ...)
{
    char text[256];
    va_list list;
    int length;

    va_start(list, format);
    length = vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    /* a driver that is gone is noticed where its messages are read */
    (void)!send(peer, text, (size_t)length, MSG_NOSIGNAL);
}

/* Reads a request; false when the peer is gone or what it sent is none. */
static bool receive(int peer, request *r)
{
    char control[CMSG_SPACE(2 * sizeof(int))];
    struct iovec part = {.iov_base = r->octets, .iov_len = sizeof(r->octets) - 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    struct cmsghdr *rights;
    ssize_t length, at;

    length = recvmsg(peer, &message, MSG_CMSG_CLOEXEC);
    if (length <= 0) {
        return false;
    }

    rights = CMSG_FIRSTHDR(&message);
    if (rights == NULL || rights->cmsg_type != SCM_RIGHTS ||
        rights->cmsg_len != CMSG_LEN(2 * sizeof(int))) {
        say(peer, "error a request carries the descriptors for stdout and stderr");
        return false;
    }
    memcpy(r->output, CMSG_DATA(rights), sizeof(r->output));

    r->octets[length] = '\0';
    r->nwords = 0;
    for (at = 0; at < length && r->nwords < WORDS_MAX; at += (ssize_t)strlen(&r->octets[at]) + 1) {
        r->words[r->nwords++] = &r->octets[at];
    }
    r->words[r->nwords] = NULL;
    return true;
}

/* "listen=DESCRIPTOR,ADDRESS,PORT": a socket that listens there, as that descriptor. Before the
 * program starts: clients may connect as soon as its number has been told. */
static bool open_listener(int peer, const char *word)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    char text[INET_ADDRSTRLEN];
    unsigned short port;
    int descriptor, fd, on = 1;

    if (sscanf(word, "listen=%d,%15[0-9.],%hu", &descriptor, text, &port) != 3 ||
        descriptor < LISTENERS_FROM || inet_pton(AF_INET, text, &address.sin_addr) != 1) {
        say(peer, "error %s: not listen=DESCRIPTOR,ADDRESS,PORT, DESCRIPTOR from %d on", word,
            LISTENERS_FROM);
        return false;
    }

    address.sin_port = htons(port);
    /* nginx takes an inherited socket as it is; a worker that another one is quicker than would
     * wait in accept() */
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1 ||
        listen(fd, LISTEN_BACKLOG) == -1 || dup2(fd, descriptor) == -1) {
        say(peer, "error cannot listen on %s:%hu: %s", text, port, strerror(errno));
        return false;
    }
    close(fd);
    return true;
}

/* Becomes the program. */
__attribute__((noreturn)) static void run(request *r, const sigset_t *old_mask)
{
    int i;

    if (dup2(r->output[0], STDOUT_FILENO) == -1 || dup2(r->output[1], STDERR_FILENO) == -1) {
        _exit(EXIT_CANNOT_RUN);
    }
    close_range(3, LISTENERS_FROM - 1, 0);

    for (i = r->nlisteners; i < r->nwords && strchr(r->words[i], '=') != NULL; i++) {
        putenv(r->words[i]);
    }

    sigprocmask(SIG_SETMASK, old_mask, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (i < r->nwords) {
        execvp(r->words[i], &r->words[i]);
    }
    fprintf(stderr, "launcher: cannot run %s: %s\n", i < r->nwords ? r->words[i] : "(no program)",
            strerror(errno));
    _exit(EXIT_CANNOT_RUN);
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

/* The life of one program, in a process of its own: until it or its connection ends. */
static void serve(int peer, const sigset_t *old_mask, const sigset_t *mask)
{
    static request r;
    struct pollfd events[2] = {{.fd = peer, .events = POLLIN}, {.events = POLLIN}};
    struct signalfd_siginfo info;
    int status = -1, left;
    pid_t child;

    if (!receive(peer, &r)) {
        return;
    }

    while (r.nlisteners < r.nwords && strncmp(r.words[r.nlisteners], "listen=", 7) == 0) {
        if (!open_listener(peer, r.words[r.nlisteners++])) {
            return;
        }
    }

    descendants_adopt();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    events[1].fd = signalfd(-1, mask, SFD_CLOEXEC | SFD_NONBLOCK);
    child = fork();
    if (child == 0) {
        run(&r, old_mask);
    }
    close(r.output[0]);
    close(r.output[1]);
    close_range(LISTENERS_FROM, ~0U, 0);
    say(peer, "pid %d", (int)child);

    while (status == -1 && poll(events, 2, -1) != -1) {
        if (events[0].revents != 0 && !obey(peer, child)) {
            break;
        }
        if (events[1].revents != 0 && read(events[1].fd, &info, sizeof(info)) > 0) {
            status = reap(child);
        }
    }

    left = descendants_end(NULL);
    if (status != -1 && left > 0) {
        say(peer, "left %d", left);
    }
    say(peer, "exit %d", status == -1 ? 128 + SIGKILL : status);
}

/* The door has its name only once it can be knocked at: whoever sees it may connect. */
static int open_door(const char *path)
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

int main(int argc, char **argv)
{
    struct pollfd events[3] = {
        {.events = POLLIN}, {.events = POLLIN}, {.fd = -1, .events = POLLIN}};
    sigset_t mask, old_mask;
    int door, peer;

    if (argc != 2 || argv[1][0] == '-') {
        fputs("usage: launcher SOCKET\n"
              "Starts programs on request over the Unix socket SOCKET, which it makes; the first\n"
              "connection is the lease, with whose end it ends.\n",
              stderr);
        return EXIT_USAGE;
    }

    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, &old_mask);
    events[1].fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);

    door = open_door(argv[1]);
    if (door == -1) {
        return EXIT_FAILURE;
    }
    events[0].fd = door;

    while (poll(events, 3, -1) != -1 && events[2].revents == 0) {
        struct signalfd_siginfo info;

        while (read(events[1].fd, &info, sizeof(info)) > 0) {
            (void)reap(0);
        }
        if (events[0].revents == 0) {
            continue;
        }
        peer = accept4(door, NULL, NULL, SOCK_CLOEXEC);
        if (peer != -1 && events[2].fd == -1) {
            events[2].fd = peer;
        } else if (peer != -1) {
            if (fork() == 0) {
                close(door);
                serve(peer, &old_mask, &mask);
                _exit(EXIT_SUCCESS);
            }
            close(peer);
        }
    }

    descendants_end(NULL);
    unlink(argv[1]);
    return EXIT_SUCCESS;
}
