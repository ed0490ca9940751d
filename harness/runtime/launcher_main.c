/*
 * launcher: the command line of what launcher.h describes.
 */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/memory.h"
#include "harness/base/options.h"
#include "harness/runtime/launcher.h"

#define EXIT_USAGE 2

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
        rc = launcher_run(&o, &p);
    }
    fflush(stdout);
    if (rc == -1) {
        fprintf(stderr, "launcher: %s\n", p.detail);
        _exit(p.status == 400 ? EXIT_USAGE : EXIT_FAILURE);
    }
    _exit(EXIT_SUCCESS);
}
