/*
 * The fork server, preloaded (LD_PRELOAD) into the server under test on this machine.
 *
 * A quarter of the time that nginx takes to start is over before its main() begins: libraries
 * are mapped, relocated, their symbols looked up.  With STAPLELAB_FORK_SERVER, the name of a
 * socket to make, the program stops there, says "ready" on stdout and, as fuzzers have it done,
 * lets a child go on to main() whenever the driver asks for one (launched.h; a request names no
 * PROGRAM).  Everything that nginx does itself each child does itself, with the arguments and
 * the environment of a program that was executed in the usual way.  One that has threads by
 * then cannot be held (only one of them would be in the child); it ends.
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/runtime/door.h"
#include "harness/runtime/launched.h"

static const char ready[] = "ready\n";

static bool has_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int entries = 0;

    if (tasks == NULL) {
        return true; /* nobody knows */
    }
    while (readdir(tasks) != NULL) {
        entries++;
    }
    closedir(tasks);
    return entries != 3; /* ".", ".." and this one */
}

__attribute__((constructor)) static void fork_server(void)
{
    const char *path = getenv("STAPLELAB_FORK_SERVER");
    sigset_t ended, mask;
    int door, peer;

    if (path == NULL) {
        return;
    }
    unsetenv("STAPLELAB_FORK_SERVER"); /* the strings stay where they are */

    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ended, &mask);
    door = has_threads() ? -1 : door_open(path);
    if (door == -1 || write(STDOUT_FILENO, ready, sizeof(ready) - 1) == -1) {
        _exit(EXIT_FAILURE);
    }

    while ((peer = accept4(door, NULL, NULL, SOCK_CLOEXEC)) != -1) {
        if (launched_serve(peer, &mask)) {
            return;
        }
        close(peer);
    }
    _exit(EXIT_FAILURE);
}
