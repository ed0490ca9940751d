/*
 * The descendants of a process, found in /proc: a killed parent's children become ours.
 */
#include "harness/runtime/descendants.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/memory.h"

/* What cannot be killed (somebody else's by now, or stuck in the kernel) is not waited for without
 * end: a launcher that hangs would leave everything else behind as well. */
#define PATIENCE_MS 5000

void descendants_adopt(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* What /proc/PID/stat tells of a process. */
typedef struct {
    char name[64];
    bool ended; /* and nobody has asked for its status */
    pid_t parent;
} process;

/* A program gives itself its name, which may hold anything, ")" and line feeds too: so the last ")"
 * is the one that ends it. */
static bool read_process(pid_t pid, process *out)
{
    char path[64], text[512], state, *name, *end;
    int threads;
    FILE *stat;
    size_t length;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    stat = fopen(path, "re");
    if (stat == NULL) {
        return false;
    }
    length = fread(text, 1, sizeof(text) - 1, stat);
    fclose(stat);
    text[length] = '\0';
    name = strchr(text, '(');
    end = strrchr(text, ')');
    if (name == NULL || end == NULL ||
        sscanf(end, ") %c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %d",
               &state, &out->parent, &threads) != 3) {
        return false;
    }
    /* A first thread that has ended looks like an ended process, while others go on. */
    out->ended = state == 'Z' && threads <= 1;
    *end = '\0';
    snprintf(out->name, sizeof(out->name), "%s", name + 1);
    for (char *c = out->name; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f) {
            *c = '?'; /* the name is told in one line of text */
        }
    }
    return true;
}

/* Those that were told of: one that is slow to die is told of once. */
typedef struct {
    pid_t *list;
    size_t count;
} told;

static bool is_new(told *t, pid_t pid)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->list[i] == pid) {
            return false;
        }
    }
    t->list = memory_resize(t->list, t->count + 1, sizeof(t->list[0]));
    t->list[t->count++] = pid;
    return true;
}

/* Kills every direct child that has not ended. */
static void kill_children(told *t, descendants_found found, void *arg)
{
    const pid_t self = getpid();
    struct dirent *entry;
    process one;
    pid_t pid;
    DIR *proc;

    proc = opendir("/proc");
    if (proc == NULL) {
        return;
    }

    while ((entry = readdir(proc)) != NULL) {
        pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 0 || !read_process(pid, &one) || one.parent != self || one.ended) {
            continue;
        }
        if (found != NULL && is_new(t, pid)) {
            found(arg, pid, one.name);
        }
        kill(pid, SIGKILL);
    }

    closedir(proc);
}

/* Reaps all that have ended.  False when nobody is left. */
static bool reap(bool *some)
{
    pid_t pid;

    *some = false;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
        *some = true;
    }
    return pid == 0 || errno != ECHILD;
}

void descendants_end(descendants_found found, void *arg)
{
    int patience = PATIENCE_MS;
    told t = {0};
    bool some;

    while (reap(&some) && patience > 0) {
        kill_children(&t, found, arg);
        poll(NULL, 0, 1);
        patience = some ? PATIENCE_MS : patience - 1;
    }
    free(t.list);
}
