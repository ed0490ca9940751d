/*
 * launcher: starts programs when the driver asks for them, and lets none outlive the driver.
 *
 * A driver killed with SIGKILL cannot clean up, and nginx's workers survive their master.  So
 * the driver starts nothing that stays: it asks the launcher over a Unix socket, and every
 * connection is one program (launched.h), which lives no longer than its connection.  The lease
 * is one connection more: when it closes, because the driver has finished or died, the launcher
 * ends everything and itself.
 *
 * In a container it is the first process.  A program that the container engine starts costs a
 * tenth of a second, one by the launcher a millisecond, and it can inherit sockets that listen.
 */
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/memory.h"
#include "harness/base/options.h"
#include "harness/runtime/descendants.h"
#include "harness/runtime/door.h"
#include "harness/runtime/launched.h"

#define EXIT_USAGE     2
#define REMOVE_SECONDS 5

typedef struct {
    const char *door;
    const char *folder;
    int lease; /* -1: the first connection */
} launcher_options;

static int take_lease(void *arg, const char *value, problem *p)
{
    uint64_t number;

    if (options_number("--lease", value, 0, INT_MAX, &number, p) != 0) {
        return -1;
    }
    ((launcher_options *)arg)->lease = (int)number;
    return 0;
}

static int take_folder(void *arg, const char *value, problem *p)
{
    (void)p;
    ((launcher_options *)arg)->folder = value;
    return 0;
}

static int take_help(void *arg, const char *value, problem *p);

static const options_row rows[] = {
    {"lease", "DESCRIPTOR", "the inherited socket that is the lease, not the first connection",
     take_lease},
    {"folder", "DIR", "a folder to make first, and to remove at the end", take_folder},
    {"help", NULL, "print this and exit", take_help},
    {0},
};

static int take_help(void *arg, const char *value, problem *p)
{
    (void)value;
    (void)p;
    fputs("Usage: launcher [OPTION]... SOCKET\n"
          "Starts programs on request over the Unix socket SOCKET, which it makes; ends with them\n"
          "all when its lease closes.\n\n",
          stdout);
    options_help((const options_group[]){{rows, arg}, {0}}, stdout);
    puts("\nSays \"ready\" over the lease. SIGTERM and SIGINT end it, too.");
    return 1;
}

/* 0: go on, 1: all has been said, -1: *p. */
static int parse(int argc, char **argv, launcher_options *o, problem *p)
{
    const options_group groups[] = {{rows, o}, {0}};
    int first;
    int rc = options_parse(groups, argc, argv, &first, p);

    if (rc != 0) {
        return rc;
    }
    if (first != argc - 1) {
        return problem_refuse(p, "", "%s; see --help",
                              first == argc ? "SOCKET is missing" : "one SOCKET is accepted");
    }
    o->door = argv[first];
    return 0;
}

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
        peer = accept4(door, NULL, NULL, SOCK_CLOEXEC);
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

/* Serves to the end, and leaves nothing. 0, or -1 with *p. */
static int run(const launcher_options *o, problem *p)
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

/* Without exit handlers: a sanitizer's has a helper process, which a driver that is about to kill
 * the program would find in the program's place. */
int main(int argc, char **argv)
{
    launcher_options o = {.lease = -1};
    problem p;
    int rc;

    memory_begin();
    rc = parse(argc, argv, &o, &p);
    if (rc == 0) {
        rc = run(&o, &p);
    }
    fflush(stdout);
    if (rc == -1) {
        fprintf(stderr, "launcher: %s\n", p.detail);
        _exit(p.status == 400 ? EXIT_USAGE : EXIT_FAILURE);
    }
    _exit(EXIT_SUCCESS);
}
