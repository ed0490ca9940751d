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
#include <getopt.h>
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

#include "harness/runtime/descendants.h"
#include "harness/runtime/door.h"
#include "harness/runtime/launched.h"

#define EXIT_USAGE     2
#define REMOVE_SECONDS 5

static const char usage[] =
    "usage: launcher [--lease DESCRIPTOR] [--folder DIR] SOCKET\n"
    "Starts programs on request over the Unix socket SOCKET, which it makes; ends with them all\n"
    "when its lease closes.\n"
    "  --lease DESCRIPTOR  the inherited socket that is the lease, not the first connection\n"
    "  --folder DIR        a folder to make first, and to remove at the end\n"
    "Says \"ready\" over the lease. SIGTERM and SIGINT end it, too.\n";

typedef struct {
    const char *door;
    const char *folder;
    int lease; /* -1: the first connection */
} options;

static bool parse(int argc, char **argv, options *o)
{
    static const struct option known[] = {{"lease", required_argument, NULL, 'l'},
                                          {"folder", required_argument, NULL, 'f'},
                                          {NULL, 0, NULL, 0}};
    char *end;
    int c;

    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (c) {
        case 'l':
            o->lease = (int)strtol(optarg, &end, 10);
            if (*optarg == '\0' || *end != '\0' || o->lease < 0) {
                fprintf(stderr, "launcher: --lease takes a descriptor, not \"%s\"\n", optarg);
                return false;
            }
            break;
        case 'f':
            o->folder = optarg;
            break;
        default:
            fputs(usage, stderr);
            return false;
        }
    }
    if (optind != argc - 1) {
        fputs(usage, stderr);
        return false;
    }
    o->door = argv[optind];
    return true;
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

static int run(int argc, char **argv)
{
    options o = {.lease = -1};
    sigset_t caught, mask;
    int door, signals;

    if (!parse(argc, argv, &o)) {
        return EXIT_USAGE;
    }
    if (o.folder != NULL && mkdir(o.folder, 0700) == -1) {
        fprintf(stderr, "launcher: --folder %s: %s\n", o.folder, strerror(errno));
        return EXIT_FAILURE;
    }

    setsid(); /* a terminal's Ctrl-C is the driver's to handle */
    descendants_adopt();
    sigemptyset(&caught);
    sigaddset(&caught, SIGCHLD);
    sigaddset(&caught, SIGTERM);
    sigaddset(&caught, SIGINT);
    sigprocmask(SIG_BLOCK, &caught, &mask);
    signals = signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);

    door = door_open(o.door);
    if (door != -1) {
        work(door, o.lease, signals, &mask);
        close(door); /* whoever asks for a program now is refused */
    }

    descendants_end(NULL, NULL);
    unlink(o.door);
    if (o.folder != NULL) {
        remove_folder(o.folder);
    }
    return door == -1 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Without exit handlers: a sanitizer's has a helper process, which a driver that is about to kill
 * the program would find in the program's place. */
int main(int argc, char **argv)
{
    _exit(run(argc, argv));
}
