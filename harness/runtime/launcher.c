/* See launcher.h. */
#include "harness/runtime/launcher.h"

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/runtime/descendants.h"
#include "harness/runtime/door.h"
#include "harness/runtime/launched.h"

#define REMOVE_SECONDS 5

/* Starts a process for a connection; it closes what it does not need. */
static void serve(int peer, int door, int lease, int signals, const sigset_t *mask)
{
    if (fork() == 0) {
        close(door);
        close(lease);
        close(signals);
        launched_serve(peer, mask);
        _exit(EXIT_SUCCESS);
    }
    close(peer);
}

/* The next connection at the door, -1 for none. In a container, whose first process this is, the
 * program under test can knock, too: the driver is who comes from outside of it, so that its
 * process has no number here. */
static int accept_driver(int door)
{
    struct ucred who;
    socklen_t length = sizeof(who);
    int peer = accept4(door, NULL, NULL, SOCK_CLOEXEC);

    if (peer != -1 && getpid() == 1 &&
        (getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &length) == -1 || who.pid != 0)) {
        close(peer);
        return -1;
    }
    return peer;
}

/* Serves until the lease closes or a signal ends it. */
static void work(int door, int lease, int signals, const sigset_t *mask)
{
    struct pollfd events[3] = {{.fd = door, .events = POLLIN},
                               {.fd = signals, .events = POLLIN},
                               {.fd = lease, .events = POLLIN}};
    struct signalfd_siginfo info;
    int peer;

    if (lease != -1) {
        launched_say(lease, "ready");
    }

    while (poll(events, 3, -1) != -1 && events[2].revents == 0) {
        while (read(signals, &info, sizeof(info)) > 0) {
            if (info.ssi_signo != SIGCHLD) {
                return;
            }
        }
        while (waitpid(-1, NULL, WNOHANG) > 0) {
            continue;
        }
        if (events[0].revents == 0) {
            continue;
        }
        peer = accept_driver(door);
        if (peer != -1 && events[2].fd == -1) {
            events[2].fd = peer;
            launched_say(peer, "ready");
        } else if (peer != -1) {
            serve(peer, door, events[2].fd, signals, mask);
        }
    }
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    (void)remove(path); /* what cannot be removed must not keep the rest */
    return 0;
}

/* Removes the folder, again until it is gone: a client that the driver ran beside itself
 * (pki-mint) may still be writing into it. */
static void remove_folder(const char *folder)
{
    struct timespec now, begin;

    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        poll(NULL, 0, 1);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (access(folder, F_OK) == 0 && now.tv_sec - begin.tv_sec <= REMOVE_SECONDS);
}

int launcher_run(const launcher_options *o, problem *p)
{
    sigset_t caught, mask;
    int door, rc, signals;

    if (o->folder != NULL && mkdir(o->folder, 0700) == -1) {
        return problem_fail(p, "--folder %s: %s", o->folder, strerror(errno));
    }

    setsid(); /* a terminal's Ctrl-C is the driver's to handle */
    descendants_adopt();
    sigemptyset(&caught);
    sigaddset(&caught, SIGCHLD);
    sigaddset(&caught, SIGTERM);
    sigaddset(&caught, SIGINT);
    sigprocmask(SIG_BLOCK, &caught, &mask);
    signals = signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);

    rc = door_open(o->door, &door, p);
    if (rc == 0) {
        work(door, o->lease, signals, &mask);
        close(door); /* whoever asks for a program now is refused */
    }

    descendants_end(NULL, NULL);
    unlink(o->door);
    if (o->folder != NULL) {
        remove_folder(o->folder);
    }
    return rc;
}
