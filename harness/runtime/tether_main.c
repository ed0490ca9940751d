/*
 * tether: runs a program so that neither it nor any of its descendants outlives the caller.
 *
 * A driver killed with SIGKILL cannot clean up, and nginx's workers survive their master.
 * The tether is told by the kernel when its parent dies (PR_SET_PDEATHSIG), inherits every
 * orphan of the program, kills them all and removes the folder that
 * the run lived in.  A program that ends but leaves processes behind is reported on stderr.
 */
#include "harness/runtime/descendants.h"

#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_USAGE       2
#define EXIT_CANNOT_RUN  127
#define EXIT_PARENT_DIED 137
#define REMOVE_SECONDS   5

static const int forwarded[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH};

static const char usage[] =
    "usage: tether [--parent PID] [--remove DIR] [--] [NAME=VALUE]... PROGRAM [ARGUMENT]...\n"
    "Runs PROGRAM and ends it, with all its descendants, when the caller dies.\n"
    "  --parent PID   the caller; ends at once when it is gone already\n"
    "  --remove DIR   a folder to remove when the caller died\n"
    "  NAME=VALUE     set in the environment of PROGRAM only\n"
    "Signals TERM, INT, QUIT, HUP, USR1, USR2 and WINCH are passed on to PROGRAM.\n"
    "Exits as PROGRAM did (128 + N when signal N ended it); 2 for wrong usage, 127 when\n"
    "PROGRAM cannot be run, 137 when the caller died.\n";

typedef struct {
    pid_t parent;
    const char *remove;
    char **argv;
    char **variables;
    int nvariables;
} options;

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    (void)remove(path); /* what cannot be removed must not keep the rest */
    return 0;
}

/* Removes the folder, again until it is gone: a client of the caller's that had no tether
 * (pki-mint) may still be writing into it. */
static int caller_died(const options *o)
{
    struct timespec now, begin;

    if (o->remove == NULL) {
        return EXIT_PARENT_DIED;
    }
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        nftw(o->remove, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        sched_yield();
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (access(o->remove, F_OK) == 0 && now.tv_sec - begin.tv_sec <= REMOVE_SECONDS);
    return EXIT_PARENT_DIED;
}

static int parse(int argc, char **argv, options *o)
{
    static const struct option known[] = {{"parent", required_argument, NULL, 'p'},
                                          {"remove", required_argument, NULL, 'r'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    char *end;
    int c;

    while ((c = getopt_long(argc, argv, "+h", known, NULL)) != -1) {
        switch (c) {
        case 'p':
            o->parent = (pid_t)strtol(optarg, &end, 10);
            if (*end != '\0' || o->parent <= 0) {
                fprintf(stderr, "tether: --parent takes a process id, not \"%s\"\n", optarg);
                return EXIT_USAGE;
            }
            break;
        case 'r':
            o->remove = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        default:
            return EXIT_USAGE;
        }
    }

    o->variables = &argv[optind];
    while (optind < argc && strchr(argv[optind], '=') != NULL) {
        o->nvariables++;
        optind++;
    }
    if (optind == argc) {
        fprintf(stderr, "tether: no program to run is named; see tether --help\n");
        return EXIT_USAGE;
    }

    o->argv = &argv[optind];
    return 0;
}

static pid_t start(const options *o, const sigset_t *old_mask)
{
    pid_t child = fork();
    int i;

    if (child != 0) {
        return child;
    }

    sigprocmask(SIG_SETMASK, old_mask, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* should the tether itself be killed */
    for (i = 0; i < o->nvariables; i++) {
        putenv(o->variables[i]);
    }
    execvp(o->argv[0], o->argv);
    fprintf(stderr, "tether: cannot run %s: %s\n", o->argv[0], strerror(errno));
    _exit(EXIT_CANNOT_RUN);
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

static int run(int argc, char **argv)
{
    options o = {0};
    sigset_t mask, old_mask;
    int parent_died = SIGRTMIN, result, received;
    pid_t parent, child;
    size_t i;

    result = parse(argc, argv, &o);
    if (result != 0) {
        return result;
    }

    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigaddset(&mask, parent_died);
    for (i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++) {
        sigaddset(&mask, forwarded[i]);
    }
    sigprocmask(SIG_BLOCK, &mask, &old_mask);

    setsid(); /* a terminal's Ctrl-C is the driver's to handle */
    descendants_adopt();
    prctl(PR_SET_PDEATHSIG, parent_died);
    parent = getppid();
    if (o.parent != 0 && parent != o.parent) {
        return caller_died(&o);
    }

    child = start(&o, &old_mask);
    if (child == -1) {
        fprintf(stderr, "tether: fork: %s\n", strerror(errno));
        return EXIT_CANNOT_RUN;
    }

    /* inherited listening sockets belong to the program alone: when it dies, they close */
    close_range(3, ~0U, 0);

    result = -1;
    while (result < 0 && getppid() == parent) {
        received = sigwaitinfo(&mask, NULL);
        if (received == SIGCHLD) {
            result = reap(child);
        } else if (received > 0 && received != parent_died) {
            kill(child, received);
        }
    }

    /* a program may end because its driver died, before the signal that says so has come */
    if (getppid() == parent) {
        descendants_end("tether");
        return result;
    }

    descendants_end(NULL);
    return caller_died(&o);
}

/* Without exit handlers: a sanitizer's has a helper process, which a driver that is about to kill
 * the program would find in the program's place. */
int main(int argc, char **argv)
{
    _exit(run(argc, argv));
}
