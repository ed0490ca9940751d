/*
 * Ending everything that a program has started, however deep and however detached.
 */
#ifndef STAPLELAB_DESCENDANTS_H
#define STAPLELAB_DESCENDANTS_H

#include <stdbool.h>

/* Makes the caller the parent of every orphan among its descendants (prctl(2),
 * PR_SET_CHILD_SUBREAPER), so that none gets out of reach. To be called before the first fork. */
void descendants_adopt(void);

/* Kills (SIGKILL) and reaps all descendants; returns how many direct children and adopted
 * orphans that were. With `report` each is named on stderr: "NAME: left over: process 12 (nginx)".
 */
int descendants_end(const char *report);

#endif
