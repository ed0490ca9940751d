/*
 * The descendants of a process, found in /proc: a killed parent's children become ours.
 */
#include "harness/runtime/descendants.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void descendants_adopt(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* Kills every direct child that has not ended. */
static void kill_children(descendants_found found, void *arg)
{
    pid_t self = getpid(), pid, parent;
    char path[64], name[64], state;
    struct dirent *entry;
    FILE *stat;
    DIR *proc;

    proc = opendir("/proc");
    if (proc == NULL) {
        return;
    }

    while ((entry = readdir(proc)) != NULL) {
        pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 0) {
            continue;
        }
        snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
        stat = fopen(path, "re");
        if (stat == NULL) {
            continue;
        }
        if (fscanf(stat, "%*d (%63[^)]) %c %d", name, &state, &parent) == 3 && parent == self &&
            state != 'Z') {
            if (found != NULL) {
                found(arg, pid, name);
            }
            kill(pid, SIGKILL);
        }
        fclose(stat);
    }

    closedir(proc);
}

void descendants_end(descendants_found found, void *arg)
{
    while (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD) {
        kill_children(found, arg);
        waitpid(-1, NULL, 0);
    }
}
