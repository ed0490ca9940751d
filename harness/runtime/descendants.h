/*
 * Ending everything that a program has started, however deep and however detached.
 */
#ifndef STAPLELAB_DESCENDANTS_H
#define STAPLELAB_DESCENDANTS_H

#include <sys/types.h>

/* Told of a process before it is killed; `name` is the kernel's (/proc/PID/stat), in printable
 * ASCII.
 */
typedef void (*descendants_found)(void *arg, pid_t pid, const char *name);

/* Makes the caller the parent of every orphan among its descendants (prctl(2),
 * PR_SET_CHILD_SUBREAPER), so that none gets out of reach. To be called before the first fork. */
void descendants_adopt(void);

/* Kills (SIGKILL) and reaps all descendants, but for those that will not die within seconds;
 * `found`, unless NULL, is called with `arg` for each direct child and each adopted orphan among
 * them. */
void descendants_end(descendants_found found, void *arg);

#endif
